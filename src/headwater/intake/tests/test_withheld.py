"""Columns that take a right of their own: a file of somebody without it does not bring them in by another door."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from headwater.intake.profile import Pass, Profile
from headwater.intake.run import import_file
from headwater.platform.importer import Outcome, RowResult
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import make_actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
KEY, RIGHT = "parties.tag", "sell.cost.see"
CLERK = make_actor("parties.tag.*", "intake.*")


@pytest.fixture
def seen():
    """The rows the room was handed; ``price`` takes a right of its own."""
    tags, rows = REGISTRY[KEY], []

    def apply(chunk, *, batch, by, at):
        rows.extend(chunk)
        return [RowResult(row.line, Outcome.CREATED, 1) for row in chunk]

    guarded = [replace(t, verb=RIGHT, aliases=("unit cost",)) if t.key == "price" else t for t in tags.importer.targets]
    REGISTRY[KEY] = replace(tags, importer=replace(tags.importer, targets=guarded, apply=apply))
    return rows


@pytest.fixture
def path(csv_file):
    return csv_file("External id,Name,Unit cost,Shelf\n1,Ink,12.50,A4\n")


@pytest.mark.parametrize(
    "columns",
    [
        {"External id": ("external_id",), "Name": ("name",), "Unit cost": ("price",)},
        {"External id": ("external_id",), "Name": ("name",), "Unit cost": ()},
        {"External id": ("external_id",), "Name": ("name",)},
        None,
    ],
    ids=["mapped", "kept with the record", "not spoken of", "guessed"],
)
def test_without_the_right_it_is_neither_written_nor_kept(seen, path, columns):
    profile = None if columns is None else Profile("p", (Pass("tags", "here", columns),))
    batch = import_file(path, kind="tags", profile=profile, by=CLERK, at=AT)
    [row] = seen
    assert (row.values, row.extra) == ({"external_id": "1", "name": "Ink"}, {"Shelf": "A4"})
    assert batch.checkpoint["guesses"] == ["Unit cost: left out, because you may not fill “Price”."]


def test_nor_is_it_stamped_on_every_row(seen, path):
    columns = {"External id": ("external_id",), "Name": ("name",), "Unit cost": ()}
    profile = Profile("p", (Pass("tags", "here", columns, fixed={"price": "9"}),))
    batch = import_file(path, kind="tags", profile=profile, by=CLERK, at=AT)
    assert "price" not in seen[0].values
    assert "Price: not stamped, because you may not fill it." in batch.checkpoint["guesses"]


def test_with_the_right_it_is_written(seen, path, by):
    batch = import_file(path, kind="tags", by=by, at=AT)
    assert str(seen[0].values["price"]) == "12.50" and "guesses" not in batch.checkpoint


def test_what_another_pass_writes_under_a_right_is_not_kept_with_the_main_rows(seen, path, by):
    main = Pass("tags", "here", {"External id": ("external_id",), "Name": ("name",)})
    also = Pass("tags", "there", {"External id": ("external_id",), "Name": ("name",), "Unit cost": ("price",)})
    import_file(path, kind="tags", profile=Profile("p", (main, also)), by=by, at=AT)
    assert [row.extra for row in seen] == [{"Shelf": "A4"}, {}] and "price" in seen[1].values
