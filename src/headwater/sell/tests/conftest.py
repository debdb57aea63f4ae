"""The people and things that tests of selling start from, beside those of every room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from headwater.acquire.models import Source
from headwater.parties.actions import add_organisation
from headwater.parties.models import Party
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.rates import Quote
from headwater.platform.spans import set_span
from headwater.qualify.models import Lead
from headwater.sell import actions
from headwater.sell.models import Opportunity, PipelineStage
from headwater.team.actions.rates import set_rates
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def jonas(colleague: Callable[..., User], field: Team) -> User:
    """A field rep; Priya is his colleague in the same team."""
    return colleague("Jonas Weber", Role.FIELD_REP, field)


@pytest.fixture
def stranger(colleague: Callable[..., User]) -> User:
    """An independent rep, who sees only what is theirs."""
    return colleague("Ola Free", Role.INDEPENDENT_REP)


@pytest.fixture
def by_jonas(jonas: User) -> Actor:
    return actor_of(jonas)


@pytest.fixture
def by_stranger(stranger: User) -> Actor:
    return actor_of(stranger)


@pytest.fixture
def stages(db: None) -> list[PipelineStage]:
    return list(PipelineStage.objects.order_by("position"))


@pytest.fixture
def acme(company: Company, system: Actor) -> Party:
    return add_organisation(name="Acme Dental", by=system, at=AT)


@pytest.fixture
def sql_lead(acme: Party, jonas: User, system: Actor) -> Lead:
    """A sales qualified lead of Acme from a fair, owned by Jonas."""
    source = Source.objects.create(name="Hannover fair", name_key="hannover fair", channel="TRADE_SHOW", created_at=AT)
    lead = Lead.objects.create(
        party=acme, organisation=acme, source=source, title="Servers for 6 practices", stage="SQL", owner=jonas,
        team=jonas.team, stage_since=AT - DAY, arrived_at=AT - 30 * DAY, created_at=AT - 30 * DAY, amount=61_000,
        currency="EUR",
    )  # fmt: skip
    action(set_span)("qualify.lead", lead.pk, "stage", "SQL", at=AT - DAY)
    return lead


@pytest.fixture
def opened(acme: Party, by_jonas: Actor, system: Actor) -> Callable[..., Opportunity]:
    """Opens an opportunity for Acme, owned by Jonas unless said otherwise."""

    def make(**values: Any) -> Opportunity:
        values.setdefault("owner_id", by_jonas.user_id)
        values.setdefault("at", AT - 10 * DAY)
        values.setdefault("party_id", acme.pk)
        return actions.open_opportunity(by=system, **values)

    return make


@pytest.fixture
def browser(client: Client, jonas: User) -> Client:
    """Jonas at his browser, as the owner of the company."""
    jonas.role = Role.OWNER
    jonas.save()
    client.force_login(jonas)
    return client


@pytest.fixture
def rated(company: Company, system: Actor) -> None:
    """The company has a rate of US dollars."""
    set_rates(quotes=[Quote("USD", date(2026, 11, 2), Decimal("0.92"))], source="Bank", by=system, at=AT)
