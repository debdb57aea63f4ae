"""Reasons and stages of leads are shown by their labels; the API keeps the codes."""

from __future__ import annotations

import pytest

from headwater.platform.resource import REGISTRY
from headwater.qualify.models import Lead

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("key", "code", "label"),
    [
        ("exit_reason", "WRONG_FIT", "Not our kind of customer"),
        ("sent_back_reason", "NOT_READY", "Not ready to talk"),
        ("exit", "DISQUALIFIED", "Disqualified"),
        ("stage", "NEW", "New"),
        ("interest", "QUOTE_REQUEST", "Quote request"),
    ],
)
def test_a_code_is_shown_by_its_label(key, code, label):
    column = REGISTRY["qualify.lead"].by_key[key]
    lead = Lead(**{key: code})
    assert (column.text(lead), column.of(lead)) == (label, code)
