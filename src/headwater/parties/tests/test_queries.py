"""Who sees whom, finding people again, and the one timeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headwater.parties import actions, queries
from headwater.parties.actions import PartyDraft, match_parties
from headwater.parties.models import Party
from headwater.platform.actor import Actor
from headwater.platform.errors import NotFound
from headwater.platform.importer import Batch
from headwater.platform.models import Event
from headwater.platform.testing import make_actor, query_budget
from headwater.platform.undo import undo_event
from headwater.team.models import User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def pike(by: Actor) -> Party:
    return actions.add_organisation(by=by, at=AT, name="Harrow & Pike Ltd", email="hello@pike.example")


@pytest.fixture
def orla(by: Actor, pike: Party) -> Party:
    return actions.add_person(
        by=by, at=AT, name="Orla O'Keane", email="orla@pike.example", phone="020 794 1234", employer_id=pike.pk
    )


def names(actor: Actor) -> set[str]:
    return set(queries.visible_parties(actor).values_list("name", flat=True))


def test_people_and_companies_follow_the_same_rule_of_visibility(
    by: Actor, marta: User, ira: User, orla: Party, pike: Party
) -> None:
    assert names(actor_of(ira)) == {"Orla O'Keane", "Harrow & Pike Ltd"}, "what nobody owns is open to all"
    for party in (orla, pike):
        actions.change_party(party_id=party.pk, owner_id=marta.pk, by=by, at=AT)
    assert names(actor_of(ira)) == set()
    assert names(actor_of(marta)) == names(by) == {"Orla O'Keane", "Harrow & Pike Ltd"}
    actions.grant_access(party_ids=[pike.pk], user_id=ira.pk, reason="sell.opportunity:1", by=by, at=AT)
    assert names(actor_of(ira)) == {"Harrow & Pike Ltd"}
    actions.withdraw_access(party_ids=[pike.pk], user_id=ira.pk, reason="sell.opportunity:1", by=by, at=AT)
    assert names(actor_of(ira)) == set()


def test_a_grant_to_a_team_opens_a_record_to_its_people(by: Actor, marta: User, ira: User, orla: Party) -> None:
    actions.change_party(party_id=orla.pk, owner_id=marta.pk, by=by, at=AT)
    actions.grant_access(party_ids=[orla.pk], team_id=ira.team_id, reason="pool", by=by, at=AT)
    assert "Orla O'Keane" in names(actor_of(ira))


def test_without_the_right_to_see_people_only_companies_are_there(orla: Party, pike: Party) -> None:
    assert names(make_actor("parties.organisation.see")) == {"Harrow & Pike Ltd"}
    assert names(make_actor()) == set()


@pytest.mark.parametrize(
    "text",
    [
        "orla", "O’KEANE", "Orla O'K", "okeane", "orla@pike.example", "ORLA@", "@pike.example", "+31207941234",
        "0031 20 794 1234", "020-7941234", "(020) 794 12 34", "7941234", "Harrow", "pike", "harrow & pike ltd",
    ],
)  # fmt: skip
def test_a_person_is_found_by_name_address_number_and_company(by: Actor, orla: Party, text: str) -> None:
    assert orla in queries.search(by, text, 10)


@pytest.mark.parametrize("text", ["rla", "pike.ex", "ike", "94123"])
def test_parts_of_three_letters_find_it_in_the_middle_of_words(by: Actor, orla: Party, text: str) -> None:
    assert orla in queries.search(by, text, 10)


@pytest.mark.parametrize("text", ["k", "arla", "la", "zz@pike.example", "7941235"])
def test_other_words_and_two_letters_of_the_middle_find_nobody(by: Actor, orla: Party, text: str) -> None:
    assert queries.search(by, text, 10) == []


def test_a_tag_and_the_columns_of_a_file_are_searched(by: Actor, orla: Party) -> None:
    actions.tag_party(party_id=orla.pk, tag="Printers", by=by, at=AT)
    match_parties(
        [PartyDraft(name="Jonas Weber", extra={"landing page": "plotter-lease"})],
        batch=Batch(1, "x", "UTC", "EUR", "NL"), kind_key="qualify.lead", by=by, at=AT,
    )  # fmt: skip
    assert [p.name for p in queries.search(by, "#printers", 10)] == ["Orla O'Keane"]
    assert [p.name for p in queries.search(by, "plotter-lease", 10)] == ["Jonas Weber"]


def sentences(actor: Actor, party: Party, **only: str) -> list[str]:
    return [entry.sentence for entry in queries.timeline(actor, party.pk, 50, **only)]  # type: ignore[arg-type]


def test_the_timeline_tells_everything_in_words_newest_first(by: Actor, orla: Party, pike: Party) -> None:
    actions.log_activity(
        party_id=orla.pk, kind="CALL", subject="Wants two plotters", body="A1 size", by=by, at=AT + timedelta(hours=1)
    )
    actions.change_party(party_id=orla.pk, job_title="Partner", by=by, at=AT + timedelta(hours=2))
    actions.relate(party_id=orla.pk, to_party_id=pike.pk, kind="INTRODUCED", by=by, at=AT + timedelta(hours=3))
    told = queries.timeline(by, orla.pk, 50)
    assert [entry.sentence for entry in told] == [
        "Introduced Harrow & Pike Ltd",
        "Changed job title",
        "Call: Wants two plotters",
        "Became known",
    ]
    assert told[2].text == "A1 size"
    assert {entry.who for entry in told} == {"Hanna Berg"}
    assert all(entry.can_undo for entry in told)


def test_a_company_holds_the_timeline_of_its_people(
    by: Actor, marta: User, ira: User, orla: Party, pike: Party
) -> None:
    actions.log_activity(party_id=orla.pk, kind="NOTE", subject="secret", by=by, at=AT)
    entry = next(e for e in queries.timeline(by, pike.pk, 50) if e.sentence == "Note: secret")
    assert entry.about == orla
    actions.change_party(party_id=orla.pk, owner_id=marta.pk, by=by, at=AT)
    assert "Note: secret" not in sentences(actor_of(ira), pike), "she may not see Orla"


def test_the_timeline_is_filtered_and_goes_on(by: Actor, orla: Party) -> None:
    for n in range(5):
        actions.log_activity(
            party_id=orla.pk, kind="CALL", subject=f"call {n}", by=by, at=AT + timedelta(hours=1 + n // 2)
        )
    actions.change_party(party_id=orla.pk, city="Cork", by=by, at=AT)
    assert sentences(by, orla, only="changes") == ["Changed city"]
    assert len(sentences(by, orla, only="talks")) == 5
    first = queries.timeline(by, orla.pk, 3)
    rest = queries.timeline(by, orla.pk, 50, first[-1].cursor)
    assert [e.event_id for e in first + rest] == [e.event_id for e in queries.timeline(by, orla.pk, 50)]


def test_what_was_undone_says_so_and_offers_no_second_undo(by: Actor, orla: Party) -> None:
    actions.change_party(party_id=orla.pk, city="Cork", by=by, at=AT)
    undo_event(event_id=Event.objects.filter(verb="platform.changed").get().pk, by=by, at=AT)
    entry = queries.timeline(by, orla.pk, 50)[-2]
    assert (entry.is_undone, entry.can_undo) == (True, False)


def test_a_timeline_one_may_not_see_is_not_there(by: Actor, marta: User, ira: User, orla: Party) -> None:
    actions.change_party(party_id=orla.pk, owner_id=marta.pk, by=by, at=AT)
    with pytest.raises(NotFound):
        queries.timeline(actor_of(ira), orla.pk, 10)


def test_a_timeline_costs_the_same_however_long(by: Actor, orla: Party, pike: Party) -> None:
    for n in range(40):
        actions.log_activity(party_id=orla.pk, kind="NOTE", subject=f"n{n}", by=by, at=AT)
    with query_budget(5):
        queries.timeline(by, pike.pk, 40)


def test_open_todos_are_mine_and_due_latest_first(by: Actor, head: User, marta: User, orla: Party) -> None:
    for subject, hours, owner in (("soon", 3, head), ("late", -50, head), ("far", 60, head), ("hers", 1, marta)):
        actions.plan_todo(
            party_id=orla.pk, subject=subject, due_at=AT + timedelta(hours=hours), owner_id=owner.pk, by=by, at=AT
        )
    assert [todo.subject for todo in queries.open_todos(by, AT)] == ["late", "soon"]
