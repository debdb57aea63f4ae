"""Files of calls, meetings, notes and e-mails logged elsewhere: with whom they were, again, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headwater.parties import actions
from headwater.parties.actions.activity_files import import_activities, undo_activity_import
from headwater.parties.models import Activity, Party
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.identity import remember_ids
from headwater.platform.importer import Batch, CleanRow, RowResult
from headwater.platform.models import Event
from headwater.platform.testing import count_queries, query_budget
from headwater.qualify.actions import capture_lead
from headwater.team.models import User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
CALLED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db
Bring = Callable[..., list[RowResult]]


@pytest.fixture
def orla(by: Actor) -> Party:
    return actions.add_person(
        name="Orla Keane",
        email="orla@harrow.example",
        phone="+353 1 496 0100",
        employer_name="Harrow & Pike",
        by=by,
        at=AT,
    )


@pytest.fixture
def bring(by: Actor) -> Bring:
    def run(*rows: dict[str, Any], batch_id: int = 7, actor: Actor = by, **extra: str) -> list[RowResult]:
        batch = Batch(id=batch_id, system="oldcrm", zone="Europe/Dublin", currency="EUR", region="IE")
        clean = [
            CleanRow(line, {"occurred_at": CALLED, "kind": "CALL", **row}, dict(extra))
            for line, row in enumerate(rows, 2)
        ]
        return list(import_activities(clean, batch=batch, by=actor, at=AT))

    return run


def outcomes(results: list[RowResult]) -> list[str]:
    return [str(result.outcome) for result in results]


def test_an_activity_is_with_whom_its_row_names(bring: Bring, orla: Party, by: Actor) -> None:
    lead = capture_lead(party_id=orla.pk, title="Two plotters", by=by, at=AT)
    with_ids = {"parties.person": ("P1", orla.pk), "qualify.lead": ("L1", lead.pk)}
    remember(with_ids, by)
    results = bring(
        {"email": "Orla@Harrow.example", "subject": "By e-mail"},
        {"phone": "01 496 0100", "subject": "By phone"},
        {"person": "P1", "subject": "By the id of the person"},
        {"lead": "L1", "subject": "By the id of the lead"},
        {"organisation": "Harrow & Pike Ltd", "subject": "By the company"},
    )
    assert outcomes(results) == ["CREATED"] * 5, results
    made = {activity.subject: activity.party for activity in Activity.objects.select_related("party")}
    assert made.pop("By the company").name == "Harrow & Pike"
    assert set(made.values()) == {orla}
    told = Event.objects.filter(verb="parties.activity_logged", batch_id=7)
    assert {event.occurred_at for event in told} == {CALLED}


def test_a_company_that_was_merged_into_its_namesake_is_one(bring: Bring, orla: Party, by: Actor) -> None:
    company = Party.objects.get(name="Harrow & Pike")
    twin = actions.add_organisation(name="Harrow & Pike Ltd", by=by, at=AT)
    actions.merge_parties(keep_id=company.pk, merge_ids=[twin.pk], by=by, at=AT)
    results = bring({"organisation": "Harrow & Pike Limited", "subject": "Visit"})
    assert outcomes(results) == ["CREATED"], results
    assert Activity.objects.get(subject="Visit").party == company


def remember(names: dict[str, tuple[str, int]], by: Actor) -> None:
    @action
    def write(*, by: Actor, at: datetime) -> None:
        for kind, (external_id, pk) in names.items():
            remember_ids("oldcrm", kind, {external_id: pk})

    write(by=by, at=AT)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"email": "nobody@else.example"}, "Nobody here has the e-mail “nobody@else.example”."),
        ({"phone": "01 999 9999"}, "Nobody here has the phone number “01 999 9999”."),
        ({"person": "P9"}, "Nobody here has the id “P9”."),
        ({"lead": "L9"}, "No lead here has the id “L9”."),
        ({"organisation": "Unheard of GmbH"}, "No company here is called “Unheard of GmbH”."),
        (
            {"email": "orla@harrow.example", "kind": "TODO"},
            "A file brings what was done; what is still to do is planned here.",
        ),
        ({"email": "orla@harrow.example", "kind": "", "subject": ""}, "The row does not say what was done."),
        ({}, "The row does not say with whom: it needs an e-mail, a phone number, a company or an id."),
    ],
)
def test_whom_nobody_knows_is_not_added(said: dict[str, str], why: str, bring: Bring, orla: Party) -> None:
    parties = Party.objects.count()
    [result] = bring({"subject": "Call", **said})
    assert (result.outcome, tuple(result.reasons)) == ("REJECTED", (why,))
    assert (Activity.objects.count(), Party.objects.count()) == (0, parties)


def test_an_address_of_several_says_who_they_are(bring: Bring, orla: Party, by: Actor) -> None:
    other = actions.add_person(name="Info Desk", phone="+353 1 496 0100", by=by, at=AT)
    [result] = bring({"phone": "+353 1 496 0100", "subject": "Call"})
    assert result.outcome == "REJECTED" and other.name in result.reasons[0] and orla.name in result.reasons[0]


def test_whom_one_does_not_see_one_does_not_find(bring: Bring, orla: Party, ira: User, by: Actor, head: User) -> None:
    actions.change_party(party_id=orla.pk, owner_id=head.pk, by=by, at=AT)
    actor = actor_of(ira)
    may = Actor(**{**vars(actor), "verbs": actor.verbs | {"parties.activity.import"}})
    [result] = bring({"email": "orla@harrow.example", "subject": "Call"}, actor=may)
    assert result.reasons == ("Nobody here has the e-mail “orla@harrow.example”.",)


def test_again_nothing_changes_and_a_correction_is_one(bring: Bring, orla: Party) -> None:
    row = {"external_id": "A1", "email": "orla@harrow.example", "subject": "Asked for a price", "body": "Two plotters"}
    without_id = {"email": "orla@harrow.example", "subject": "Sent it"}
    first = bring(row, without_id, Duration="12 min")
    assert Activity.objects.get(pk=first[0].object_id).extra == {"Duration": "12 min"}
    before = Event.objects.count()
    again = bring(row, without_id, batch_id=8, Duration="12 min")
    assert outcomes(again) == ["UNCHANGED"] * 2 and Event.objects.count() == before
    assert [result.object_id for result in again] == [result.object_id for result in first]
    [corrected] = bring({**row, "subject": "Asked for two prices"}, batch_id=9)
    assert corrected.outcome == "UPDATED"
    assert Activity.objects.get(pk=corrected.object_id).subject == "Asked for two prices"
    assert Activity.objects.count() == 2


def test_a_file_is_taken_back_except_what_was_worked_on_since(bring: Bring, orla: Party, by: Actor) -> None:
    row = {"external_id": "A1", "email": "orla@harrow.example", "subject": "Asked for a price"}
    bring(row)
    bring({**row, "subject": "Asked for two"}, {"email": "orla@harrow.example", "subject": "New"},
          {"email": "orla@harrow.example", "subject": "Edited"}, batch_id=8)  # fmt: skip
    edited = Activity.objects.get(subject="Edited")
    actions.change_activity(activity_id=edited.pk, body="More", by=by, at=AT + timedelta(hours=1))
    undone = undo_activity_import(batch_id=8, by=by, at=AT)
    assert (undone.removed, undone.restored, [kept.object_id for kept in undone.kept]) == (1, 1, [edited.pk])
    assert set(Activity.objects.filter(deleted_at=None).values_list("subject", flat=True)) == {
        "Asked for a price", "Edited",
    }  # fmt: skip


def test_a_file_costs_as_many_statements_for_two_rows_as_for_many(bring: Bring, orla: Party) -> None:
    def rows(count: int, words: str) -> list[dict[str, str]]:
        told = [
            {"external_id": f"A{n}", "email": "orla@harrow.example", "subject": f"{words} {n}"} for n in range(count)
        ]
        return [*told, {"email": "nobody@x.example", "subject": words}]

    with count_queries() as few:
        bring(*rows(2, "Call"))
    with query_budget(len(few)):
        bring(*(row | {"external_id": f"B{n}"} for n, row in enumerate(rows(40, "Visit"))))
    with count_queries() as few:
        bring(*rows(2, "Corrected"))
    with query_budget(len(few) + 1):
        bring(*(row | {"external_id": f"B{n}"} for n, row in enumerate(rows(40, "Corrected"))))
