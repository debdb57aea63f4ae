"""What a value was before: on every record's details and in the API, read from the log, for whoever may see the row."""

import json
from decimal import Decimal

import pytest
from makers import AT, nouns_in_turn

from headwater.parties import actions as parties
from headwater.platform.actor import job_actor
from headwater.platform.models import Event, EventPersonal
from headwater.platform.rates import Quote
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import query_budget
from headwater.platform.undo import undo_event
from headwater.qualify import actions as qualify
from headwater.team.actions.rates import set_rates
from headwater.team.queries import actor_of
from headwater.web.history import value_history

JSON = {"content_type": "application/json"}


def person(by, **values):
    return parties.add_person(
        name="Orla Keane", email="orla@harrow.example", city="Dublin", owner_id=by.user_id, by=by, at=AT, **values
    )


def told(client, address):
    return client.get(address).content.decode()


@pytest.mark.parametrize("key", nouns_in_turn())
def test_every_value_that_is_changed_by_hand_has_its_history(key, make, client_of, by):
    """Whatever the edit form changes on a record can be asked what it was; each link on the record answers."""
    set_rates(quotes=[Quote("USD", AT.date(), Decimal("0.92"))], source="Bank", by=by, at=AT)  # now currencies differ
    resource = REGISTRY[key].now()
    [pk] = make(key)
    client = client_of("OWNER")
    page = told(client, f"/{resource.slug}/{pk}")
    asked = [c for c in resource.columns if f"/{resource.slug}/{pk}/history?field={c.key}" in page]
    fields = resource.change.form.base_fields if resource.change else {}
    unasked = {c.key for c in resource.columns if c.key in fields or f"{c.key}_id" in fields} - {c.key for c in asked}
    assert unasked <= {"currency"}  # what an amount was says what it was in
    for column in asked:
        address = f"/{resource.slug}/{pk}/history?field={column.key}"
        assert client.get(address).status_code == 200, address
        dialog = client.get(address, HTTP_HX_REQUEST="true")
        assert dialog.status_code == 200 and b"<dialog" in dialog.content and b" style=" not in dialog.content
        assert client.get(f"/api/v1{address}").status_code == 200, address
    assert client.get(f"/{resource.slug}/{pk}/history").status_code == 200
    assert client.get(f"/{resource.slug}/{pk}/history?field=nothing").status_code == 404
    assert client.get(f"/{resource.slug}/{pk}/history?field=deleted_at").status_code == 404


def test_a_value_tells_what_it_was_until_when_and_by_whom(by, client_of, people):
    row = person(by)
    marta = actor_of(people["MARKETER"])
    parties.change_party(party_id=row.pk, city="Cork", by=marta, at=AT)
    page = told(client_of("OWNER"), f"/people/{row.pk}/history?field=city")
    assert "Dublin" in page and "then “Cork”" in page and "by The MARKETER" in page
    [item] = client_of("OWNER").get(f"/api/v1/people/{row.pk}/history?field=city").json()["items"]
    assert (item["old"], item["new"], item["by"]["name"]) == ("Dublin", "Cork", "The MARKETER")
    assert item["at"] == "2026-11-12T09:20:00Z"


def test_ids_are_shown_by_name_and_those_out_of_sight_are_not(by, people, client_of):
    rep, head = people["INDEPENDENT_REP"], people["HEAD_OF_SALES"]
    row = person(by)
    secret = parties.add_organisation(name="Secret Holding", owner_id=head.pk, by=job_actor("test"), at=AT)
    parties.change_party(party_id=row.pk, owner_id=rep.pk, by=by, at=AT)
    parties.change_party(party_id=row.pk, employer_id=secret.pk, by=by, at=AT)
    parties.change_party(party_id=row.pk, employer_id=None, by=by, at=AT)
    owner = told(client_of("OWNER"), f"/people/{row.pk}/history?field=owner")
    assert "The OWNER" in owner and "then “The INDEPENDENT_REP”" in owner
    assert "Secret Holding" in told(client_of("OWNER"), f"/people/{row.pk}/history?field=company")
    for address in (f"/people/{row.pk}/history", f"/people/{row.pk}/history?field=company"):
        seen = told(client_of("INDEPENDENT_REP"), address)
        assert "Secret Holding" not in seen and "out of your sight" in seen
    assert "Secret" not in json.dumps(client_of("INDEPENDENT_REP").get(f"/api/v1/people/{row.pk}/history").json())


def test_steps_of_a_lead_tell_its_stages_by_their_labels(by, make, client_of):
    [pk] = make("qualify.lead")
    qualify.move_lead(lead_id=pk, stage="WORKING", by=by, at=AT)
    page = told(client_of("OWNER"), f"/leads/{pk}/history?field=stage")
    assert "then “Working”" in page and '<b class="it">New</b>' in page


def test_what_was_undone_is_marked_on_both_sides(by, client_of):
    row = person(by)
    parties.change_party(party_id=row.pk, city="Cork", by=by, at=AT)
    event = Event.objects.filter(verb="platform.changed", subject_id=row.pk).order_by("-pk").first()
    undo_event(event_id=event.pk, by=by, at=AT)
    back, first = client_of("OWNER").get(f"/api/v1/people/{row.pk}/history?field=city").json()["items"]
    assert (first["is_undone"], first["takes_back"]) == (True, False)
    assert (back["is_undone"], back["takes_back"], back["new"]) == (False, True, "Dublin")


def test_what_a_merge_changed_says_so(by, client_of):
    kept, other = person(by), parties.add_person(name="O. Keane", city="Galway", job_title="Buyer", by=by, at=AT)
    parties.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], choices={"job_title": other.pk}, by=by, at=AT)
    [item] = client_of("OWNER").get(f"/api/v1/people/{kept.pk}/history?field=job_title").json()["items"]
    assert (item["new"], item["reason"]) == ("Buyer", "In a merge")
    assert client_of("OWNER").get(f"/people/{other.pk}/history?field=city").status_code == 301


def test_a_value_of_another_record_has_its_history_there(by, make, client_of, people):
    """The e-mail on a lead is its person's; who may not see the person sees no history of it."""
    [pk] = make("qualify.lead")
    lead = REGISTRY["qualify.lead"].rows(by).get(pk=pk)
    parties.change_party(party_id=lead.party_id, city="Cork", by=by, at=AT)
    assert "then “Cork”" in told(client_of("OWNER"), f"/leads/{pk}/history?field=city")


def test_values_that_were_erased_are_gone_from_the_history(by, client_of):
    row = person(by)
    parties.change_party(party_id=row.pk, first_name="Oona", by=by, at=AT)
    assert "Oona" in told(client_of("OWNER"), f"/people/{row.pk}/history?field=first_name")
    EventPersonal.objects.all().update(data={})
    assert client_of("OWNER").get(f"/api/v1/people/{row.pk}/history").json()["items"] == []


def test_the_history_of_a_long_life_costs_a_handful_of_queries(by):
    row = person(by)
    for n in range(40):
        parties.change_party(party_id=row.pk, city=f"Town {n}", by=by, at=AT)
    with query_budget(6):
        assert len(value_history(REGISTRY["parties.person"], row, by, "city").changes) == 40
