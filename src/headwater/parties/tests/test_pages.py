"""The pages of people, companies and activities in the shell."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from headwater.parties import actions
from headwater.parties.models import Activity, ContactPoint, MatchProposal, Party, Relationship
from headwater.platform.actor import Actor, job_actor
from headwater.platform.clock import now
from headwater.platform.models import Event
from headwater.platform.testing import count_queries
from headwater.team.models import User

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def page(client: Client, head: User) -> Client:
    client.force_login(head)
    return client


@pytest.fixture
def orla(by: Actor) -> Party:
    return actions.add_person(
        by=by, at=AT, name="Orla Keane", email="orla@pike.example", phone="020 794 1234", employer_name="Harrow & Pike"
    )


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_lists_show_people_companies_and_activities(page: Client, by: Actor, orla: Party) -> None:
    actions.tag_party(party_id=orla.pk, tag="vip", by=by, at=AT)
    actions.plan_todo(party_id=orla.pk, subject="Call Orla", due_at=AT, owner_id=None, by=by, at=AT)
    people = text(page.get("/people"))
    assert "Orla Keane" in people and "Harrow &amp; Pike" in people and "vip" in people
    assert "Harrow &amp; Pike" in text(page.get("/organisations?view=recent"))
    assert "Call Orla" in text(page.get("/activities?view=mine"))
    assert "Orla Keane" in text(page.get("/people?q=%23vip"))
    assert "Orla Keane" not in text(page.get("/people?q=nobody"))


def test_a_list_costs_the_same_for_few_and_for_many(page: Client, by: Actor) -> None:
    def add(start: int, count: int) -> None:
        for n in range(start, start + count):
            person = actions.add_person(by=by, at=AT, name=f"Person {n}", employer_name=f"Company {n}")
            actions.tag_party(party_id=person.pk, tag=f"tag {n % 3}", by=by, at=AT)

    add(0, 3)
    for address in ("/people", "/organisations"):
        page.get(address)
        with count_queries() as few:
            page.get(address)
        add(100 if address == "/people" else 200, 10)
        with count_queries() as many:
            page.get(address)
        assert len(many) == len(few), address


def test_a_person_is_added_in_a_form_and_shown(page: Client) -> None:
    assert page.get("/people/new").status_code == 200
    answer = page.post(
        "/people/new", {"first_name": "Aino", "last_name": "Lehtonen", "email": "aino@vantaa.example",
                        "employer_name": "Vantaa Timber Oy"},
    )  # fmt: skip
    person = Party.objects.get(kind="PERSON")
    assert answer["Location"] == f"/people/{person.pk}"
    record = text(page.get(f"/people/{person.pk}"))
    assert "Aino Lehtonen" in record and "Journey" in record and "Became known" in record
    assert "aino@vantaa.example" in record
    company = text(page.get(f"/organisations/{person.employer_id}"))
    assert "Aino Lehtonen" in company


def test_wrong_values_are_told_beside_their_fields(page: Client) -> None:
    answer = page.post("/people/new", {"first_name": "Aino", "email": "no address"})
    assert answer.status_code == 422
    assert "aria-invalid" in text(answer)
    assert not Party.objects.exists()


def test_a_company_is_edited_with_its_website(page: Client, by: Actor) -> None:
    company = actions.add_organisation(by=by, at=AT, name="Vantaa Timber", website="vantaa.example")
    assert "vantaa.example" in text(page.get(f"/organisations/{company.pk}/edit"))
    page.post(f"/organisations/{company.pk}/edit", {"name": "Vantaa Timber Oy", "website": "vantaa.example"})
    company.refresh_from_db()
    assert company.name == "Vantaa Timber Oy"
    assert ContactPoint.objects.filter(party=company, deleted_at=None).count() == 1


def test_a_number_is_edited_in_the_groups_its_country_writes(page: Client, by: Actor) -> None:
    company = actions.add_organisation(by=by, at=AT, name="Vantaa Timber", phone="+358401234567")
    form = text(page.get(f"/organisations/{company.pk}/edit"))
    assert form.count('value="+358 40 1234567"') == 2, "in the field, and as what it was"
    sent = {"name": "Vantaa Timber", "phone": "+358 40 1234567", "before-phone": "+358 40 1234567"}
    page.post(f"/organisations/{company.pk}/edit", {**sent, "before-name": "Vantaa Timber"})
    assert ContactPoint.objects.get(party=company).normalised == "+358401234567"
    assert not Event.objects.filter(subject_id=company.pk, verb__contains="changed").exists()


def test_a_call_is_logged_from_the_box_and_undone(page: Client, orla: Party) -> None:
    answer = page.post(
        f"/people/{orla.pk}/do/log", {"kind": "CALL", "subject": "Asked for prices", "is_outbound": "on"}, **HTMX
    )
    assert Activity.objects.get().is_outbound
    undo = json.loads(answer["HX-Trigger"])["toast"]["undo_url"]
    page.post(undo, **HTMX)
    assert Activity.objects.get().deleted_at is not None


def test_todos_wait_on_my_day_and_are_ticked_off(page: Client, by: Actor, orla: Party) -> None:
    todo = actions.plan_todo(
        party_id=orla.pk, subject="Send the list", due_at=now() - timedelta(days=2), owner_id=None, by=by, at=AT
    )
    day = text(page.get("/"))
    assert "Send the list" in day and "2 days late" in day
    page.post(f"/activities/{todo.pk}/do/done", **HTMX)
    assert "Send the list" not in text(page.get("/"))


def test_every_command_of_a_person_opens_and_acts(page: Client, by: Actor, orla: Party) -> None:
    other = actions.add_person(by=by, at=AT, name="Jonas Weber")
    base = f"/people/{orla.pk}/do"
    due = "2026-11-20T09:00"
    for key, values in {
        "todo": {"subject": "x", "due_at": due},
        "tag": {"tag": "vip"},
        "assign": {"owner_id": ""},
        "add-contact": {"kind": "EMAIL", "value": "two@pike.example"},
        "connect": {"kind": "REFERRED", "to_party_id": "jonas weber"},
    }.items():
        assert page.get(f"{base}/{key}").status_code == 200, key
        answer = page.post(f"{base}/{key}", values)
        assert answer.status_code == 302, (key, text(answer))
    point = ContactPoint.objects.get(normalised="two@pike.example")
    link = Relationship.objects.get(kind="REFERRED", to_party=other)
    record = text(page.get(f"/people/{orla.pk}"))
    assert "Jonas Weber" in record and "two@pike.example" in record
    for key, values in {
        "use-first": {"contact_point_id": point.pk},
        "remove-contact": {"contact_point_id": point.pk},
        "end-connection": {"relationship_id": link.pk},
        "untag": {"tag_id": orla.party_tags.get().tag_id},
        "delete": {},
    }.items():
        answer = page.post(f"{base}/{key}", values)
        assert answer.status_code == 302, (key, text(answer))
    assert page.get(f"/people/{orla.pk}").status_code == 404


def test_a_proposed_match_is_shown_and_dismissed(page: Client, by: Actor, orla: Party) -> None:
    other = actions.add_person(by=by, at=AT, name="Olga Kern")
    proposal = MatchProposal.objects.create(
        party=other, other=orla, reason="Same e-mail, different name", created_at=AT
    )
    assert "Olga Kern" in text(page.get(f"/people/{orla.pk}"))
    page.post(f"/people/{orla.pk}/do/not-the-same", {"proposal_id": proposal.pk})
    assert "Olga Kern" not in text(page.get(f"/people/{orla.pk}")).split("Journey")[0]


def test_the_journey_is_filtered_and_goes_on_without_and_with_script(page: Client, by: Actor, orla: Party) -> None:
    for n in range(25):
        actions.log_activity(party_id=orla.pk, kind="NOTE", subject=f"note {n}", by=by, at=AT)
    record = text(page.get(f"/people/{orla.pk}"))
    assert "note 24" in record and "note 1<" not in record and "Show what was before" in record
    whole = page.get(f"/parties/{orla.pk}/journey?only=talks")
    assert "<html" in text(whole) and "Became known" not in text(whole)
    piece = page.get(f"/parties/{orla.pk}/journey?only=changes", **HTMX)
    assert "<html" not in text(piece) and "Nothing of this kind" in text(piece)


def test_many_people_are_tagged_and_deleted_at_once(page: Client, by: Actor) -> None:
    ids = [actions.add_person(by=by, at=AT, name=f"Person {n}").pk for n in range(3)]
    assert page.post("/people/do/tag", {"ids": ids, "ask": "1"}).status_code == 200
    page.post("/people/do/tag", {"ids": ids, "tag": "fair"})
    page.post("/people/do/delete", {"ids": ids[:2]})
    assert Party.objects.filter(deleted_at=None).count() == 1


def test_people_leave_the_house_as_a_file(page: Client, orla: Party) -> None:
    answer = page.get("/people/export.csv")
    lines = b"".join(answer.streaming_content).decode() if answer.streaming else text(answer)  # type: ignore[union-attr]
    assert "orla@pike.example" in lines


def test_an_independent_rep_sees_nothing_of_others(
    client: Client, by: Actor, marta: User, ira: User, orla: Party
) -> None:
    actions.change_party(party_id=orla.pk, owner_id=marta.pk, by=by, at=AT)
    client.force_login(ira)
    assert "Orla Keane" not in text(client.get("/people"))
    assert client.get(f"/people/{orla.pk}").status_code == 404
    assert client.get(f"/parties/{orla.pk}/journey").status_code == 404


def test_a_link_to_an_entry_opens_the_journey_from_there_on(page: Client, orla: Party, by: Actor) -> None:
    for number in range(40):
        moment = AT - timedelta(days=number)
        actions.log_activity(party_id=orla.pk, kind="CALL", subject=f"Call {number}", by=by, at=AT, occurred_at=moment)
    first = Activity.objects.get(subject="Call 30")
    event = Event.objects.get(subject_type="parties.activity", subject_id=first.pk)
    assert f'id="e{event.pk}"' not in text(page.get(f"/people/{orla.pk}")), "on a later page"
    found = text(page.get(f"/parties/{orla.pk}/journey?at={event.pk}", **HTMX))
    assert f'class=" on" id="e{event.pk}"' in found and "Call 30" in found and "Call 31" in found
    assert "Call 29" not in found and "Show what came after" in found
    beginning = text(page.get(f"/parties/{orla.pk}/journey?at={event.pk + 999_999}", **HTMX))
    assert "Call 0<" in beginning, "an entry that is not there leads nowhere else"


def test_a_link_to_an_entry_opens_no_journey_of_somebody_out_of_sight(page: Client, orla: Party) -> None:
    event = Event.objects.filter(party_id=orla.pk).latest("pk")
    other = actions.add_person(by=job_actor("Import"), at=AT, name="Somebody else")
    assert f'id="e{event.pk}"' not in text(page.get(f"/parties/{other.pk}/journey?at={event.pk}", **HTMX))


def test_a_to_do_of_the_day_is_snoozed_with_s(page: Client, orla: Party, by: Actor, head: User) -> None:
    todo = actions.plan_todo(party_id=orla.pk, subject="Call", due_at=now(), owner_id=head.pk, by=by, at=now())
    day = text(page.get("/"))
    assert f'data-record="/activities/{todo.pk}"' in day and 'data-row-key="s"' in day
    page.post(f"/activities/{todo.pk}/do/snooze", {"due_at": "2031-03-04T09:00"})
    todo.refresh_from_db()
    assert todo.due_at.year == 2031


def test_many_to_dos_are_done_opened_put_off_and_deleted_each_taken_back_as_one(
    page: Client, orla: Party, by: Actor
) -> None:
    rows = [
        actions.plan_todo(party_id=orla.pk, subject=f"Call {n}", due_at=now(), owner_id=None, by=by, at=now())
        for n in range(3)
    ]
    note = actions.log_activity(party_id=orla.pk, kind="NOTE", subject="Met", by=by, at=now())
    ids = [row.pk for row in [*rows, note]]
    undo = said = ""

    def do(step: str, **form: str) -> None:
        nonlocal undo, said
        told = page.post(f"/activities/do/{step}", {"ids": ids, **form}, **HTMX)
        assert told.status_code < 400, text(told)
        said = str(told.headers) + text(told)
        undo = re.search(r"/undo/[^\"\\]+", said).group()  # type: ignore[union-attr]

    def how_many(**only: object) -> int:
        return Activity.objects.filter(pk__in=ids, **only).count()

    do("done")
    assert how_many(done_at__isnull=False) == 3, "a note is never done"
    assert "Done: 3 activities. Nothing to do for 1." in said
    do("reopen")
    assert how_many(done_at__isnull=False) == 0
    page.post(undo)
    assert how_many(done_at__isnull=False) == 3
    do("reopen")
    do("snooze", due_at="2031-03-04T09:00")
    assert how_many(due_at__year=2031) == 3
    page.post(undo)
    assert how_many(due_at__year=2031) == 0
    do("delete")
    assert how_many(deleted_at=None) == 0
    page.post(undo)
    assert how_many(deleted_at=None) == 4
