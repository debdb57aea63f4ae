"""Filters that hardly any row meets are answered by the index of their column, and say the same as without it."""

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from makers import AT

from headwater.parties import actions as parties
from headwater.parties.models import Party
from headwater.platform import few
from headwater.platform.few import Comparison
from headwater.platform.filter import EVERYTHING, Condition
from headwater.platform.importer import Batch, CleanRow
from headwater.platform.paging import page_of
from headwater.platform.resource import REGISTRY, filtered
from headwater.platform.search.finding import find
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead

pytestmark = pytest.mark.django_db

LEADS, PEOPLE = REGISTRY["qualify.lead"], REGISTRY["parties.person"]
CASES = [
    (LEADS, "interest", "is", "QUOTE_REQUEST"),
    (LEADS, "interest", "not", "QUOTE_REQUEST"),
    (LEADS, "interest", "not_in", ["QUOTE_REQUEST", "ENQUIRY"]),
    (LEADS, "currency", "is", "eur"),
    (LEADS, "currency", "lacks", "us"),
    (LEADS, "currency", "starts", "E"),
    (LEADS, "currency", "contains", "%"),
    (LEADS, "amount", "empty", "true"),
    (LEADS, "amount", "empty", "false"),
    (LEADS, "title", "empty", "true"),
    (LEADS, "company", "empty", "true"),
    (LEADS, "company", "empty", "false"),
    (LEADS, "city", "is", "BERLIN"),
    (LEADS, "city", "empty", "true"),
    (LEADS, "campaign", "empty", "true"),
    (LEADS, "campaign", "not", "7"),
    (LEADS, "clock", "empty", "false"),
    (LEADS, "clock", "empty", "true"),
    (LEADS, "clock", "gte", "2020-01-01"),
    (LEADS, "clock", "between", ["2020-01-01", "2020-01-02"]),
    (LEADS, "clock", "not", "2020-01-01"),
    (LEADS, "email", "empty", "true"),
    (PEOPLE, "city", "contains", "ber"),
    (PEOPLE, "city", "not", "Berlin"),
    (PEOPLE, "email", "empty", "true"),
    (PEOPLE, "is_influence", "is", "true"),
]


@pytest.fixture
def rows(make):
    people = make("parties.person", 3)
    leads = make("qualify.lead", 3)
    Party.objects.filter(pk=people[0]).update(city="Berlin", email="")
    Party.objects.filter(pk__in=Lead.objects.filter(pk=leads[0]).values("party_id")).update(city="berlin")
    Lead.objects.filter(pk=leads[0]).update(interest="ENQUIRY", currency="USD", amount=None, organisation=None)
    Lead.objects.filter(pk=leads[1]).update(title="", answered_at=None, answer_due_at=AT)
    Lead.objects.filter(pk=leads[2]).update(answered_at=AT, answer_due_at=AT)


def test_the_index_and_the_list_find_the_same(rows, by, monkeypatch):
    def ids():
        return [
            set(filtered(noun, by, Condition(column, operator, value)).values_list("pk", flat=True))
            for noun, column, operator, value in CASES
        ]

    by_index = dict(zip(map(str, CASES), ids(), strict=True))
    monkeypatch.setattr(few, "FEW", -1)
    assert by_index == dict(zip(by_index, ids(), strict=True)), "where they are more than a few"
    monkeypatch.setattr("headwater.platform.filtering.few_of", lambda *_: None)
    assert by_index == dict(zip(by_index, ids(), strict=True)), "where no index is asked"
    assert any(by_index.values())


def test_a_rare_value_is_looked_up_before_the_list_is_read(rows, by):
    with CaptureQueriesContext(connection) as asked:
        assert not list(filtered(LEADS, by, Condition("stage", "is", "SQL")))
    assert "LIMIT" in asked[-2]["sql"] and "stage" not in asked[-1]["sql"].split("WHERE")[-1]


def test_a_column_of_many_values_is_not_looked_through(rows, by, monkeypatch):
    monkeypatch.setattr(few, "MOST_VALUES", 0)
    assert filtered(LEADS, by, Condition("currency", "is", "usd")).count() == 1


def _plans(asked):
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                yield " ".join(row[3] for row in cursor.fetchall())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="so few rows are looked through there")
def test_the_clock_is_read_from_the_index_of_those_that_wait(rows, by):
    with CaptureQueriesContext(connection) as asked:
        first = page_of(filtered(LEADS, by, Condition("clock", "gte", "2020-01-01")), LEADS, sort="clock", size=1)
    assert len(first.rows) == 1
    plans = [plan for plan in _plans(asked) if "qualify_lead" in plan]
    assert "lead_clock" in plans[0], "to filter"
    with CaptureQueriesContext(connection) as asked:
        page_of(filtered(LEADS, by, EVERYTHING), LEADS, sort="-clock", size=1)
    plans = [plan for plan in _plans(asked) if "qualify_lead" in plan]
    assert "lead_clock" in plans[0] and "TEMP B-TREE" not in plans[0], "to sort"


