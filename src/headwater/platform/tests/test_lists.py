"""Filters and keyset pages, over a noun of the tests' own."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.platform import paging
from headwater.platform.errors import Invalid
from headwater.platform.filter import EVERYTHING, Condition, Group, as_json, parse_tree, tree_from_params
from headwater.platform.lists.groups import grouped_by, groups_of
from headwater.platform.lists.totals import totals_of
from headwater.platform.models import Job
from headwater.platform.order import sort_text, sorts_of
from headwater.platform.paging import count_up_to, first_of_each, page_of
from headwater.platform.resource import Column, Kind, Resource, filtered
from headwater.platform.search import Searched
from headwater.platform.testing import count_queries, make_actor

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
ACTOR = make_actor("*", user_id=1)

JOBS = Resource(
    key="test.job",
    slug="test-jobs",
    label="Job",
    label_plural="Jobs",
    rows=lambda actor: Job.objects.all(),
    columns=[
        Column("kind", "Kind", sortable=True),
        Column("state", "State", Kind.CHOICE, choices=Job.State.choices, sortable=True, nullable=False),
        Column("total", "Total", Kind.NUMBER, path="total_units", sortable=True),
        Column("queued", "Queued", Kind.DATETIME, path="queued_at", sortable=True),
        Column("user", "User", Kind.RELATION, path="user_id", is_person=True),
        Column("secret", "Secret", path="error", filterable=False),
    ],
    default_order="-queued",
    searched=Searched(Job, name=("kind",)),
)


def queue(kind="a", total=None, queued=AT, user=None, state="QUEUED"):
    return Job.objects.create(
        kind=kind, total_units=total, queued_at=queued, run_after=queued, user_id=user, state=state
    )


def kinds(tree, **options):
    return sorted(filtered(JOBS, ACTOR, tree, **options).values_list("kind", flat=True))


@pytest.mark.django_db
def test_groups_of_conditions_choose_rows():
    queue("a", 1)
    queue("b", 5, user=1)
    queue("c", None, state="DONE")
    assert kinds(Condition("total", "gte", "2")) == ["b"]
    assert kinds(Condition("total", "empty", "true")) == ["c"]
    assert kinds(Condition("total", "empty", "false")) == ["a", "b"]
    assert kinds(Condition("user", "is", "me")) == ["b"]
    assert kinds(Condition("state", "in", ["DONE", "FAILED"])) == ["c"]
    both = parse_tree(
        '{"any": [{"column": "kind", "operator": "is", "value": "a"}, '
        '{"all": [{"column": "total", "operator": "gt", "value": 4}]}]}'
    )
    assert kinds(both) == ["a", "b"]
    assert parse_tree(json.dumps(as_json(both))) == both


@pytest.mark.django_db
def test_a_day_is_a_day_in_the_readers_zone():
    queue("late", queued=datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    auckland = ZoneInfo("Pacific/Auckland")
    assert kinds(Condition("queued", "is", "2026-01-05")) == ["late"]
    assert kinds(Condition("queued", "is", "2026-01-06"), zone=auckland) == ["late"]
    assert kinds(Condition("queued", "lte", "2026-01-05")) == ["late"]
    assert kinds(Condition("queued", "gt", "2026-01-05")) == []


@pytest.mark.parametrize(
    "tree",
    [
        Condition("secret", "is", "x"),
        Condition("nothing", "is", "x"),
        Condition("total", "is", "many"),
        Condition("total", "contains", "1"),
        Condition("queued", "is", "yesterday-ish"),
        Condition("user", "is", "1 OR 1=1"),
    ],
)
@pytest.mark.django_db
def test_a_filter_that_means_nothing_is_refused_with_words(tree):
    with pytest.raises(Invalid):
        list(filtered(JOBS, ACTOR, tree))


@pytest.mark.parametrize("text", ["", "[", "[]", '{"all": 3}', '{"column": "a", "operator": "eval"}', "[" * 5000])
def test_a_tree_of_the_wrong_shape_is_refused(text):
    with pytest.raises(Invalid):
        parse_tree(text)


def test_short_parameters_become_a_tree_and_strangers_are_left_alone():
    params = {"state": "NEW,DONE", "total__gte": "3", "page": "2", "kind": ""}
    assert tree_from_params(params, JOBS.by_key) == Group(
        "all", (Condition("state", "in", ["NEW", "DONE"]), Condition("total", "gte", "3"))
    )


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    totals=st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=14),
    size=st.integers(1, 5),
    sort=st.sampled_from(
        ["total", "-total", "kind,-total", "-state,total", "-total,-queued,kind", "queued,total,-state", "total,-total"]
    ),
)
def test_pages_forwards_and_back_hold_every_row_once_in_order(totals, size, sort):
    Job.objects.all().delete()
    for i, total in enumerate(totals):
        queue("ab"[i % 2], total, queued=AT + timedelta(hours=i % 3), state=("QUEUED", "DONE")[i % 5 == 0])
    rows = filtered(JOBS, ACTOR, EVERYTHING)
    page = page_of(rows, JOBS, sort=sort, size=size)
    pages = [page]
    while page.next:
        page = page_of(rows, JOBS, sort=sort, cursor=page.next, size=size)
        pages.append(page)
    seen = [row.pk for p in pages for row in p.rows]
    assert seen == [row.pk for row in page_of(rows, JOBS, sort=sort, size=500).rows]
    assert sorted(seen) == sorted(rows.values_list("pk", flat=True))
    back = [page]
    while page.previous:
        page = page_of(rows, JOBS, sort=sort, cursor=page.previous, size=size)
        back.append(page)
    assert [[r.pk for r in p.rows] for p in reversed(back)] == [[r.pk for r in p.rows] for p in pages]
    # The same in Python: unknown last whichever way, then the id in the direction of the last column.
    expected = sorted(rows, key=lambda row: row.pk, reverse=sorts_of(sort)[-1][1])
    for key, descending in reversed(sorts_of(sort)):
        path = JOBS.by_key[key].orm_path
        known = [row for row in expected if getattr(row, path) is not None]
        known.sort(key=lambda row: getattr(row, path), reverse=descending)
        expected = known + [row for row in expected if getattr(row, path) is None]
    assert seen == [row.pk for row in expected]


def test_a_sort_names_each_column_once():
    assert sorts_of("-amount,name,amount") == [("amount", True), ("name", False)]
    assert sort_text(sorts_of("-amount,name")) == "-amount,name"


@pytest.mark.django_db
def test_the_first_rows_of_each_part_and_where_they_go_on_take_two_queries():
    for i in range(9):
        queue("abc"[i % 3], i)
    rows = filtered(JOBS, ACTOR, EVERYTHING)
    parts = [rows.filter(kind=kind) for kind in ("a", "b", "none")]
    with count_queries() as asked:
        (first, more), (second, _), (empty, end) = first_of_each(parts, rows, JOBS, sort="-total", size=2)
    assert len(asked) == 2
    assert [row.total_units for row in first] == [6, 3] and [row.total_units for row in second] == [7, 4]
    assert [row.total_units for row in page_of(parts[0], JOBS, sort="-total", cursor=more).rows] == [0]
    assert (empty, end) == ([], None)
    assert first_of_each([rows.none()], rows, JOBS, size=2) == [([], None)]


@pytest.mark.django_db
@pytest.mark.parametrize("sort", ["total", "-total", "total,-queued", "-total,kind"])
def test_parts_that_few_rows_are_in_begin_with_the_same_ones(sort):
    for i in range(6):
        queue("ab"[i % 2], i if i % 3 else None)
    rows = filtered(JOBS, ACTOR, EVERYTHING)
    parts = [rows.filter(kind=kind) for kind in "ab"]
    expected = [page_of(part, JOBS, sort=sort, size=2).rows for part in parts]
    assert [shown for shown, _ in first_of_each(parts, rows, JOBS, sort=sort, size=2)] == expected
    with count_queries() as asked:
        found = first_of_each(parts, rows, JOBS, few=[0, 1], sort=sort, size=2)
    assert [shown for shown, _ in found] == expected
    for shown, (_, more), part in zip(expected, found, parts, strict=True):
        rest = page_of(part, JOBS, sort=sort, cursor=more).rows
        assert {*shown, *rest} == set(part) and len(rest) == 1
    assert "NULLS" in asked[0]["sql"], "SQLite puts them in order itself"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows how many rows have a value")
@pytest.mark.django_db
def test_what_rows_have_in_turn_is_common_whosever_turn_the_newest_was(monkeypatch):
    monkeypatch.setattr(paging, "SAMPLE", 20)
    Job.objects.bulk_create(Job(kind="abcdefgh"[n % 8], queued_at=AT, run_after=AT) for n in range(160))
    Job.objects.filter(pk=8).update(kind="rare")
    kinds_of = {kind: paging._is_common(Job.objects.filter(kind=kind)) for kind in [*"abcdefgh", "rare"]}
    assert kinds_of == {**dict.fromkeys("abcdefgh", True), "rare": False}


@pytest.mark.django_db
def test_every_row_is_in_one_group():
    queue(state="DONE", queued=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    queue(state="QUEUED", queued=datetime(2025, 11, 2, tzinfo=UTC))
    queue(state="QUEUED", queued=datetime(1999, 1, 1, tzinfo=UTC))
    queue(state="FAILED", queued=datetime(3999, 1, 1, tzinfo=UTC))
    rows = filtered(JOBS, ACTOR, EVERYTHING)

    def held(key, zone="UTC"):
        groups = groups_of(grouped_by(JOBS, key), rows, ACTOR, ZoneInfo(zone), date(2026, 1, 15))
        found = {group.key: rows.filter(group.condition).count() for group in groups}
        assert sum(found.values()) == rows.count() and len(found) == len(groups)
        return {name: count for name, count in found.items() if count}

    assert held("state") == {"QUEUED": 2, "DONE": 1, "FAILED": 1}
    assert held("queued") == {"later": 1, "2026-01": 1, "2025-11": 1, "earlier": 1}
    assert held("queued", "Europe/Berlin") == {"later": 1, "2026-02": 1, "2025-11": 1, "earlier": 1}
    for key in ("kind", "nothing", "user", ""):
        with pytest.raises(Invalid):
            grouped_by(JOBS, key)


@pytest.mark.django_db
def test_totals_of_many_parts_are_one_query_and_stop_at_their_limit():
    for i in range(5):
        queue("ab"[i % 2], i)
    money = Column("total", "Total", Kind.MONEY, path="total_units")
    rows = filtered(JOBS, ACTOR, EVERYTHING).order_by("total_units")
    with count_queries() as asked:
        a, b, all_of_them, none = totals_of(
            [rows.filter(kind="a"), rows.filter(kind="b"), rows, rows.none()], JOBS, [money], limit=3
        )
    assert len(asked) == 1
    assert [(total.count, total.sums["total"].get("")) for total in (a, b, all_of_them, none)] == [
        (3, 6), (2, 4), (3, 0 + 1 + 2), (0, None)
    ]  # fmt: skip
    assert [total.count for total in totals_of([rows], JOBS, [], limit=99)] == [5]


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["x", "!!!", "W10", "eyJhIjoxfQ", "WzAsIFtdLCAxXQ"])
def test_a_foreign_cursor_is_refused(cursor):
    with pytest.raises(Invalid):
        page_of(Job.objects.all(), JOBS, cursor=cursor)


@pytest.mark.django_db
def test_counting_stops_at_its_limit():
    for _ in range(5):
        queue()
    assert count_up_to(Job.objects.all(), 3) == 4
    assert count_up_to(Job.objects.all(), 10) == 5
