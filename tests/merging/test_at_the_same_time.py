"""Two people merge overlapping records at the same moment: one is refused or follows, and no row is lost.

On PostgreSQL, where writers run side by side; SQLite lets one write at a time.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection

from headwater.parties import actions, pointing
from headwater.parties.models import Activity, Party
from headwater.platform.actor import job_actor
from headwater.platform.errors import DomainError
from headwater.platform.models import Event
from headwater.platform.undo import undo_event
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.team.models import Company

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
BY = job_actor("tests")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]


@pytest.fixture
def people():
    Company.objects.create(pk=1, name="K", currency="EUR", country="NL", time_zone="UTC")
    found = [actions.add_person(by=BY, at=AT, name=f"Orla {n}", email=f"o{n}@x.example").pk for n in range(4)]
    for pk in found:
        qualify.capture_lead(by=BY, at=AT, party_id=pk, title="Printers")
    return found


def at_once(*steps):
    """Run the steps side by side; what each answered or was refused with."""
    ready = threading.Barrier(len(steps))
    found = [None] * len(steps)

    def run(number, step):
        try:
            ready.wait()
            found[number] = step()
        except (DomainError, OperationalError) as refusal:
            found[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, step)) for n, step in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def merge(keep, *others):
    return lambda: actions.merge_parties(keep_id=keep, merge_ids=others, by=BY, at=AT)


def whole():
    assert not Party.objects.filter(merged_into__merged_into__isnull=False).exists(), "nobody leads to a merged one"
    merged = set(Party.objects.exclude(merged_into=None).values_list("pk", flat=True))
    for pointer in pointing.POINTERS.values():
        if not pointer.may_stay:
            assert not pointer.rows(merged).exists(), pointer.key


@pytest.mark.parametrize("turn", range(4))
def test_into_each_other(people, turn):
    a, b, *_ = people
    found = at_once(merge(a, b), merge(b, a))
    assert sum(isinstance(one, DomainError) for one in found) == 1, found
    assert Party.objects.filter(merged_into=None).count() == 3
    whole()


@pytest.mark.parametrize("turn", range(4))
def test_in_a_ring_and_in_a_chain(people, turn):
    a, b, c, d = people
    found = at_once(merge(a, b), merge(b, c), merge(c, a), merge(d, c))
    bad = [str(one) for one in found if not isinstance(one, (Party, DomainError))]
    assert not bad, "\n".join(bad)
    assert Lead.objects.filter(party__merged_into=None).count() == 4, "every lead is with a record that is seen"
    whole()


@pytest.mark.parametrize("turn", range(3))
def test_while_somebody_writes_for_the_merged_one(people, turn):
    a, b, *_ = people

    def write():
        return actions.log_activity(party_id=b, kind="NOTE", subject="At the same moment", by=BY, at=AT)

    at_once(merge(a, b), write, write)
    actions.follow_merges(by=BY, at=AT)
    assert set(Activity.objects.values_list("party_id", flat=True)) <= {a}
    whole()


@pytest.mark.parametrize("turn", range(3))
def test_while_somebody_else_takes_it_apart(people, turn):
    a, b, c, _ = people
    merge(a, b)()
    event = Event.objects.get(verb="parties.merged")

    def take_apart():
        return undo_event(event_id=event.pk, by=BY, at=AT)

    found = at_once(take_apart, take_apart, merge(c, a))
    assert sum(isinstance(one, DomainError) for one in found) <= 2, found
    assert Lead.objects.filter(party__merged_into=None).count() == 4
    whole()