def test_going_by_the_clock_shows_each_lead_once(rows, by):
    for sort in ("clock", "-clock"):
        everything = filtered(LEADS, by, EVERYTHING)
        page, seen = page_of(everything, LEADS, sort=sort, size=1), []
        while True:
            seen += [(row.waiting_until is None, row.pk) for row in page.rows]
            if page.next is None:
                break
            page = page_of(everything, LEADS, sort=sort, size=1, cursor=page.next)
        assert len(set(seen)) == 3 and seen[0][0] is False and [none for none, _ in seen] == [False, False, True]
        back = page_of(everything, LEADS, sort=sort, size=2, cursor=page.previous)
        assert [row.pk for row in back.rows] == [pk for _, pk in seen[:2]]


@pytest.mark.parametrize("key", ["qualify.lead", "parties.person", "acquire.touchpoint"])
def test_the_next_of_many_collected_rows_are_looked_for_along_the_order(key, make, by, monkeypatch):
    noun, ids = REGISTRY[key], make(key, 9)
    everything = filtered(noun, by, EVERYTHING)
    rows = everything.filter(pk__collected=[pk for at, pk in enumerate(sorted(ids)) if at not in (2, 5)])

    def walked(sort):
        page = page_of(rows, noun, sort=sort, size=2)
        found, back = [[row.pk for row in page.rows]], []
        while page.next is not None:
            page = page_of(rows, noun, sort=sort, size=2, cursor=page.next)
            found.append([row.pk for row in page.rows])
        while page.previous is not None:
            page = page_of(rows, noun, sort=sort, size=2, cursor=page.previous)
            back.append([row.pk for row in page.rows])
        return found, back

    sorts = ["", *(f"{sign}{order}" for order in noun.indexed_orders for sign in ("", "-"))]
    plain = [walked(sort) for sort in sorts]
    assert {sum(map(len, found)) for found, _ in plain} == {7}
    monkeypatch.setattr("headwater.platform.paging.MANY", 1)
    for near in (10_000, 4, 1):
        monkeypatch.setattr("headwater.platform.paging.NEAR", near)
        assert [walked(sort) for sort in sorts] == plain, near
    if connection.vendor == "sqlite":
        monkeypatch.setattr("headwater.platform.paging.NEAR", 10_000)
        with CaptureQueriesContext(connection) as asked:
            page_of(rows, noun, size=2)
        assert any("LIMIT 10000" in query["sql"] for query in asked)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows how many rows have no value")
def test_many_rows_without_a_value_are_not_collected_before_they_are_put_in_order(make, by, monkeypatch):
    make("qualify.lead", 5)
    everything = filtered(LEADS, by, EVERYTHING)
    plain = [row.pk for row in page_of(everything, LEADS, sort="-answered_at,name", size=5).rows]
    monkeypatch.setattr(few, "LONG", 0)
    monkeypatch.setattr(
        "headwater.platform.paging.spread", lambda model: sorted(model.objects.values_list("pk", flat=True))
    )
    monkeypatch.setattr("headwater.platform.paging.COMMON", 1)
    with CaptureQueriesContext(connection) as asked:
        page = page_of(everything, LEADS, sort="-answered_at,name", size=5)
    assert [row.pk for row in page.rows] == plain
    assert any("name_key" in query["sql"] for query in asked)
    assert not any("(answered_at=?)" in plan for plan in _plans(asked) if "ORDER BY" in plan)


def test_whether_many_meet_a_filter_is_seen_from_the_newest_rows_alone(rows, by, monkeypatch):
    monkeypatch.setattr(few, "FEW", -1)
    with CaptureQueriesContext(connection) as asked:
        list(filtered(LEADS, by, Condition("email", "empty", "true")))
    sample = next(query["sql"] for query in asked if "COUNT" in query["sql"])
    assert "CASE WHEN" in sample and sample.count("SELECT") == 2, "the ids are given, and each row is asked"


