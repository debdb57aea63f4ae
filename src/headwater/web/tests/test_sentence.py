"""Facts in words: nothing that only programs read reaches a reader."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from headwater.acquire.events import TouchpointRecorded
from headwater.platform.events import FACTS, Changed
from headwater.qualify.events import LeadDisqualified, LeadMoved, LeadRecycled
from headwater.sell.events import OrderPlaced
from headwater.web.sentence import sentence

pytestmark = pytest.mark.django_db


def test_amounts_have_their_currency():
    assert sentence(OrderPlaced, {"amount": "12000.00", "currency": "EUR"}, {}) == "Order placed €12,000"
    assert sentence(OrderPlaced, {"amount": "12000.50", "currency": "GBP"}, {}) == "Order placed £12,000.50"
    assert sentence(OrderPlaced, {}, {}) == "Order placed"


def test_codes_have_their_labels():
    assert sentence(LeadDisqualified, {"reason": "WRONG_FIT"}, {}) == "Lead disqualified: Not our kind of customer"
    assert sentence(LeadMoved, {"from_stage": "NEW", "to_stage": "MQL"}, {}) == "Lead moved from New to MQL"
    assert "_" not in sentence(TouchpointRecorded, {"kind": "FORM_SENT", "source_name": "Fair"}, {})


def test_days_are_written_as_everywhere_else():
    said = sentence(LeadRecycled, {"wake_up_on": "2024-03-05"}, {})
    assert "2024-03-05" not in said and "5 Mar" in said


def test_changed_fields_are_called_like_their_columns():
    values = {"names": "ordered at", "fields": {"ordered_at": ["2024-01-01", "2024-01-02"]}}
    assert sentence(Changed, values, {}, subject_type="sell.order") == "Changed ordered"


@pytest.mark.parametrize("verb", sorted(FACTS))
def test_no_sentence_shows_what_is_made_for_programs(verb):
    """Every field of every fact filled with raw values: none comes out as it went in."""
    cls = FACTS[verb]
    raw = {"amount": "12000.00", "currency": "EUR", "cost": "12000.00", "budget": "12000.00"}
    for each in fields(cls):
        if each.name.endswith(("_at", "_on")):
            raw[each.name] = datetime(2024, 3, 5, 9, tzinfo=UTC).isoformat()
        elif each.name in ("kind", "reason", "stage", "from_stage", "to_stage", "interest"):
            raw[each.name] = "SOME_CODE"
    said = sentence(cls, raw, {})
    assert not re.search(r"12000\.00|2024-03|[A-Z]+_[A-Z]+", said), said
