"""Adding, changing, deleting and taking back people and companies, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from headwater.parties import actions
from headwater.parties.models import ContactPoint, Party, PartyTag, Relationship
from headwater.platform.actor import Actor, job_actor
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.models import Event
from headwater.platform.testing import last_event, make_actor, undo_last
from headwater.platform.undo import undo_event
from headwater.team.models import User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(days=2)


def orla(by: Actor) -> Party:
    return actions.add_person(
        by=by, at=AT, first_name="Orla", last_name="Keane", email="Orla@Pike.example", phone="020 794 1234",
        employer_name="Harrow & Pike Ltd",
    )  # fmt: skip


def points(party: Party, kind: str = "EMAIL") -> dict[str, bool]:
    rows = ContactPoint.objects.filter(party=party, kind=kind, deleted_at=None)
    return dict(rows.values_list("normalised", "is_primary"))


def jobs(party: Party) -> list[tuple[str, bool]]:
    rows = Relationship.objects.filter(from_party=party, kind="WORKS_FOR", deleted_at=None).order_by("pk")
    return [(job.to_party.name, job.until_date is None) for job in rows.select_related("to_party")]


def test_a_person_is_added_with_normalised_contact_points_and_employer(by: Actor) -> None:
    person = orla(by)
    assert (person.name, person.email, person.phone) == ("Orla Keane", "orla@pike.example", "+31207941234")
    assert jobs(person) == [("Harrow & Pike Ltd", True)]
    assert points(person) == {"orla@pike.example": True}
    assert last_event("parties.person_added").organisation_id == person.employer_id


def test_the_employer_is_found_by_its_exact_name(by: Actor) -> None:
    first, second = orla(by), actions.add_person(by=by, at=AT, name="Jonas Weber", employer_name="harrow and pike")
    assert first.employer_id == second.employer_id


def test_a_person_needs_a_name_or_an_address(by: Actor) -> None:
    with pytest.raises(Invalid):
        actions.add_person(by=by, at=AT, job_title="CEO")
    assert actions.add_person(by=by, at=AT, email="x@y.example").name == "x@y.example"


@pytest.mark.parametrize(("field", "value"), [("email", "no address"), ("phone", "12"), ("employer_id", 4711)])
def test_values_that_cannot_be_right_are_refused_beside_their_field(by: Actor, field: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.add_person(by=by, at=AT, name="A B", **{field: value})  # type: ignore[arg-type]
    assert field in refusal.value.fields
    assert not Party.objects.exists()


def test_another_primary_address_leaves_the_others_on_the_record(by: Actor) -> None:
    person = orla(by)
    actions.change_party(party_id=person.pk, email="orla@home.example", by=by, at=LATER)
    person.refresh_from_db()
    assert person.email == "orla@home.example"
    assert points(person) == {"orla@pike.example": False, "orla@home.example": True}


def test_undo_of_a_new_address_brings_the_old_one_back_and_removes_the_new(by: Actor) -> None:
    person = orla(by)
    actions.change_party(party_id=person.pk, email="orla@home.example", city="Dublin", by=by, at=LATER)
    undo_last("platform.changed", by=by, at=LATER)
    person.refresh_from_db()
    assert (person.email, person.city) == ("orla@pike.example", "")
    assert points(person) == {"orla@pike.example": True}


def test_undo_is_refused_when_a_field_changed_again(by: Actor) -> None:
    person = orla(by)
    actions.change_party(party_id=person.pk, city="Dublin", by=by, at=AT)
    first = last_event("platform.changed").pk
    actions.change_party(party_id=person.pk, city="Cork", by=by, at=LATER)
    with pytest.raises(NotUndoable):
        undo_event(event_id=first, by=by, at=LATER)


def test_another_employer_ends_the_former_job_and_undo_opens_it_again(by: Actor) -> None:
    person = orla(by)
    former = person.employer_id
    actions.change_party(party_id=person.pk, employer_name="Vantaa Timber", by=by, at=LATER)
    assert jobs(person) == [("Harrow & Pike Ltd", False), ("Vantaa Timber", True)]
    undo_last("platform.changed", by=by, at=LATER)
    person.refresh_from_db()
    assert person.employer_id == former
    assert jobs(person) == [("Harrow & Pike Ltd", True)]


def test_names_follow_each_other(by: Actor) -> None:
    person = orla(by)
    actions.change_party(party_id=person.pk, last_name="Byrne", by=by, at=AT)
    person.refresh_from_db()
    assert (person.name, person.name_key) == ("Orla Byrne", "orla byrne")
    actions.change_party(party_id=person.pk, name="Dr. Anna van der Berg", by=by, at=AT)
    person.refresh_from_db()
    assert (person.first_name, person.last_name) == ("Anna", "van der Berg")
    actions.change_party(party_id=person.pk, first_name="Anna", last_name="van der Berg", by=by, at=AT)
    person.refresh_from_db()
    assert person.name == "Dr. Anna van der Berg"


def test_nothing_changed_records_nothing(by: Actor) -> None:
    person = orla(by)
    before = Event.objects.count()
    actions.change_party(
        party_id=person.pk, email="ORLA@pike.example", city="", employer_name="Harrow & Pike Ltd", by=by, at=LATER
    )
    assert Event.objects.count() == before


def test_the_team_follows_the_owner(by: Actor, marta: User) -> None:
    person = orla(by)
    actions.change_party(party_id=person.pk, owner_id=marta.pk, by=by, at=AT)
    person.refresh_from_db()
    assert person.team_id == marta.team_id


def test_deleting_is_soft_and_undoable(by: Actor) -> None:
    person = orla(by)
    actions.delete_party(party_id=person.pk, by=by, at=AT)
    with pytest.raises(NotFound):
        actions.change_party(party_id=person.pk, city="Cork", by=by, at=AT)
    undo_last("parties.person_deleted", by=by, at=LATER)
    person.refresh_from_db()
    assert person.deleted_at is None


def test_adding_can_be_taken_back_until_something_happens(by: Actor) -> None:
    company = actions.add_organisation(by=by, at=AT, name="Vantaa Timber Oy", website="vantaa.example")
    assert points(company, "WEBSITE") == {"https://vantaa.example": True}
    person = orla(by)
    actions.log_activity(party_id=person.pk, kind="CALL", subject="Hello", by=by, at=LATER)
    with pytest.raises(NotUndoable):
        undo_last("parties.person_added", by=by, at=LATER)
    added = Event.objects.get(verb="parties.organisation_added", party_id=company.pk)
    undo_event(event_id=added.pk, by=by, at=LATER)
    company.refresh_from_db()
    assert company.deleted_at is not None


def test_contact_points_are_added_preferred_removed_and_put_back(by: Actor) -> None:
    person = orla(by)
    second = actions.add_contact_point(party_id=person.pk, kind="EMAIL", value="O@two.example", by=by, at=AT)
    assert points(person) == {"orla@pike.example": True, "o@two.example": False}
    actions.make_primary(contact_point_id=second.pk, by=by, at=AT)
    person.refresh_from_db()
    assert person.email == "o@two.example"
    actions.remove_contact_point(contact_point_id=second.pk, by=by, at=AT)
    person.refresh_from_db()
    assert person.email == "orla@pike.example"
    undo_last("parties.contact_point_removed", by=by, at=LATER)
    person.refresh_from_db()
    assert person.email == "o@two.example"
    assert points(person) == {"orla@pike.example": False, "o@two.example": True}


def test_relationships_have_roles_dates_and_an_end(by: Actor) -> None:
    person = orla(by)
    other = actions.add_person(by=by, at=AT, name="Jonas Weber")
    link = actions.relate(party_id=person.pk, to_party_id=other.pk, kind="REFERRED", by=by, at=AT)
    with pytest.raises(Conflict):
        actions.relate(party_id=person.pk, to_party_id=other.pk, kind="REFERRED", by=by, at=AT)
    with pytest.raises(Invalid):
        actions.relate(party_id=person.pk, to_party_id=person.pk, kind="REFERRED", by=by, at=AT)
    actions.end_relationship(relationship_id=link.pk, by=by, at=LATER)
    link.refresh_from_db()
    assert link.until_date == LATER.date()
    undo_last("parties.relationship_ended", by=by, at=LATER)
    link.refresh_from_db()
    assert link.until_date is None


def test_ending_a_job_leaves_the_person_without_employer(by: Actor) -> None:
    person = orla(by)
    job = Relationship.objects.get(from_party=person)
    actions.set_buying_role(relationship_id=job.pk, buying_role="DECISION_MAKER", by=by, at=AT)
    actions.end_relationship(relationship_id=job.pk, by=by, at=LATER)
    person.refresh_from_db()
    assert person.employer_id is None
    undo_last("parties.relationship_ended", by=by, at=LATER)
    person.refresh_from_db()
    assert person.employer_id == job.to_party_id


def test_only_people_work_for_only_companies(by: Actor) -> None:
    company = actions.add_organisation(by=by, at=AT, name="One")
    other = actions.add_organisation(by=by, at=AT, name="Two")
    with pytest.raises(Invalid):
        actions.relate(party_id=company.pk, to_party_id=other.pk, kind="WORKS_FOR", by=by, at=AT)


def test_tags_are_shared_words_and_come_off_again(by: Actor) -> None:
    person, other = orla(by), actions.add_person(by=by, at=AT, name="Jonas Weber")
    word = actions.tag_party(party_id=person.pk, tag=" VIP ", by=by, at=AT)
    assert actions.tag_parties(ids=[person.pk, other.pk], tag="vip", by=by, at=AT) == 1, "one has it already"
    assert actions.tag_parties(ids=[person.pk, other.pk], tag="vip", by=by, at=AT) == 0
    assert PartyTag.objects.filter(tag=word).count() == 2
    actions.untag_party(party_id=person.pk, tag_id=word.pk, by=by, at=AT)
    undo_last("parties.untagged", by=by, at=LATER)
    assert PartyTag.objects.filter(party=person).count() == 1


def test_todos_are_planned_done_and_opened_again(by: Actor) -> None:
    person = orla(by)
    todo = actions.plan_todo(party_id=person.pk, subject="Send the list", due_at=LATER, owner_id=None, by=by, at=AT)
    assert todo.owner_id == by.user_id
    actions.complete_todo(activity_id=todo.pk, by=by, at=LATER)
    with pytest.raises(Conflict):
        actions.complete_todo(activity_id=todo.pk, by=by, at=LATER)
    undo_last("parties.todo_done", by=by, at=LATER)
    todo.refresh_from_db()
    assert todo.done_at is None
    actions.change_activity(activity_id=todo.pk, due_at=LATER + timedelta(days=1), by=by, at=AT)
    undo_last("platform.changed", by=by, at=LATER)
    todo.refresh_from_db()
    assert todo.due_at == LATER


def test_what_is_still_to_come_cannot_be_logged(by: Actor) -> None:
    person = orla(by)
    with pytest.raises(Invalid):
        actions.log_activity(party_id=person.pk, kind="CALL", subject="x", occurred_at=LATER, by=by, at=AT)
    with pytest.raises(Invalid):
        actions.log_activity(party_id=person.pk, kind="TODO", subject="x", by=by, at=AT)


def test_deleted_activities_come_back(by: Actor) -> None:
    person = orla(by)
    note = actions.log_activity(party_id=person.pk, kind="NOTE", subject="plotter jams weekly", by=by, at=AT)
    actions.delete_activity(activity_id=note.pk, by=by, at=AT)
    undo_last("parties.activity_deleted", by=by, at=LATER)
    note.refresh_from_db()
    assert note.deleted_at is None


def test_every_write_asks_for_its_right(by: Actor, head: User) -> None:
    person = orla(by)
    nobody = make_actor("parties.*.see", user_id=head.pk)
    common = {"by": nobody, "at": AT}
    for act in (
        lambda: actions.add_person(name="A B", **common),
        lambda: actions.add_organisation(name="A", **common),
        lambda: actions.change_party(party_id=person.pk, city="X", **common),
        lambda: actions.delete_party(party_id=person.pk, **common),
        lambda: actions.tag_party(party_id=person.pk, tag="x", **common),
        lambda: actions.relate(party_id=person.pk, to_party_id=person.employer_id, kind="SUPPLIES", **common),
        lambda: actions.add_contact_point(party_id=person.pk, kind="EMAIL", value="a@b.example", **common),
        lambda: actions.log_activity(party_id=person.pk, kind="NOTE", subject="x", **common),
        lambda: actions.import_people([], batch=None, **common),
    ):
        with pytest.raises(NotAllowed):
            act()  # type: ignore[no-untyped-call]


def test_what_one_may_not_see_cannot_be_changed(by: Actor, marta: User, ira: User) -> None:
    person = orla(by)
    actions.change_party(party_id=person.pk, owner_id=marta.pk, by=by, at=AT)
    with pytest.raises(NotFound):
        actions.change_party(party_id=person.pk, city="X", by=actor_of(ira), at=AT)
    actions.grant_access(party_ids=[person.pk], user_id=ira.pk, reason="qualify.lead:1", by=by, at=AT)
    actions.change_party(party_id=person.pk, city="X", by=actor_of(ira), at=AT)


class AddressesNeverGetLost(TestCase):
    """However the primary address moves, every address stays, and exactly one is primary."""

    @given(st.lists(st.sampled_from(["a@x.example", "b@x.example", "C@x.example", "c@X.example"]), max_size=6))
    @settings(max_examples=25, deadline=None)
    def test_addresses(self, addresses: list[str]) -> None:
        by = job_actor("test")
        person = actions.add_person(by=by, at=AT, name="Orla Keane", email="first@x.example")
        for address in addresses:
            actions.change_party(party_id=person.pk, email=address, by=by, at=LATER)
        person.refresh_from_db()
        found = points(person)
        assert set(found) == {"first@x.example", *(address.lower() for address in addresses)}
        assert [address for address, is_primary in found.items() if is_primary] == [person.email]
