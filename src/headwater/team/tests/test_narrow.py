"""Tokens give no more than their scopes and rank, passwords end them, and the currency stays once there is money."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from headwater.acquire.actions import add_source, add_spend
from headwater.platform.actor import job_actor
from headwater.platform.errors import Invalid, NotAllowed
from headwater.team.actions.accounts import set_password
from headwater.team.actions.company import change_company
from headwater.team.actions.tokens import create_token
from headwater.team.models import ApiToken, Company, Role, User
from headwater.team.queries import actor_by_ref, actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
SYSTEM = job_actor("test")
PASSWORD = "seven brown foxes"

pytestmark = pytest.mark.django_db


def user(role: str) -> User:
    return User.objects.create(email=f"{role.lower()}@k.example", name=role.title(), role=role, created_at=AT)


def test_only_an_owner_makes_tokens_that_act_for_an_owner() -> None:
    owner, admin = user(Role.OWNER), user(Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        create_token(user_id=owner.pk, name="T", scopes=["write"], by=actor_of(admin), at=AT)
    create_token(user_id=admin.pk, name="T", scopes=["write"], by=actor_of(owner), at=AT)
    create_token(user_id=owner.pk, name="T", scopes=["write"], by=actor_of(owner), at=AT)


def test_a_job_that_a_token_starts_has_no_more_rights_than_the_token() -> None:
    owner = user(Role.OWNER)
    token, _ = create_token(user_id=owner.pk, name="T", scopes=["qualify.lead.see"], by=actor_of(owner), at=AT)
    actor = actor_by_ref(f"token:{token.pk}")
    assert actor.may("qualify.lead.see") and not actor.may("qualify.lead.import")
    assert actor.ref == f"token:{token.pk}"


def test_a_job_of_a_token_that_expired_does_nothing() -> None:
    owner = user(Role.OWNER)
    token, _ = create_token(user_id=owner.pk, name="T", scopes=["write"], days=1, by=actor_of(owner), at=AT)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    with pytest.raises(NotAllowed):
        actor_by_ref(f"token:{token.pk}")


def test_a_new_password_ends_the_tokens_unless_they_are_to_be_kept() -> None:
    owner, other = user(Role.OWNER), user(Role.ADMINISTRATOR)
    for person in (owner, other):
        create_token(user_id=person.pk, name="T", scopes=["write"], by=actor_of(person), at=AT)
    set_password(user_id=owner.pk, password=PASSWORD, by=actor_of(owner), at=AT, keep_tokens=True)
    assert ApiToken.objects.filter(revoked_at=None).count() == 2
    set_password(user_id=owner.pk, password=PASSWORD + "!", by=actor_of(owner), at=AT)
    assert [token.user for token in ApiToken.objects.filter(revoked_at=None)] == [other]


def test_the_currency_can_be_chosen_until_there_are_amounts() -> None:
    Company.objects.create(pk=1, name="K", currency="EUR", setup_done_at=AT)
    change_company(values={"currency": "GBP"}, by=SYSTEM, at=AT)
    source = add_source(name="Fair", channel="TRADE_SHOW", by=SYSTEM, at=AT)
    add_spend(source_id=source.pk, spent_on=date(2026, 3, 1), amount=Decimal(10), by=SYSTEM, at=AT)
    with pytest.raises(Invalid) as refused:
        change_company(values={"currency": "USD"}, by=SYSTEM, at=AT)
    assert "amounts in GBP already" in refused.value.fields["currency"][0]
    change_company(values={"currency": "GBP", "name": "Kestrel"}, by=SYSTEM, at=AT)
