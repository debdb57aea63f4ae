"""Filters that hardly any row meets are answered by the index of their column, and say the same as without it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from makers import AT

from headwater.parties.models import Party
from headwater.platform import few
from headwater.platform.filter import Condition
from headwater.platform.resource import REGISTRY, filtered
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
