"""Rejected rows come back as a file that can be mended and imported again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.intake.reader import open_table
from headwater.intake.rejects import RejectWriter, harmless


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_rows_come_back_as_they_were_with_line_and_reasons(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectWriter(path, ["name", "e-mail"]) as rejects:
        rejects.write(7, ["=1+1", "anna@"], ["No domain.", "=cmd is not a date."])
        rejects.write(9, ["Otto", "x", "surplus"], ["-"])
    assert rejects.count == 2
    assert read(path) == [
        ["headwater_line", "headwater_reason", "name", "e-mail"],
        ["7", "No domain.; =cmd is not a date.", "=1+1", "anna@"],
        ["9", "'-", "Otto", "x", "surplus"],
    ]


def test_only_our_own_cells_are_made_harmless() -> None:
    assert [harmless(text) for text in ("=1", "+1", "-1", "@x", "\tx", "ok")] == [
        "'=1", "'+1", "'-1", "'@x", "'\tx", "ok"
    ]  # fmt: skip


def test_no_file_appears_where_nothing_is_rejected(tmp_path: Path) -> None:
    with RejectWriter(tmp_path / "rejects.csv", ["a"]) as rejects:
        assert rejects.position == 0
    assert list(tmp_path.iterdir()) == []


def test_an_import_resumed_after_a_crash_writes_every_row_once(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectWriter(path, ["a"]) as rejects:
        rejects.write(1, ["x"], ["r"])
        kept = rejects.position
        rejects.write(2, ["lost with the crash"], ["r"])
    with RejectWriter(path, ["a"], resume_at=kept) as rejects:
        rejects.write(2, ["y"], ["r"])
    assert [row[2] for row in read(path)] == ["a", "x", "y"]


def test_rejects_that_are_rejected_again_do_not_collect_columns(tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    with RejectWriter(first, ["a", "b"]) as rejects:
        rejects.write(5, ["x", "y"], ["why"])
    table = open_table(first, has_header=True)
    with RejectWriter(second, table.original_header) as rejects:
        for line, cells in table.rows():
            rejects.write(line, cells, ["still"])
    assert read(second) == [["headwater_line", "headwater_reason", "a", "b"], ["2", "still", "x", "y"]]


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=10)
CELL |= st.sampled_from(["two\nlines", "two\r\nlines", '"', "=1+1", "a,b"])


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_senders_cells_survive_the_way_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("rejects") / "rejects.csv"
    with RejectWriter(path, ["one", "two"]) as rejects:
        for line, row in enumerate(rows, 2):
            rejects.write(line, row, ["why"])
    table = open_table(path, delimiter=",", encoding="utf-8-sig", has_header=True)
    assert [cells[2:] for _, cells in table.rows()] == rows
