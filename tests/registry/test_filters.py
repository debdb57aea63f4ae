"""Filters of real lists: the rows they find are those that a reader with patience would pick out by hand."""

from __future__ import annotations

import json
import random
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import AT as MADE_AT

from headwater.parties.models import PartyTag, Tag
from headwater.platform import few
from headwater.platform.actor import job_actor
from headwater.platform.days import read_days
from headwater.platform.errors import Invalid
from headwater.platform.filter import (
    MAX_CONDITIONS,
    OPERATORS_OF,
    SEVERAL,
    Condition,
    Group,
    as_json,
    params_of,
    parse_tree,
    simplified,
    tree_from_params,
)
from headwater.platform.resource import REGISTRY, Kind, filtered
from headwater.qualify.models import Lead
from headwater.team.models import User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 18, 10, 30, tzinfo=UTC)
ZONE = ZoneInfo("Pacific/Auckland")  # there it is the evening of the 18th already, and summer time
TODAY = AT.astimezone(ZONE).date()
ORDERED = (Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.DATETIME)
DATES = (Kind.DATE, Kind.DATETIME)
NOUNS = ("qualify.lead", "parties.person", "sell.opportunity", "acquire.campaign", "parties.activity")
RELATIVE = (
    "today", "yesterday", "tomorrow", "this_week", "last_week", "this_month", "last_month", "next_month",
    "this_quarter", "last_quarter", "this_year", "last_7_days", "last_30_days", "next_14_days", "last_2_months",
    "30_days_ago", "3_weeks_ago", "in_5_days",
)  # fmt: skip


# Rows of all sorts ----------------------------------------------------------------------------------------


def vary(resource, by, people, ids):
    """Give the rows values of all sorts, unknown ones among them."""
    dice = random.Random(resource.key)
    model = resource.rows(by).model
    users = [user.pk for user in people.values()][:4]
    kept = {
        "id",
        "party",
        "organisation",
        "deleted_at",
        "name_key",
        "kind",
        "lead",
        "pipeline",
        "stage",
        "source",
        "currency",
    }
    for pk in ids:
        values = {}
        for field in model._meta.concrete_fields:
            if field.name in kept or field.name.endswith("_key") or field.unique:
                continue
            if field.null and dice.random() < 0.3:
                values[field.attname] = None
            elif field.name in ("owner", "handed_to"):
                values[field.attname] = dice.choice(users)
            elif field.choices:
                values[field.attname] = dice.choice([code for code, _ in field.flatchoices])
            elif field.get_internal_type() == "CharField":
                values[field.attname] = dice.choice(("", "Fair", "fair play", "50% off_x"))[: field.max_length]
            elif field.get_internal_type() == "DateTimeField" and field.null:
                values[field.attname] = AT + timedelta(days=dice.randint(-70, 20), hours=dice.choice((0, 0, 1, 2, 13)))
            elif field.get_internal_type() == "DateField":
                values[field.attname] = TODAY + timedelta(days=dice.randint(-70, 20))
            elif field.get_internal_type() == "DecimalField":
                values[field.attname] = Decimal(dice.choice(("0", "5", "12.50", "1000")))
            elif "Integer" in field.get_internal_type():
                values[field.attname] = dice.choice((0, 1, 5, 12))
        for name, value in values.items():
            with suppress(IntegrityError), transaction.atomic():  # what the table forbids stays as it was
                model._base_manager.filter(pk=pk).update(**{name: value})


@pytest.fixture
def rows_of(make, by, people):
    """Eight rows of a noun and, of each, the value or values of every column that can be filtered by."""

    def rows(key):
        resource = REGISTRY[key].now()
        ids = make(key, 8)
        vary(resource, by, people, ids)
        if key == "parties.person":
            tags = [Tag.objects.create(name=name) for name in ("A", "B", "C")]
            for at, pk in enumerate(ids):
                for tag in tags[: at % 3]:
                    PartyTag.objects.create(party_id=pk, tag=tag)
        columns = [column for column in resource.columns if column.filterable]
        found = {pk: {} for pk in resource.rows(by).values_list("pk", flat=True)}
        for column in columns:
            for pk, value in resource.rows(by).order_by().values_list("pk", column.orm_path):
                several = json.loads(value) if is_list_of_codes(column, value) else [value]
                found[pk].setdefault(column.key, []).extend(several)
        return columns, found

    return rows


def is_list_of_codes(column, value):
    return column.kind is Kind.CHOICE and isinstance(value, str) and value.startswith("[")


# What a comparison means, told a second time ---------------------------------------------------------------


def holds(condition, column, values, actor):
    """Whether a row with these values is meant."""
    if condition.operator == "empty":
        is_empty = all(value is None or value == "" for value in values)
        return is_empty == (condition.value == "true")
    positive = {"not": "in", "not_in": "in", "lacks": "contains", "is": "in"}.get(
        condition.operator, condition.operator
    )
    wanted = condition.value if condition.operator in SEVERAL else [condition.value]
    matches = any(value is not None and matches_one(positive, column.kind, value, wanted, actor) for value in values)
    return matches != (condition.operator in ("not", "not_in", "lacks"))


