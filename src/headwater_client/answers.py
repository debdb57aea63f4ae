"""What Headwater answers, as types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Outcome = Literal["created", "updated", "unchanged", "rejected"]


class Record(dict[str, Any]):
    """A row: its columns by name, ``id`` beside them, and its version where it was read in full."""

    def __init__(self, values: Mapping[str, Any], *, etag: str | None = None) -> None:
        super().__init__(values)
        self.etag = etag

    @property
    def id(self) -> int:
        """The row's id."""
        return int(self["id"])


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and where the next ones are."""

    items: Sequence[Record]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Count:
    """How many rows match; with ``is_more`` at least so many."""

    count: int
    is_more: bool


@dataclass(frozen=True)
class Item:
    """What became of one row of a bulk request."""

    outcome: Outcome
    id: int | None
    errors: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Bulk:
    """What became of all rows of a bulk request, each in its place; ``batch`` is the import to undo."""

    batch: int
    items: Sequence[Item]
    is_repeated: bool = False

    @property
    def rejected(self) -> list[tuple[int, Item]]:
        """The rows that were not taken, by their place."""
        return [(place, item) for place, item in enumerate(self.items) if item.outcome == "rejected"]


@dataclass(frozen=True)
class Job:
    """A step for many rows in the background."""

    id: int
    state: str
    done: int
    total: int
    refused: Mapping[str, int]
    error: str
    is_undone: bool

    @property
    def is_over(self) -> bool:
        """Whether it will not go on by itself."""
        return self.state in ("DONE", "FAILED", "CANCELLED")

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Job:
        """A job of an answer."""
        refused = {each["reason"]: each["count"] for each in body["refused"]}
        return cls(body["id"], body["state"], body["done"], body["total"], refused, body["error"], body["is_undone"])


@dataclass(frozen=True)
class Change:
    """Something that happened to a record. Ask for the record if ``is_here``; else it was deleted or merged."""

    id: int
    verb: str
    noun: str
    record: int
    is_here: bool
    at: datetime
    recorded_at: datetime
    batch: int | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Change:
        """An entry of the feed, or the data of a webhook's message."""
        at, recorded_at = (datetime.fromisoformat(body[name]) for name in ("at", "recorded_at"))
        return cls(
            body["id"], body["verb"], body["noun"], body["record"], body["is_here"], at, recorded_at, body["batch"]
        )


@dataclass(frozen=True)
class Changes:
    """What happened since; keep ``next`` with what was made of it."""

    items: Sequence[Change]
    next: str
    is_more: bool


@dataclass(frozen=True)
class Webhook:
    """An address that is told what happens; ``secret`` only when it was just made."""

    id: int
    url: str
    events: Sequence[str]
    is_active: bool
    secret: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Webhook:
        """A webhook of an answer."""
        return cls(body["id"], body["url"], body["events"], body["is_active"], body.get("secret"))