def test_what_only_the_newest_rows_have_is_not_taken_for_common(make, by, monkeypatch):
    leads = make("qualify.lead", 12)
    Party.objects.filter(pk__in=Lead.objects.values("party_id")).update(email="x@example.org")
    Party.objects.filter(pk__in=Lead.objects.filter(pk__in=leads[-3:]).values("party_id")).update(email="")
    monkeypatch.setattr(few, "FEW", -1)
    monkeypatch.setattr(few, "SAMPLE", 3)  # all over the table: at its beginning, before and after its middle
    monkeypatch.setattr("headwater.platform.filtering.SAMPLE", 3)
    monkeypatch.setattr("headwater.platform.filtering.COMMON_SHARE", 1)
    # PostgreSQL's ids go on from one test to the next, however few rows there are.
    monkeypatch.setattr(few, "LONG", Lead.objects.latest("pk").pk + 1)

    def is_looked_up_row_by_row() -> bool:
        with CaptureQueriesContext(connection) as asked:
            assert len(filtered(LEADS, by, Condition("email", "empty", "true"))) == 3
        return "IS NOT NULL" in asked[-1]["sql"].split("WHERE", 1)[-1] and "LIMIT 1)" in asked[-1]["sql"]

    assert is_looked_up_row_by_row(), "a short table is not looked over"
    monkeypatch.setattr(few, "LONG", 0)
    assert not is_looked_up_row_by_row()


def test_what_is_rare_is_collected_before_it_is_put_in_order(rows, by, monkeypatch):
    monkeypatch.setattr(few, "FEW", -1)
    monkeypatch.setattr("headwater.platform.filtering.COMMON_SHARE", 0)
    found = [set(filtered(LEADS, by, Condition("city", "is", "berlin")).values_list("pk", flat=True))]
    monkeypatch.setattr("headwater.platform.filtering.RARE", 0)
    found.append(set(filtered(LEADS, by, Condition("city", "is", "berlin")).values_list("pk", flat=True)))
    assert found[0] and found[0] == found[1]


def test_leads_of_the_many_companies_that_meet_a_filter_are_few(rows, by, monkeypatch):
    companies = [parties.add_organisation(name=f"Company {n}", by=by, at=AT) for n in range(3)]
    lead = qualify.capture_lead(party_id=companies[0].pk, by=by, at=AT)
    qualify.capture_lead(
        party_id=parties.add_organisation(name="Told", email="a@x.example", by=by, at=AT).pk, by=by, at=AT
    )
    lacking = Comparison("empty", [], lambda path: Q(**{path: ""}), is_text=True, is_optional=False)
    monkeypatch.setattr(few, "FEW", 2)  # people without an e-mail address are fewer, companies are more
    assert few.few_of(LEADS, "party__email", lacking) == [lead.pk]
    assert [row.pk for row in filtered(LEADS, by, Condition("email", "empty", "true"))] == [lead.pk]
    monkeypatch.setattr(few, "RARE", 1)
    assert few.few_of(LEADS, "party__email", lacking) is None, "more leads of companies than are asked one by one"


def test_what_a_noun_tells_of_whom_it_points_at_is_so(rows, by):
    """By hand and by file, found by its name or told, before a merge and after it."""
    kept, other = (parties.add_organisation(name=name, by=by, at=AT) for name in ("Harrow & Pike", "Pike & Harrow"))
    qualify.capture_lead(party_id=other.pk, by=by, at=AT)
    qualify.capture_lead(company="Castellan", by=by, at=AT)
    qualify.capture_lead(name="Orla Keane", company="Castellan", by=by, at=AT)
    line = CleanRow(2, {"external_id": "L1", "company": "Kestrel", "title": "2 printers"}, {})
    list(LEADS.importer.apply([line], batch=Batch(1, "crm", "UTC", "EUR", "NL"), by=by, at=AT))

    def told():
        companies = set(Lead.objects.filter(party__kind="ORGANISATION").values_list("pk", flat=True))
        assert companies == set(
            Lead.objects.filter(LEADS.pointing["party", "parties.organisation"]).values_list("pk", flat=True)
        )
        return len(companies)

    assert told() == 3
    parties.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], by=by, at=AT)
    assert told() == 3


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite does not count them beforehand")
def test_postgresql_is_not_told_how_many_were_collected(rows, by):
    """Else it reads the list in its order and looks for each row among thousands, one by one."""
    for found in (filtered(LEADS, by, Condition("stage", "is", "NEW")), find(LEADS, "lead").among(LEADS.rows(by))):
        with connection.cursor() as cursor:
            sql, params = found.order_by("-arrived_at").query.sql_with_params()
            cursor.execute(f"EXPLAIN {sql}", params)
            assert any("InitPlan" in row[0] for row in cursor.fetchall())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads its index from the end")
def test_the_highest_id_is_looked_up(rows):
    with CaptureQueriesContext(connection) as asked:
        assert few.newest_id(Lead) == Lead.objects.latest("pk").pk
    assert "SCAN" not in next(_plans(asked))
