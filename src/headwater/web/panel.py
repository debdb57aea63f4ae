"""What rooms hang on pages that belong to others: panels on a record, sections of My day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from headwater.platform.actor import Actor


@dataclass(frozen=True)
class Panel:
    """A piece of a record's page. ``context`` returns what ``template`` needs, or None to leave the panel out.

    ``place``: ``head`` under the title, ``top`` across the page below it, ``main`` evidence in the wide column,
    ``side`` action in the narrow one.
    """

    key: str
    resource: str
    template: str
    context: Callable[[Actor, Any, datetime], Mapping[str, Any] | None]
    place: Literal["head", "top", "main", "side"] = "main"
    order: int = 50
    verb: str = ""


@dataclass(frozen=True)
class DaySection:
    """A section of My day: work waiting for this actor. ``context`` returns ``count`` and ``late`` among its values."""

    key: str
    template: str
    context: Callable[[Actor, datetime], Mapping[str, Any] | None]
    place: Literal["main", "side"] = "main"
    order: int = 50
    verb: str = ""


PANELS: list[Panel] = []
DAY_SECTIONS: list[DaySection] = []


def register_panel(panel: Panel) -> None:
    """Hang a panel on the records of a noun."""
    PANELS.append(panel)


def register_day_section(section: DaySection) -> None:
    """Add a section to My day."""
    DAY_SECTIONS.append(section)


def panels_for(resource: str, actor: Actor) -> list[Panel]:
    """The panels of a noun's records that this actor may see, in order."""
    found = [p for p in PANELS if p.resource == resource and (not p.verb or actor.may(p.verb))]
    return sorted(found, key=lambda p: (p.order, p.key))


def day_sections_for(actor: Actor) -> list[DaySection]:
    """The sections of My day that this actor may see, in order."""
    found = [s for s in DAY_SECTIONS if not s.verb or actor.may(s.verb)]
    return sorted(found, key=lambda s: (s.order, s.key))
