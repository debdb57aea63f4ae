"""Two people at one record: nobody's change is lost, on pages and in the API, whatever the noun."""

import json
from html.parser import HTMLParser

import pytest
from django.test import Client
from makers import AT, own_key

from headwater.acquire import actions as acquire
from headwater.acquire.models import Campaign
from headwater.parties import actions as parties
from headwater.parties.models import Activity, Party
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.team.actions.accounts import deactivate_user
from headwater.team.actions.tokens import create_token
from headwater.team.queries import actor_of

EDITED = sorted(key for key, resource in REGISTRY.items() if resource.change)
JSON = {"content_type": "application/json"}


class Fields(HTMLParser):
    """What a browser would send of a page's form if nobody touched it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.select = self.area = None
        self.first: dict[str, str] = {}
        self.feed(page)
        for name, value in self.first.items():
            self.sent.setdefault(name, [value])

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            ticks = given.get("type") in ("checkbox", "radio")
            if not ticks or "checked" in given:
                self.sent.setdefault(given["name"], []).append(given.get("value") or ("on" if ticks else ""))
        elif tag == "select":
            self.select, self.many = given["name"], "multiple" in given
        elif tag == "option" and self.select:
            if "selected" in given:
                self.sent.setdefault(self.select, []).append(given["value"])
            elif not self.many:
                self.first.setdefault(self.select, given["value"])
        elif tag == "textarea":
            self.area, self.text = given["name"], ""

    def handle_data(self, data):
        if self.area:
            self.text += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.sent[self.area] = [self.text.strip("\r\n")]
            self.area = None
        elif tag == "select":
            self.select = None


def words(answer):
    return answer.content.decode()


def opened(client, address):
    """The edit form as the browser holds it."""
    return Fields(words(client.get(address)).split("<main")[-1]).sent


def saved(client, address, form, **typed):
    return client.post(address, {**form, **typed})


@pytest.fixture
def anna(client_of):
    return client_of("HEAD_OF_SALES")


@pytest.fixture
def bob(client_of):
    return client_of("OWNER")


@pytest.fixture
def program(by):
    _token, secret = create_token(user_id=by.user_id, name="Test", scopes=["write"], by=by, at=AT)
    return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")


@pytest.mark.parametrize("key", EDITED)
def test_a_form_that_nobody_touched_changes_nothing(key, make, bob):
    resource = REGISTRY[key].now()
    [pk] = make(key)
    address = f"/{resource.slug}/{pk}/edit"
    before = Event.objects.count()
    answer = bob.post(address, opened(bob, address), follow=True)
    assert answer.status_code == 200 and "Nothing changed" in words(answer)
    assert Event.objects.count() == before


@pytest.mark.parametrize("key", EDITED)
def test_a_patch_of_nothing_changes_nothing(key, make, program):
    resource = REGISTRY[key].now()
    [pk] = make(key)
    before = Event.objects.count()
    answer = program.patch(f"/api/v1/{resource.slug}/{pk}", "{}", **JSON)
    assert answer.status_code == 200, answer.content
    assert Event.objects.count() == before


def test_two_people_change_different_fields_and_both_stand(make, anna, bob):
    [pk] = make("parties.person")
    address = f"/people/{pk}/edit"
    hers, his = opened(anna, address), opened(bob, address)
    assert saved(anna, address, hers, city="Cork").status_code == 302
    assert saved(bob, address, his, job_title="Director").status_code == 302
    person = Party.objects.get(pk=pk)
    assert (person.city, person.job_title) == ("Cork", "Director")
    last = Event.objects.filter(verb="platform.changed").last()
    assert set(last.personal.data["personal_fields"]) == {"job_title"}


def test_the_same_field_asks_whose_words_stand(make, anna, bob):
    [pk] = make("parties.person")
    address = f"/people/{pk}/edit"
    hers, his = opened(anna, address), opened(bob, address)
    saved(anna, address, hers, city="Cork", street="Quay 1")
    asked = saved(bob, address, his, city="Galway", job_title="Director")
    page = words(asked)
    assert asked.status_code == 409
    assert "The HEAD_OF_SALES changed this from “Dublin” to “Cork”" in page
    assert "Keep mine: “Galway”" in page and "Take theirs: “Cork”" in page and "Keep both" not in page
    assert page.count('value="mine"') == 1, "the street is no conflict: he did not touch it"
    assert Party.objects.get(pk=pk).job_title == "Office manager", "nothing is saved before he has chosen"
    again = Fields(page.split("<main")[-1]).sent
    assert saved(bob, address, again).status_code == 409, "without a choice it asks again"
    assert saved(bob, address, again, **{"keep-city": "mine"}).status_code == 302
    person = Party.objects.get(pk=pk)
    assert (person.city, person.street, person.job_title) == ("Galway", "Quay 1", "Director")


def test_theirs_can_be_taken_and_the_rest_is_saved(make, anna, bob):
    [pk] = make("parties.person")
    address = f"/people/{pk}/edit"
    hers, his = opened(anna, address), opened(bob, address)
    saved(anna, address, hers, city="Cork")
    again = Fields(words(saved(bob, address, his, city="Galway", job_title="Director")).split("<main")[-1]).sent
    assert saved(bob, address, again, **{"keep-city": "theirs"}).status_code == 302
    person = Party.objects.get(pk=pk)
    assert (person.city, person.job_title) == ("Cork", "Director")


def test_both_long_texts_can_be_kept(make, by, anna, bob):
    [pk] = make("parties.activity")
    parties.change_activity(activity_id=pk, body="First line", by=by, at=AT)
    address = f"/activities/{pk}/edit"
    hers, his = opened(anna, address), opened(bob, address)
    saved(anna, address, hers, body="First line\r\nCall before ten")
    asked = saved(bob, address, his, body="First line\r\nAsk for Orla")
    assert asked.status_code == 409 and "Keep both" in words(asked)
    again = Fields(words(asked).split("<main")[-1]).sent
    assert saved(bob, address, again, **{"keep-body": "both"}).status_code == 302
    body = Activity.objects.get(pk=pk).body.replace("\r\n", "\n")
    assert body == "First line\nCall before ten\n\nFirst line\nAsk for Orla"


def test_what_either_of_two_chose_of_several_can_be_kept(make, anna, bob, program):
    [pk] = make("qualify.lead")
    key, address = own_key("qualify.lead", "CHOICES"), f"/leads/{pk}/edit"
    program.patch(f"/api/v1/leads/{pk}", {key: []}, **JSON)
    hers, his = opened(anna, address), opened(bob, address)
    saved(anna, address, hers, **{key: ["ELM"]})
    asked = saved(bob, address, his, **{key: ["OAK"]})
    assert asked.status_code == 409 and "Keep both: “Oak, Elm”" in words(asked)
    again = Fields(words(asked).split("<main")[-1]).sent
    assert saved(bob, address, again, **{f"keep-{key}": "both"}).status_code == 302
    assert program.get(f"/api/v1/leads/{pk}").json()[key] == ["OAK", "ELM"]


def test_both_are_not_offered_where_one_chose_all_that_the_other_did(make, anna, bob, program):
    [pk] = make("qualify.lead")
    key, address = own_key("qualify.lead", "CHOICES"), f"/leads/{pk}/edit"
    program.patch(f"/api/v1/leads/{pk}", {key: []}, **JSON)
    hers, his = opened(anna, address), opened(bob, address)
    saved(anna, address, hers, **{key: ["OAK", "ELM"]})
    asked = saved(bob, address, his, **{key: ["OAK"]})
    assert asked.status_code == 409 and "Keep both" not in words(asked)


def test_a_choice_is_about_what_was_shown(make, anna, bob):
    """Somebody changes the field a third time while the question is open: it is asked again."""
    [pk] = make("parties.person")
    address = f"/people/{pk}/edit"
    hers, his = opened(anna, address), opened(bob, address)
    saved(anna, address, hers, city="Cork")
    again = Fields(words(saved(bob, address, his, city="Galway")).split("<main")[-1]).sent
    saved(anna, address, opened(anna, address), city="Sligo")
    asked = saved(bob, address, again, **{"keep-city": "mine"})
    assert asked.status_code == 409 and "Take theirs: “Sligo”" in words(asked)
    assert Party.objects.get(pk=pk).city == "Sligo"


def test_the_same_change_twice_is_no_conflict(make, anna, bob):
    [pk] = make("parties.person")
    address = f"/people/{pk}/edit"
    hers, his = opened(anna, address), opened(bob, address)
    saved(anna, address, hers, city="Cork")
    assert saved(bob, address, his, city="Cork").status_code == 302


def test_a_field_that_was_emptied_stays_empty(make, anna, bob):
    [pk] = make("parties.person")
    address = f"/people/{pk}/edit"
    saved(anna, address, opened(anna, address), city="")
    assert Party.objects.get(pk=pk).city == ""


@pytest.mark.parametrize("key", ["parties.person", "parties.organisation"])
def test_an_owner_who_has_left_stays_until_somebody_else_is_chosen(key, make, by, people, bob, program):
    resource, rep = REGISTRY[key].now(), people["FIELD_REP"]
    [pk] = make(key)
    parties.change_party(party_id=pk, owner_id=rep.pk, by=by, at=AT)
    deactivate_user(user_id=rep.pk, by=by, at=AT)
    address = f"/{resource.slug}/{pk}/edit"
    form = opened(bob, address)
    assert form["owner_id"] == [str(rep.pk)], "the form shows who it is"
    assert saved(bob, address, form, city="Cork").status_code == 302
    assert program.patch(f"/api/v1/{resource.slug}/{pk}", json.dumps({"city": "Sligo"}), **JSON).status_code == 200
    party = Party.objects.get(pk=pk)
    assert (party.city, party.owner_id, party.team_id) == ("Sligo", rep.pk, rep.team_id)
    assert saved(bob, address, opened(bob, address), owner_id="").status_code == 302
    assert Party.objects.get(pk=pk).owner_id is None


def test_a_rep_with_access_only_does_not_take_the_owner_off(by, people, client_of):
    mate = people["FIELD_REP"]
    mate.team = None
    mate.save()
    person = parties.add_person(first_name="Pia", last_name="Lux", owner_id=mate.pk, by=by, at=AT)
    rep = people["INDEPENDENT_REP"]
    parties.grant_access(party_ids=[person.pk], reason="qualify.lead:1", user_id=rep.pk, by=by, at=AT)
    client, address = client_of("INDEPENDENT_REP"), f"/people/{person.pk}/edit"
    assert saved(client, address, opened(client, address), city="Cork").status_code == 302
    person.refresh_from_db()
    assert (person.owner_id, person.city) == (mate.pk, "Cork")
    _token, secret = create_token(user_id=rep.pk, name="T", scopes=["write"], by=actor_of(rep), at=AT)
    answer = Client().patch(
        f"/api/v1/people/{person.pk}", json.dumps({"city": "Sligo"}), HTTP_AUTHORIZATION=f"Bearer {secret}", **JSON
    )
    assert answer.status_code == 200, answer.content


def test_a_campaign_keeps_archived_sources_and_a_former_owner(make, by, people, bob):
    [pk] = make("acquire.campaign")
    acquire.change_campaign(campaign_id=pk, owner_id=people["MARKETER"].pk, by=by, at=AT)
    deactivate_user(user_id=people["MARKETER"].pk, by=by, at=AT)
    campaign = Campaign.objects.get(pk=pk)
    [source] = campaign.sources.all()
    acquire.archive_source(source_id=source.pk, by=by, at=AT)
    address = f"/campaigns/{pk}/edit"
    form = opened(bob, address)
    assert form["source_ids"] == [str(source.pk)] and form["owner_id"] == [str(people["MARKETER"].pk)]
    assert saved(bob, address, form, goal="40 quote requests").status_code == 302
    campaign.refresh_from_db()
    assert (campaign.owner_id, campaign.goal) == (people["MARKETER"].pk, "40 quote requests")
    assert list(campaign.sources.all()) == [source]


@pytest.mark.parametrize("key", EDITED)
def test_a_version_that_is_not_the_last_is_refused(key, make, program):
    resource = REGISTRY[key].now()
    [pk] = make(key)
    address = f"/api/v1/{resource.slug}/{pk}"
    read = program.get(address)["ETag"]
    assert program.get(address)["ETag"] == read
    name = next(
        n for n in ("note", "body", "segment", "city", "title", "next_step", "family") if n in _fields(resource)
    )
    first = program.patch(address, json.dumps({name: "first"}), HTTP_IF_MATCH=read, **JSON)
    assert first.status_code == 200 and first["ETag"] != read, first.content
    second = program.patch(address, json.dumps({name: "second"}), HTTP_IF_MATCH=read, **JSON)
    assert second.status_code == 412 and second.json()["code"] == "stale"
    assert program.get(address)["ETag"] == first["ETag"], "nothing was written"
    for fits in (f'"other", {first["ETag"]}', "*"):
        done = program.patch(address, json.dumps({name: f"third {fits[0]}"}), HTTP_IF_MATCH=fits, **JSON)
        assert done.status_code == 200


def test_a_step_can_be_tied_to_a_version_too(make, program):
    [pk] = make("acquire.source")
    stale = program.post(f"/api/v1/sources/{pk}/do/archive", HTTP_IF_MATCH='"of-yesterday"', **JSON)
    assert stale.status_code == 412
    read = program.get(f"/api/v1/sources/{pk}")["ETag"]
    unread = program.post(f"/api/v1/sources/{pk}/do/archive", HTTP_IF_MATCH="", **JSON)
    assert unread.status_code == 412, "the server hands on nothing of a header that it cannot read"
    assert program.post(f"/api/v1/sources/{pk}/do/archive", HTTP_IF_MATCH=read, **JSON).status_code == 200


def _fields(resource):
    return resource.change.form.base_fields
