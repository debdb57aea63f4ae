"""The facts of the demo room: the demo company came, and went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class DemoBegun(
    Fact,
    verb="demo.company_begun",
    subject="team.company:company_id",
    sentence="Demo company begun",
    icon="building-store",
):
    """The demo company is being loaded; ``former`` are the company's own settings, for the day it comes off again."""

    company_id: int
    former: dict[str, Any]
    user_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class DemoPartLoaded(
    Fact,
    verb="demo.part_loaded",
    subject="team.company:company_id",
    sentence="Part of the demo company loaded",
    icon="building-store",
):
    """Some tables of the demo company are filled; ``rows`` are the first and last id by table, to find them again."""

    company_id: int
    rows: dict[str, list[int]]


@dataclass(frozen=True, kw_only=True)
class DemoLoaded(
    Fact,
    verb="demo.company_loaded",
    subject="team.company:company_id",
    sentence="Demo company loaded",
    icon="building-store",
):
    """The demo company is complete."""

    company_id: int
    leads: int
    orders: int


@dataclass(frozen=True, kw_only=True)
class DemoRemoved(
    Fact, verb="demo.company_removed", subject="team.company:company_id", sentence="Demo company removed", icon="trash"
):
    """The demo company's own rows are gone; what people added is still there, with ``kept`` rows it hangs on."""

    company_id: int
    kept: int = 0
