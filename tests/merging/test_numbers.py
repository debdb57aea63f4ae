"""Merging changes who is behind a number, never the number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from headwater.acquire import actions as acquire
from headwater.measure import mirror, queries
from headwater.measure.rules.periods import read_request
from headwater.parties import actions
from headwater.platform.actor import job_actor
from headwater.platform.models import Event
from headwater.platform.undo import undo_event
from headwater.qualify import actions as qualify
from headwater.sell import actions as sell
from headwater.team.models import Company

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
BY = job_actor("tests")


def totals():
    """Leads, won and revenue by each way of counting, from a mirror that follows the log."""
    mirror.refresh(at=AT)
    found = {}
    for model in ("first", "last"):
        for basis in ("arrived", "closed"):
            request = read_request(today=AT.date(), by="source", basis=basis, model=model)
            total = queries.fresh_sources_report(BY, request, at=AT).total
            found[model, basis] = (total.figures.leads, total.figures.won, total.figures.orders, total.revenue)
    return found


def rows():
    """The mirror's own rows, so that following the log comes to the same as building it anew."""
    with mirror.reading() as db:
        return {
            table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in ("lead", "sale", "touch", "lead_fact", "sale_fact")
        }


@pytest.fixture
def twins(db):
    for file in settings.HOME.mirror.glob("*"):
        file.unlink()
    Company.objects.create(pk=1, name="K", currency="EUR", country="NL", time_zone="UTC", setup_done_at=AT)
    people = []
    for number, channel in enumerate(("TRADE_SHOW", "REFERRAL")):
        source = acquire.add_source(name=f"Way {number}", channel=channel, by=BY, at=AT)
        company = actions.add_organisation(name=f"Harrow {number} Ltd", by=BY, at=AT)
        person = actions.add_person(name="Orla Keane", employer_id=company.pk, by=BY, at=AT)
        at = AT - timedelta(days=40 - number)
        lead = qualify.capture_lead(by=BY, at=at, party_id=person.pk, source_id=source.pk, title="Printers")
        opportunity = sell.open_opportunity(by=BY, at=at, party_id=person.pk, name="Refresh", amount=Decimal("900"))
        sell.win_opportunity(opportunity_id=opportunity.pk, by=BY, at=AT)
        sell.place_order(party_id=person.pk, amount=Decimal("120.50"), by=BY, at=AT)
        people.append((person, company, lead))
    return people


@pytest.mark.slow
def test_totals_are_the_same_before_and_after_and_after_taking_it_back(twins):
    (orla, harrow, _), (twin, other, _) = twins
    before, mirrored = totals(), rows()
    for keep, merged in ((orla.pk, twin.pk), (harrow.pk, other.pk)):
        actions.merge_parties(keep_id=keep, merge_ids=[merged], by=BY, at=AT)
        assert totals() == before
    followed = rows()
    assert {row[2] for row in followed["lead"]} == {harrow.pk}
    mirror.discard()
    assert totals() == before and rows() == followed, "following the log came to the same as building anew"
    for event in Event.objects.filter(verb="parties.merged").order_by("-pk"):
        undo_event(event_id=event.pk, by=BY, at=AT)
        assert totals() == before
    assert rows() == mirrored