def matches_one(operator, kind, value, wanted, actor):
    if kind in (Kind.TEXT, Kind.CHOICE):
        return {
            "in": value in wanted if kind is Kind.CHOICE else value.lower() in [text.lower() for text in wanted],
            "contains": wanted[0].lower() in value.lower(),
            "starts": value.lower().startswith(wanted[0].lower()),
        }[operator]
    if kind is Kind.BOOL:
        return bool(value) in [text == "true" for text in wanted]
    if kind is Kind.RELATION:
        return value in [actor.user_id if text == "me" else int(text) for text in wanted]
    if kind in DATES:
        day = value.astimezone(ZONE).date() if isinstance(value, datetime) else value
        spans = [read_days(text).span(TODAY) if read_days(text) else (date.fromisoformat(text),) * 2 for text in wanted]
        return compared(operator, day, spans)
    return compared(operator, Decimal(str(value)), [(Decimal(text),) * 2 for text in wanted])


def compared(operator, value, spans):
    first, last = spans[0]
    return {
        "in": any(low <= value <= high for low, high in spans),
        "gt": value > last,
        "gte": value >= first,
        "lt": value < first,
        "lte": value <= last,
        "between": first <= value <= spans[-1][1],
    }[operator]


def picked(tree, columns, row, actor):
    if isinstance(tree, Condition):
        return holds(tree, columns[tree.column], row[tree.column], actor)
    parts = [picked(part, columns, row, actor) for part in tree.parts if not says_nothing(part)]
    return not parts or (all(parts) if tree.join == "all" else any(parts))


def says_nothing(tree):
    return isinstance(tree, Group) and all(says_nothing(part) for part in tree.parts)


# Trees of all sorts ---------------------------------------------------------------------------------------


def texts_of(column, found):
    """Values to compare with: some that are there, and some that are not."""
    there = sorted({str(v) for row in found.values() for v in row[column.key] if v is not None and v != ""})[:4]
    match column.kind:
        case Kind.TEXT:
            return st.sampled_from([*there, "fair", "F", "%", "_", "50%", "\\", "nobody", "a,b"])
        case Kind.CHOICE:
            return st.sampled_from([*there, "NO_SUCH"])
        case Kind.BOOL:
            return st.sampled_from(["true", "false"])
        case Kind.RELATION:
            return st.sampled_from([*there, "999999", *(["me"] if column.is_person else [])])
        case Kind.DATE | Kind.DATETIME:
            return st.sampled_from([*RELATIVE, TODAY.isoformat(), (TODAY - timedelta(days=9)).isoformat()])
        case _:
            return st.sampled_from(["-2.5", "-1", "0", "2.5", "5", "12.5", "12.50", "1000", "1000.001"])


def conditions(columns, found):
    def of(column):
        texts = texts_of(column, found)

        def with_value(operator):
            if operator == "empty":
                return st.builds(Condition, st.just(column.key), st.just(operator), st.sampled_from(["true", "false"]))
            if operator == "between":
                pairs = st.lists(texts, min_size=2, max_size=2).filter(lambda pair: in_order(column, pair))
                return st.builds(Condition, st.just(column.key), st.just(operator), pairs)
            values = st.lists(texts, min_size=1, max_size=3) if operator in SEVERAL else texts
            return st.builds(Condition, st.just(column.key), st.just(operator), values)

        return st.sampled_from(OPERATORS_OF[column.kind]).flatmap(with_value)

    return st.sampled_from(columns).flatmap(of)


def in_order(column, pair):
    if column.kind in DATES:
        return any(map(read_days, pair)) or pair[0] <= pair[1]
    return Decimal(pair[0]) <= Decimal(pair[1])


def trees(columns, found):
    return st.recursive(
        conditions(columns, found),
        lambda inner: (
            st.builds(Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=4).map(tuple))
            | st.builds(Group, st.sampled_from(["all", "any"]), st.just(()))
        ),
        max_leaves=7,
    )


def found_by(key, by, tree):
    return list(filtered(REGISTRY[key], by, tree, zone=ZONE, at=AT, with_archived=True).values_list("pk", flat=True))


def same_rows_as_by_hand(key, rows_of, by, *, examples):
    columns, found = rows_of(key)
    by_key = {column.key: column for column in columns}

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(tree=trees(columns, found))
    def check(tree):
        expected = sorted(pk for pk, row in found.items() if picked(tree, by_key, row, by))
        assert sorted(found_by(key, by, tree)) == expected, tree
        if depth(tree) <= 4:
            assert simplified(parse_tree(json.dumps(as_json(tree)))) == simplified(tree)
            short = tree_from_params(params_of(tree), by_key)
            assert sorted(found_by(key, by, short)) == expected, params_of(tree)
            assert params_of(short) == params_of(tree)

    check()


def depth(tree):
    return 1 + max((depth(part) for part in tree.parts), default=0) if isinstance(tree, Group) else 0


@pytest.mark.parametrize("key", ["qualify.lead", "parties.person"])
def test_a_filter_finds_what_one_would_pick_by_hand(key, rows_of, by):
    same_rows_as_by_hand(key, rows_of, by, examples=10)


