"""Orders that are declared as quick at any length are read from an index, both ways."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from makers import AT

from headwater.parties.models import Party
from headwater.platform.filter import EVERYTHING
from headwater.platform.paging import page_of
from headwater.platform.resource import REGISTRY, filtered
from headwater.qualify.models import Lead

ORDERS = [(noun, key) for noun, resource in REGISTRY.items() for key in resource.indexed_orders]


@pytest.mark.parametrize(("noun", "key"), ORDERS)
def test_a_declared_order_comes_from_an_index(noun, key, make, by):
    resource = REGISTRY[noun]
    make(noun, 3)
    assert resource.by_key[key].sortable
    if connection.vendor != "sqlite":
        pytest.skip("so few rows are sorted by hand there")
    for sort in (key, f"-{key}"):
        with CaptureQueriesContext(connection) as asked:
            first = page_of(filtered(resource, by, EVERYTHING), resource, sort=sort, size=1)
            page_of(filtered(resource, by, EVERYTHING), resource, sort=sort, size=1, cursor=first.next or "")
        for query in asked.captured_queries:
            if re.match(r'SELECT "\w+"."id" AS "pk" FROM .* ORDER BY', query["sql"]):
                with connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                    plan = " · ".join(row[3] for row in cursor.fetchall())
                assert not re.search(r"TEMP B-TREE FOR ORDER", plan), f"{sort}: {plan}"


@pytest.mark.parametrize("noun", REGISTRY)
def test_six_orders_at_most_have_an_index(noun):
    assert len(REGISTRY[noun].indexed_orders) <= 6


@pytest.mark.skipif(connection.vendor != "sqlite", reason="so few rows are sorted by hand there")
@pytest.mark.parametrize("key", ["parties.person", "parties.organisation"])
def test_which_names_are_shown_is_told_by_the_index_alone(key, make, by):
    make(key, 3)
    with CaptureQueriesContext(connection) as asked:
        page_of(filtered(REGISTRY[key], by, EVERYTHING), REGISTRY[key], sort="name")
    by_name = next(query["sql"] for query in asked.captured_queries if "ORDER BY" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {by_name}")
        plan = [row[3] for row in cursor.fetchall()]
    assert plan == ["SEARCH parties_party USING COVERING INDEX party_kind_name (kind=?)"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="so few rows are sorted by hand there")
@pytest.mark.parametrize("sort", ["employees", "-employees"])
def test_what_has_no_value_is_read_without_the_other_nouns_of_its_table(sort, make, by):
    resource = REGISTRY["parties.organisation"]
    make(resource.key, 3)
    with CaptureQueriesContext(connection) as asked:
        page_of(filtered(resource, by, EVERYTHING), resource, sort=sort)
    (unknown,) = [query["sql"] for query in asked.captured_queries if '"employees" IS NULL' in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {unknown}")
        assert [row[3] for row in cursor.fetchall()] == ["SEARCH parties_party USING INDEX party_kind (kind=?)"]


@pytest.mark.parametrize("sort", ["company", "-company"])
def test_leads_by_company_pass_by_the_names_of_people(sort, make, by):
    resource = REGISTRY["qualify.lead"]
    first, last, none = make(resource.key, 3)
    for pk, name in ((first, "Aalto"), (last, "Zuidema")):
        company = Party.objects.create(kind="ORGANISATION", name=name, name_key=name.lower(), created_at=AT)
        Lead.objects.filter(pk=pk).update(organisation=company)
    Lead.objects.filter(pk=none).update(organisation=None)
    with CaptureQueriesContext(connection) as asked:
        page = page_of(filtered(resource, by, EVERYTHING), resource, sort=sort)
    assert [row.pk for row in page.rows] == [*((last, first) if sort == "-company" else (first, last)), none]
    by_name = next(
        query["sql"] for query in asked.captured_queries if re.search(r'ORDER BY \S+"name_key"', query["sql"])
    )
    assert "\"kind\" = 'ORGANISATION'" in by_name
