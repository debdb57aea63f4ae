"""Leads in the orders that take a detour: by the names of others, and by what is reckoned of them."""

from datetime import UTC, datetime, timedelta

import pytest

from headwater.platform import paging
from headwater.platform.filter import EVERYTHING, Condition
from headwater.platform.paging import page_of
from headwater.platform.resource import REGISTRY, filtered
from headwater.qualify import actions
from headwater.qualify.models import Lead

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
LEADS = REGISTRY["qualify.lead"]


@pytest.fixture
def named(by_head):
    """Leads of people whose names only a folded order puts right, by first name."""
    names = ["zoe Ard", "Émile Berg", "Adam Stein", "bela Feld", "Chen Hof"]
    return {name.split()[0]: actions.capture_lead(by=by_head, at=AT, name=name).pk for name in names}


def in_pages(actor, sort, tree=EVERYTHING):
    """All ids of the list, read forwards in pages of two."""
    rows, found, cursor = filtered(LEADS, actor, tree), [], ""
    while cursor is not None:
        page = page_of(rows, LEADS, sort=sort, cursor=cursor, size=2)
        found += [row.pk for row in page.rows]
        cursor = page.next
    return found


@pytest.mark.parametrize("share", [1, 50])
def test_names_are_in_order_whatever_their_case_and_accents(named, by_head, monkeypatch, share):
    monkeypatch.setattr(paging, "COMMON_SHARE", share)  # of 1: no list is common enough to be read along the names
    wanted = [named[name] for name in ("Adam", "bela", "Chen", "Émile", "zoe")]
    assert in_pages(by_head, "name") == wanted
    assert in_pages(by_head, "-name") == wanted[::-1]
    assert in_pages(by_head, "name", Condition("name", "contains", "berg")) == [named["Émile"]]


def test_leads_with_a_next_step_come_first_by_when_it_is_due(named, by_head):
    for days, name in ((3, "Chen"), (1, "zoe")):
        due = AT + timedelta(days=days)
        actions.plan_next_step(lead_id=named[name], subject="Call", due_at=due, by=by_head, at=AT)
    rest = sorted(pk for name, pk in named.items() if name not in ("Chen", "zoe"))
    assert in_pages(by_head, "next_step_due_at") == [named["zoe"], named["Chen"], *rest]
    assert in_pages(by_head, "-next_step_due_at") == [named["Chen"], named["zoe"], *rest[::-1]]


def test_the_clock_runs_for_those_who_wait_and_the_others_follow_as_they_came(named, by_head):
    Lead.objects.filter(pk=named["Adam"]).update(answered_at=AT)
    Lead.objects.filter(pk=named["zoe"]).update(answer_due_at=AT - timedelta(days=9))
    found = in_pages(by_head, "clock,-arrived_at")
    assert found[0] == named["zoe"] and found[-1] == named["Adam"] and sorted(found) == sorted(named.values())
