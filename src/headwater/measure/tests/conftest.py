"""A small company with a history whose answers can be counted by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from headwater.acquire.models import Campaign, Source, SpendEntry, Touchpoint
from headwater.measure import mirror, recent
from headwater.parties.models import Party
from headwater.platform.models import Event, Span
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, Order, Pipeline, PipelineStage
from headwater.team.models import Company, User

NOW = datetime(2026, 11, 12, 10, tzinfo=UTC)


class History:
    """Writes what happened straight into the tables, each row with its event."""

    def __init__(self):
        self.count = 0

    def user(self, role="OWNER"):
        self.count += 1
        return User.objects.create(email=f"u{self.count}@x.example", name="Sofia Lind", role=role, created_at=NOW)

    def source(self, name, channel="OTHER"):
        return Source.objects.create(name=name, name_key=name.lower(), channel=channel, created_at=NOW)

    def campaign(self, name):
        return Campaign.objects.create(name=name, name_key=name.lower(), currency="EUR", created_at=NOW)

    def lead(self, source=None, days_ago=100, *, sql=False, touched=True, **values):
        self.count += 1
        at = NOW - timedelta(days=days_ago)
        party = Party.objects.create(kind="PERSON", name=f"P {self.count}", name_key=f"p{self.count}", created_at=at)
        lead = Lead.objects.create(party=party, source=source, arrived_at=at, created_at=at, currency="EUR", **values)
        if touched:
            Touchpoint.objects.create(
                party=party,
                source=source,
                campaign=values.get("campaign"),
                kind="ENQUIRY",
                occurred_at=at,
                created_at=at,
            )
        for stage in ("NEW", "SQL") if sql else ("NEW",):
            Span.objects.create(
                subject_type="qualify.lead",
                subject_id=lead.pk,
                kind="stage",
                value=stage,
                from_at=at,
                recorded_at=at,
            )
        self.note("qualify.lead", lead.pk, party.pk)
        return lead

    def order(self, lead, amount="1000", cost="700", days_later=10):
        order = Order.objects.create(
            lead=lead,
            party=lead.party,
            ordered_at=lead.arrived_at + timedelta(days=days_later),
            amount=amount and Decimal(amount),
            cost=cost and Decimal(cost),
            currency="EUR",
            created_at=NOW,
        )
        self.note("sell.order", order.pk)
        return order

    def leads(self, source, count, won=0, **values):
        """``won`` of ``count`` leads bought."""
        found = [self.lead(source, sql=number < won, **values) for number in range(count)]
        for lead in found[:won]:
            self.order(lead)
        return found

    def opportunity(self, lead=None, **values):
        stage = PipelineStage.objects.first() or PipelineStage.objects.create(
            pipeline=Pipeline.objects.create(name="P", is_default=True), name="S", position=1, probability=20
        )
        found = Opportunity.objects.create(
            name="O",
            lead=lead,
            party=lead.party if lead else None,
            stage=stage,
            probability=20,
            currency="EUR",
            created_at=NOW,
            **values,
        )
        self.note("sell.opportunity", found.pk)
        return found

    def spend(self, source, amount):
        return SpendEntry.objects.create(
            source=source,
            spent_on=(NOW - timedelta(days=100)).date(),
            amount=Decimal(amount),
            currency="EUR",
            created_at=NOW,
        )

    def note(self, kind="test.row", pk=1, party_id=None):
        Event.objects.create(
            verb="test.noted",
            subject_type=kind,
            subject_id=pk,
            party_id=party_id,
            actor="t",
            occurred_at=NOW,
            recorded_at=NOW,
            request_id="x",
        )

    def count_up(self):
        """Bring the mirror up to the log."""
        mirror.refresh(at=NOW)


@pytest.fixture
def history(db):
    for file in settings.HOME.mirror.glob("*"):
        file.unlink()
    recent.PAGES.clear()
    Company.objects.update_or_create(
        pk=1, defaults={"name": "Kestrel", "currency": "EUR", "time_zone": "Europe/Amsterdam", "setup_done_at": NOW}
    )
    return History()


@pytest.fixture
def kestrel(history):
    """Referrals shine, the fair does not pay, the list is too young to tell; some of it nobody knows."""
    referral, fair = history.source("Referrals", "REFERRAL"), history.source("=Fair", "TRADE_SHOW")
    listed, cards = history.source("ListCo", "EXTERNAL_LIST"), history.campaign("Thank-you cards")
    history.leads(referral, 20, won=10, campaign=cards, owner=history.user("INDEPENDENT_REP"))
    history.leads(fair, 60, won=6)
    history.leads(listed, 30, won=1)
    history.leads(history.source("unknown"), 3)
    history.leads(None, 4, won=1)
    history.order(history.lead(referral, touched=False), "250")
    history.spend(referral, "500")
    history.spend(fair, "9000")
    history.spend(listed, "800")
    history.count_up()
    return history
