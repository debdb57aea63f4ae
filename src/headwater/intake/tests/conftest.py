"""A small noun to import: tags, each made once; what a room would do, in a few lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from headwater.parties.models import Tag
from headwater.platform.action import action
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import (
    CleanRow,
    Importer,
    Kept,
    Outcome,
    RowResult,
    Target,
    TargetKind,
    UndoResult,
)
from headwater.platform.models import ExternalId
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.search import Searched
from headwater.platform.testing import make_actor

KEY = "parties.tag"

sys.path.insert(0, str(Path(__file__).parent))  # a folder of tests, not a package


@action
def import_tags(rows: Sequence[CleanRow], *, batch: Any, by: Any, at: Any) -> list[RowResult]:
    by.require("parties.tag.import")
    known = known_ids(batch.system, KEY, [row.values["external_id"] for row in rows])
    tags = Tag.objects.in_bulk(known.values())
    results, new = [], {}
    for row in rows:
        name, external = row.values["name"], row.values["external_id"]
        if name == "crash":
            raise RuntimeError("the process dies here")
        if name.startswith("bad"):
            results.append(RowResult(row.line, Outcome.REJECTED, None, [f"“{name}” is bad.", "It is also worse."]))
        elif external in known:
            tag = tags[known[external]]
            outcome = Outcome.UNCHANGED if tag.name == name else Outcome.UPDATED
            Tag.objects.filter(pk=tag.pk).update(name=name)
            results.append(RowResult(row.line, outcome, tag.pk))
        else:
            tag = Tag.objects.create(name=None if name == "refused" else name)
            new[external] = known[external] = tag.pk
            tags[tag.pk] = tag
            results.append(RowResult(row.line, Outcome.CREATED, tag.pk))
    remember_ids(batch.system, KEY, new)
    return results


@action
def undo_tags(*, batch_id: int, by: Any, at: Any) -> UndoResult:
    kept = [Kept(t.pk, t.name, "somebody uses it") for t in Tag.objects.filter(name="used")]
    gone = Tag.objects.exclude(pk__in=[k.object_id for k in kept])
    ExternalId.objects.filter(kind=KEY, object_id__in=gone.values("pk")).delete()
    return UndoResult(removed=gone.delete()[0], kept=kept)


TAGS = Importer(
    "tags",
    [
        Target("external_id", "Id"),
        Target("name", "Name", required=True, max_length=40),
        Target("rank", "Rank", TargetKind.INTEGER),
        Target("price", "Price", TargetKind.DECIMAL),
        Target("seen_on", "Seen", TargetKind.DATE),
        Target("colour", "Colour", TargetKind.CHOICE, choices={"red": "RED", "blue": "BLUE"}),
    ],
    import_tags,
    undo_tags,
    "parties.tag.import",
)


@pytest.fixture
def by() -> Any:
    return make_actor("*")


@pytest.fixture(autouse=True)
def tags() -> Iterator[None]:
    REGISTRY[KEY] = Resource(
        KEY, "tags", "Tag", "Tags", lambda actor: Tag.objects.all(), (), "name", Searched(Tag, ("name",)), importer=TAGS
    )
    yield
    del REGISTRY[KEY]


@pytest.fixture
def csv_file(tmp_path: Path) -> Any:
    def write(text: str, name: str = "tags.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
