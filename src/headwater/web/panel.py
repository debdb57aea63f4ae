"""What rooms hang on pages that belong to others: panels on a record, sections of My day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from headwater.platform.actor import Actor
from headwater.platform.resource import REGISTRY, Resource

Place = Literal["subtitle", "head", "top", "next", "main", "side", "foot"]


@dataclass(frozen=True)
class Panel:
    """A piece of a record's page. ``context`` returns what ``template`` needs, or None to leave the panel out.

    ``place``: ``subtitle`` beside the title, instead of the noun's own words for it, ``head`` under the title, ``top``
    across the page below it, ``next`` what to do now, ``main`` evidence in the wide column, ``side`` action in the
    narrow one, ``foot`` below the evidence, for what people add themselves. On a phone they follow each other in this
    order; beside the evidence ``next`` stands above ``side``.
    """

    key: str
    resource: str
    template: str
    context: Callable[[Actor, Any, datetime], Mapping[str, Any] | None]
    place: Place = "main"
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


@dataclass(frozen=True)
class CommonPanel:
    """A piece of every record's page, whatever its noun; ``context`` is told which noun it is."""

    key: str
    template: str
    context: Callable[[Actor, Resource, Any, datetime], Mapping[str, Any] | None]
    place: Place = "foot"
    order: int = 50

    def on(self, resource: Resource) -> Panel:
        """The panel on the records of one noun."""

        def context(actor: Actor, row: Any, at: datetime) -> Mapping[str, Any] | None:
            return self.context(actor, resource, row, at)

        return Panel(self.key, resource.key, self.template, context, self.place, self.order)


PANELS: list[Panel] = []
COMMON_PANELS: list[CommonPanel] = []
DAY_SECTIONS: list[DaySection] = []


def register_panel(panel: Panel) -> None:
    """Hang a panel on the records of a noun."""
    PANELS.append(panel)


def register_common_panel(panel: CommonPanel) -> None:
    """Hang a panel on the records of all nouns."""
    COMMON_PANELS.append(panel)


def register_day_section(section: DaySection) -> None:
    """Add a section to My day."""
    DAY_SECTIONS.append(section)


def panels_for(resource: str, actor: Actor) -> list[Panel]:
    """The panels of a noun's records that this actor may see, in order."""
    found = [p for p in PANELS if p.resource == resource and (not p.verb or actor.may(p.verb))]
    found += [common.on(REGISTRY[resource]) for common in COMMON_PANELS if resource in REGISTRY]
    return sorted(found, key=lambda p: (p.order, p.key))


def day_sections_for(actor: Actor) -> list[DaySection]:
    """The sections of My day that this actor may see, in order."""
    found = [s for s in DAY_SECTIONS if not s.verb or actor.may(s.verb)]
    return sorted(found, key=lambda s: (s.order, s.key))
