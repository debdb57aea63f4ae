"""Facts are written once, with the change, and come back typed."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from headwater.platform import delivery, undo
from headwater.platform.action import action
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Conflict, NotUndoable
from headwater.platform.events import FACTS, Fact, fact_of, record, record_bulk, record_many
from headwater.platform.horizon import log_horizon
from headwater.platform.models import DeadLetter, Event, EventPersonal, HandlerCursor, Undone

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
BY = job_actor("test")


@dataclass(frozen=True, kw_only=True)
class KettleBoiled(
    Fact,
    verb="test.kettle_boiled",
    subject="test.kettle:kettle_id",
    sentence="Boiled {litres} l",
    personal=("drinker",),
    icon="cup",
):
    """Somebody made tea."""

    kettle_id: int
    litres: Decimal
    drinker: str = ""


@action
def boil(kettle_id=1, litres="1.5", drinker="", party_id=None):
    return record(
        KettleBoiled(kettle_id=kettle_id, litres=Decimal(litres), drinker=drinker, party_id=party_id), by=BY, at=AT
    )


@pytest.fixture(autouse=True)
def only_our_handlers(monkeypatch):
    monkeypatch.setattr(delivery, "HANDLERS", {})


@pytest.mark.django_db
def test_personal_values_live_beside_the_log_and_not_in_it():
    event = boil(drinker="Orla Keane")
    event.refresh_from_db()
    assert event.data == {"kettle_id": 1, "litres": "1.5"}
    assert fact_of(event).drinker == "Orla Keane"
    EventPersonal.objects.all().delete()
    assert fact_of(event).drinker is None


@pytest.mark.django_db
def test_bulk_recording_equals_single_recording():
    facts = [KettleBoiled(kettle_id=i, litres=Decimal("0.5"), drinker="A" if i else "", party_id=i) for i in range(3)]

    @action
    def both():
        record_many(facts, by=BY.in_batch(7), at=[AT] * 3)
        record_bulk(facts, by=BY.in_batch(7), at=[AT] * 3)

    both()
    rows = list(Event.objects.order_by("pk"))
    keys = ("verb", "subject_type", "subject_id", "party_id", "actor", "data", "occurred_at", "batch_id", "request_id")
    assert [[getattr(r, k) for k in keys] for r in rows[:3]] == [[getattr(r, k) for k in keys] for r in rows[3:]]
    assert EventPersonal.objects.count() == 4
    assert log_horizon() == rows[-1].pk


@pytest.mark.django_db
def test_a_handler_gets_each_fact_once_when_nothing_fails():
    boiled = []
    delivery.on(KettleBoiled)(lambda fact, event: boiled.append(fact.kettle_id))
    for i in range(3):
        boil(i)
    assert delivery.deliver(at=AT) == 3
    assert delivery.deliver(at=AT) == 0
    assert boiled == [0, 1, 2]
    assert not delivery.is_behind()


@pytest.mark.django_db
def test_a_failing_handler_is_tried_again_later_and_loses_nothing():
    calls = []

    def shaky(fact, event):
        calls.append(fact.kettle_id)
        if fact.kettle_id == 1 and calls.count(1) < 3:
            raise OSError("kettle unplugged")

    delivery.on(KettleBoiled)(shaky)
    for i in range(3):
        boil(i)
    assert delivery.deliver(at=AT) == 1
    assert delivery.deliver(at=AT) == 0, "it waits before the next try"
    assert delivery.deliver(at=AT + timedelta(minutes=1)) == 0
    assert delivery.deliver(at=AT + timedelta(hours=1)) == 2
    assert calls == [0, 1, 1, 1, 2]
    assert DeadLetter.objects.count() == 0


@pytest.mark.django_db
def test_work_that_takes_longer_than_a_lease_is_done_by_one_worker(monkeypatch):
    monkeypatch.setattr(delivery, "LEASE", timedelta(seconds=0.2))
    boiled, others = [], []

    def slow(fact, event):
        boiled.append(fact.kettle_id)
        time.sleep(0.11)
        others.append(delivery.deliver(at=now()))

    delivery.on(KettleBoiled)(slow)
    for i in range(4):
        boil(i)
    assert delivery.deliver(at=now()) == 4
    assert boiled == [0, 1, 2, 3] and others == [0] * 4


@pytest.mark.django_db
def test_the_next_handlers_lease_is_from_when_its_turn_comes(monkeypatch):
    passed, leases = [0], []

    def slow(fact, event):
        passed[0] += 600

    def after(fact, event):
        leases.append(HandlerCursor.objects.get(handler__endswith="after").lease_until)

    for handler in (slow, after):
        delivery.on(KettleBoiled)(handler)
    boil(0)
    monkeypatch.setattr("time.monotonic", lambda: passed[0])
    delivery.deliver(at=AT)
    assert leases == [AT + timedelta(minutes=10) + delivery.LEASE]


@pytest.mark.django_db
def test_a_worker_that_was_overtaken_does_not_set_the_handler_back():
    def overtaken(fact, event):
        HandlerCursor.objects.update(position=10_000, lease_until=AT + timedelta(minutes=3))

    delivery.on(KettleBoiled)(overtaken)
    boil(0)
    delivery.deliver(at=AT)
    cursor = HandlerCursor.objects.get()
    assert (cursor.position, cursor.lease_until) == (10_000, AT + timedelta(minutes=3))


@pytest.mark.django_db
def test_a_refused_fact_becomes_a_dead_letter_at_once_and_the_rest_goes_on():
    calls = []

    def refusing(fact, event):
        calls.append(fact.kettle_id)
        if fact.kettle_id == 0:
            raise Conflict("never")

    delivery.on(KettleBoiled)(refusing)
    boil(0)
    boil(1)
    delivery.deliver(at=AT)
    assert calls == [0, 1]
    assert "never" in DeadLetter.objects.get().error
    assert HandlerCursor.objects.get().position == Event.objects.latest("pk").pk


@pytest.mark.django_db
def test_five_failures_make_a_dead_letter():
    delivery.on(KettleBoiled)(lambda fact, event: 1 / 0)
    boil()
    at = AT
    for _ in range(6):
        delivery.deliver(at=at)
        at += timedelta(days=1)
    assert DeadLetter.objects.count() == 1
    assert not delivery.is_behind()


@pytest.mark.django_db
def test_an_event_is_undone_once(monkeypatch):
    taken_back = []
    monkeypatch.setitem(undo._REVERSALS, KettleBoiled.verb, lambda fact, **kw: taken_back.append(fact.kettle_id))
    event = boil()
    undo.undo_event(event_id=event.pk, by=BY, at=AT)
    with pytest.raises(NotUndoable, match="before"):
        undo.undo_event(event_id=event.pk, by=BY, at=AT)
    assert taken_back == [1]
    assert Undone.objects.count() == 1


@pytest.mark.django_db
def test_a_fact_nobody_can_reverse_says_so():
    with pytest.raises(NotUndoable, match="no way back"):
        undo.undo_event(event_id=boil().pk, by=BY, at=AT)


def test_two_facts_may_not_share_a_verb():
    with pytest.raises(RuntimeError, match="Two facts"):

        class Again(Fact, verb="test.kettle_boiled", subject="test.kettle:kettle_id", sentence=""):
            pass

    assert FACTS["test.kettle_boiled"] is KettleBoiled