@pytest.mark.slow
@pytest.mark.parametrize("key", NOUNS)
def test_many_filters_find_what_one_would_pick_by_hand(key, rows_of, by):
    same_rows_as_by_hand(key, rows_of, by, examples=300)


def test_who_has_no_company_lacks_any_whatever_else_is_asked(rows_of, by):
    columns, found = rows_of("parties.person")
    by_key = {column.key: column for column in columns}
    name = next(value for row in found.values() for value in row["company"] if value)
    both = Group("all", (Condition("first_name", "contains", "fair"), Condition("company", "contains", name)))
    tree = Group("any", (both, Condition("company", "lacks", name)))
    expected = sorted(pk for pk, row in found.items() if picked(tree, by_key, row, by))
    assert any(found[pk]["company"] == [None] for pk in expected)
    assert sorted(found_by("parties.person", by, tree)) == expected


def test_what_points_at_a_colleague_understands_me_and_my_team(make, by, people, client_of):
    """Every column that leads to a user says so, and "my team" are those of the team, and oneself."""
    for resource in REGISTRY.values():
        for column in resource.columns:
            name, _, rest = column.orm_path.removesuffix("_id").partition("__")
            field = {f.name: f for f in resource.rows(by).model._meta.get_fields()}.get(name)
            leads_to_user = not rest and getattr(field, "related_model", None) is type(people["OWNER"])
            assert column.is_person == (leads_to_user and column.kind is Kind.RELATION), (resource.key, column.key)
    own, of_team, of_nobody = make("qualify.lead", 3)
    alone = User.objects.create(email="alone@kestrel.example", name="Alone", role="OWNER", created_at=MADE_AT)
    for pk, owner in ((own, people["OWNER"]), (of_team, people["MARKETER"]), (of_nobody, None)):
        Lead.objects.filter(pk=pk).update(owner=owner)
    assert found_by("qualify.lead", by, Condition("owner", "is", "me")) == [own]
    assert set(found_by("qualify.lead", by, Condition("owner", "is", "my_team"))) == {own, of_team}
    assert set(found_by("qualify.lead", by, Condition("owner", "not", "me"))) == {of_team, of_nobody}
    assert found_by("qualify.lead", actor_of(alone), Condition("owner", "is", "my_team")) == []
    assert found_by("qualify.lead", job_actor("night"), Condition("owner", "is", "me")) == []
    with pytest.raises(Invalid):
        found_by("qualify.lead", by, Condition("source", "is", "me"))


def test_limits_are_kept():
    one = {"column": "stage", "operator": "is", "value": "NEW"}
    parse_tree(json.dumps({"all": [one] * MAX_CONDITIONS}))
    nested = one
    for _ in range(6):
        nested = {"any": [nested]}
    for raw in ({"all": [one] * (MAX_CONDITIONS + 1)}, {"all": [{"any": []}] * 50}, nested,
                {**one, "value": None}, {**one, "value": ["NEW"]}, {**one, "operator": "in"},
                {**one, "operator": "in", "value": [{}]}, {**one, "operator": ["is"]}):  # fmt: skip
        with pytest.raises(Invalid):
            parse_tree(json.dumps(raw))


def test_one_condition_on_a_date_or_a_person_compares_the_column_itself(by, monkeypatch):
    """Bounds are worked out before: a function on the column would keep the database from its index."""
    monkeypatch.setattr(few, "FEW", -1)  # as with more than a few
    for condition in (
        Condition("arrived_at", "is", "last_month"), Condition("arrived_at", "between", ["2026-01-01", "today"]),
        Condition("wake_up_on", "lt", "30_days_ago"), Condition("owner", "in", ["me", "my_team"]),
        Condition("amount", "between", ["1", "2.5"]), Condition("stage", "in", ["NEW", "MQL"]),
    ):  # fmt: skip
        rows = filtered(REGISTRY["qualify.lead"], by, condition, zone=ZONE, at=AT).order_by().values("pk")
        where = str(rows.query).partition(" WHERE ")[2].upper()
        column = condition.column.upper()
        assert re.search(rf'"{column}(_ID)?" (=|<|>|IN|BETWEEN)', where), where
        assert not re.search(rf'[A-Z_]\("?[A-Z_."]*{column}', where), where


def test_lists_exports_the_api_and_steps_for_many_take_the_same_filter(make, client_of):
    _, second = make("qualify.lead", 2)
    Lead.objects.filter(pk=second).update(amount="10.00", stage="WORKING")
    tree = json.dumps({"any": [{"column": "amount", "operator": "between", "value": [5, 10]}]})
    client, query = client_of("OWNER"), urlencode({"filter": tree})
    assert f'href="/leads/{second}' in client.get(f"/leads?{query}").content.decode()
    assert [row["id"] for row in client.get(f"/api/v1/leads?{query}").json()["items"]] == [second]
    assert len(b"".join(client.get(f"/leads/export.csv?{query}").streaming_content).splitlines()) == 2
    assert client.get("/api/v1/leads?arrived_at=last_30_days&owner=my_team&stage__not_in=NEW,MQL").status_code == 200
