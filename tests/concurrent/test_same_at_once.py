"""The same thing entered several times at the same moment: it is there once, and nobody gets a page of errors.

On PostgreSQL, where writers run side by side; SQLite lets one write at a time.
"""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from headwater.acquire import actions as acquire
from headwater.parties import actions as parties
from headwater.parties.models import Party, Tag
from headwater.platform.actor import job_actor
from headwater.platform.busy import as_busy
from headwater.platform.clock import now
from headwater.platform.errors import Conflict, DomainError
from headwater.platform.identity import made_or_found
from headwater.platform.once import Answered, once
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.sell import actions as sell
from headwater.team.actions import accounts, second_factor
from headwater.team.models import Company, Role, SecondFactor, User
from headwater.team.queries import actor_of
from headwater.team.queries.second_factor import seal
from headwater.team.queries.signing_in import reset_secret

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
BY = job_actor("tests")
TURNS = 6

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]


@pytest.fixture(autouse=True)
def company():
    Company.objects.update_or_create(pk=1, defaults={"name": "K", "currency": "EUR", "country": "NL"})


def at_once(step, times=3):
    """Take the step in several threads; what each answered or was refused with."""
    ready = threading.Barrier(times)
    found = [None] * times

    def run(number):
        try:
            ready.wait()
            found[number] = step()
        except Exception as error:  # noqa: BLE001
            found[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.parametrize("turn", range(TURNS))
def test_one_address_captured_at_once_is_one_person(turn):
    address = f"same{turn}@ex.example"
    found = at_once(lambda: qualify.capture_lead(name="Same Person", email=address, by=BY, at=AT).pk)
    assert not [one for one in found if isinstance(one, Exception)], found
    assert Party.objects.filter(email=address).count() == 1


@pytest.mark.parametrize("turn", range(TURNS))
def test_one_employer_written_at_once_is_one_company(turn):
    at_once(lambda: parties.add_person(first_name="X", last_name="Y", employer_name=f"New {turn}", by=BY, at=AT).pk)
    assert Party.objects.filter(kind="ORGANISATION", name=f"New {turn}").count() == 1


@pytest.mark.parametrize(
    "add",
    [
        lambda: acquire.add_source(name="Fair", channel="REFERRAL", by=BY, at=AT).pk,
        lambda: acquire.add_campaign(name="Spring", by=BY, at=AT).pk,
        lambda: sell.add_product(name="Server", by=BY, at=AT).pk,
    ],
    ids=["source", "campaign", "product"],
)
def test_one_name_given_at_once_is_refused_to_the_others(add):
    found = at_once(add)
    assert sum(isinstance(one, int) for one in found) == 1, found
    assert all(isinstance(one, (int, Conflict)) for one in found), found


def test_one_tag_put_at_once_is_one_tag():
    people = iter([parties.add_person(name=f"Tag Me {n}", by=BY, at=AT).pk for n in range(3)])
    found = at_once(lambda: parties.tag_party(party_id=next(people), tag="Fair 2026", by=BY, at=AT).pk)
    assert len(set(found)) == 1 and Tag.objects.count() == 1, found


@pytest.mark.parametrize("turn", range(TURNS))
def test_one_request_sent_at_once_is_carried_out_once(turn):
    def send():
        def make():
            source = acquire.add_source(name=f"Fair {turn}", channel="TRADE_SHOW", by=BY, at=AT)
            return Answered(201, {}, str(source.pk))

        return once(key=f"k{turn}", request="same", by=BY, at=AT, step=make)

    found = at_once(send)
    assert not [one for one in found if isinstance(one, Exception)], found
    assert len({one.body for one in found}) == 1 and sorted(one.is_repeated for one in found) == [False, True, True]


@pytest.mark.parametrize("turn", range(TURNS))
def test_one_external_id_sent_at_once_is_one_row(turn):
    def send():
        return made_or_found(
            system="erp",
            kind="acquire.source",
            external_id=f"S{turn}",
            make=lambda: acquire.add_source(name=f"Messe {turn}", channel="TRADE_SHOW", by=BY, at=AT).pk,
            change=lambda pk: None,
        )

    found = at_once(send)
    assert not [one for one in found if isinstance(one, Exception)], found
    assert len({pk for pk, _ in found}) == 1 and sorted(is_new for _, is_new in found) == [False, False, True]


@pytest.mark.parametrize("turn", range(TURNS))
def test_one_key_with_two_bodies_at_once_is_for_one_of_them(turn):
    numbers = itertools.count()

    def send():
        number = next(numbers)

        def make():
            return Answered(201, {}, str(acquire.add_source(name=f"S{number}", channel="TRADE_SHOW", by=BY, at=AT).pk))

        return once(key=f"k{turn}", request=f"body {number}", by=BY, at=AT, step=make)

    found = at_once(send)
    assert sorted(type(one).__name__ for one in found) == ["Answered", "KeyUsed", "KeyUsed"], found


# ---------------------------------------------------------------- what may happen once, or to one


def person(number, role=Role.INSIDE_SALES):
    return User.objects.create(email=f"{role}{number}@k.example", name=f"{role} {number}", role=role, created_at=AT)


@pytest.mark.parametrize("turn", range(TURNS))
def test_one_lead_claimed_at_once_is_one_persons(turn):
    lead = qualify.capture_lead(name="Orla Keane", email=f"orla{turn}@ex.example", by=BY, at=AT)
    people = iter([actor_of(person(number)) for number in range(3)])
    found = at_once(lambda: qualify.claim_lead(lead_id=lead.pk, by=next(people), at=now()).owner_id)
    [owner] = [one for one in found if isinstance(one, int)]
    assert Lead.objects.get(pk=lead.pk).owner_id == owner
    assert sum(isinstance(one, DomainError) for one in found) == 2, found


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_link_opened_at_once_sets_one_password(turn):
    secret, passwords = reset_secret(person(turn), at=now()), iter(f"seven grey herons {n}" for n in range(3))
    found = at_once(
        lambda: accounts.use_password_link(secret=secret, password=next(passwords), by=BY, at=now()).password
    )
    [kept] = [one for one in found if isinstance(one, str)]
    assert User.objects.get().password == kept
    assert [one for one in found if one != kept and not isinstance(one, accounts.LinkOver)] == [], found


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_recovery_code_shown_at_once_lets_one_in(turn):
    user = person(turn)
    SecondFactor.objects.create(user=user, sealed=seal("A" * 32), confirmed_at=AT, last_step=0)
    code = second_factor.renew_codes(by=actor_of(user), at=now())[0]
    found = at_once(lambda: second_factor.use_code(user_id=user.pk, code=code, by=actor_of(user), at=now()))
    assert sorted(found) == [False, False, True]


@pytest.mark.parametrize("turn", range(TURNS))
def test_owners_who_let_each_other_go_at_once_leave_one(turn):
    """Of two who wait for each other PostgreSQL ends one, who is asked to try again."""
    owners = [person(number, Role.OWNER) for number in range(2)]
    pairs = iter([(owners[0], owners[1]), (owners[1], owners[0])])

    def let_go():
        me, other = next(pairs)
        return accounts.deactivate_user(user_id=other.pk, by=actor_of(me), at=now()).pk

    found = at_once(let_go, times=2)
    assert User.objects.filter(role=Role.OWNER, is_active=True).count() == 1, found
    assert sum(isinstance(one, int) for one in found) == 1, found
    assert all(isinstance(one, (int, accounts.LastOwner)) or as_busy(one) is not None for one in found), found
