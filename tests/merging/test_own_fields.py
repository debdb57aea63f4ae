"""Custom fields of records that become one: chosen like built-in fields, and each as it was when taken apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from headwater.parties import actions, queries
from headwater.parties.models import Party
from headwater.platform.custom import actions as custom
from headwater.platform.errors import Invalid
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.platform.undo import undo_event
from headwater.qualify.actions import capture_lead
from headwater.team.models import Company, Role, User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(days=2)
COMPANY = "parties.organisation"


@pytest.fixture
def owner(db):
    Company.objects.create(
        pk=1, name="Kestrel Office IT", currency="EUR", country="NL", time_zone="UTC", setup_done_at=AT
    )
    return User.objects.create(email="o@k.example", name="Erik Haas", role=Role.OWNER, created_at=AT)


@pytest.fixture
def by(owner):
    return actor_of(owner)


@pytest.fixture
def head(owner):
    return User.objects.create(email="h@k.example", name="Hanna Berg", role=Role.HEAD_OF_SALES, created_at=AT)


@pytest.fixture
def fields(by):
    """A number, a choice, a day, a formula of the number, and a text that the owner alone sees."""
    about = {"noun": COMPANY, "by": by, "at": AT}
    custom.add_field(**about, label="Seats", kind="NUMBER")
    custom.add_field(**about, label="Wood", kind="CHOICE", choices=[{"label": "Oak"}, {"label": "Elm"}])
    custom.add_field(**about, label="Since", kind="DATE")
    custom.add_field(**about, label="Double", kind="FORMULA", formula="cf_seats * 2", result="NUMBER")
    custom.add_field(**about, label="Mind you", kind="TEXT", seen_by=[])


def company(name, by, **values):
    party = actions.add_organisation(name=name, by=by, at=AT)
    write(party, by, **values)
    return party


def write(party, by, **values):
    command = REGISTRY[COMPANY].now().change
    command.run(party_id=party.pk, by=by, at=LATER, **{f"cf_{key}": value for key, value in values.items()})


@pytest.fixture
def two(by, fields):
    """The same company twice; the first has seats, both a wood, the other a day."""
    first = company("Harrow & Pike", by, seats="10", wood="OAK", mind_you="pays late")
    return first, company("Harrow and Pike", by, seats="12", wood="ELM", since="2020-05-01", mind_you="pays well")


def held(party):
    return Party.objects.values_list("custom", flat=True).get(pk=party.pk)


def last_merge():
    return Event.objects.filter(verb="parties.merged", undone=None).latest("pk")


def test_the_chosen_value_holds_and_formulas_follow_it(by, two):
    kept, other = two
    actions.merge_parties(
        keep_id=kept.pk, merge_ids=[other.pk], choices={"cf_seats": other.pk, "cf_wood": kept.pk}, by=by, at=LATER
    )
    assert held(kept) == {
        "cf_seats": "12", "cf_wood": "OAK", "cf_since": "2020-05-01", "cf_double": "24", "cf_mind_you": "pays late",
    }  # fmt: skip


def test_what_was_chosen_to_be_empty_is_empty(by, two):
    kept, other = two
    actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], choices={"cf_since": kept.pk}, by=by, at=LATER)
    assert "cf_since" not in held(kept)


def test_taken_apart_each_has_what_it_had(by, two):
    kept, other = two
    before = held(kept), held(other)
    actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], choices={"cf_seats": other.pk}, by=by, at=LATER)
    assert held(kept)["cf_double"] == "24"
    undo_event(event_id=last_merge().pk, by=by, at=LATER)
    assert (held(kept), held(other)) == before


def test_the_result_of_a_formula_that_only_one_had_does_not_stand_in_the_way(by, fields):
    kept, other = company("Harrow & Pike", by, wood="OAK"), company("Harrow and Pike", by, seats="12")
    before = held(kept), held(other)
    actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], by=by, at=LATER)
    assert held(kept) == {"cf_wood": "OAK", "cf_seats": "12", "cf_double": "24"}
    undo_event(event_id=last_merge().pk, by=by, at=LATER)
    assert (held(kept), held(other)) == before


def test_a_field_that_was_changed_since_stays_and_the_others_go_back(by, two):
    kept, other = two
    choices = {"cf_seats": other.pk, "cf_wood": other.pk}
    actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], choices=choices, by=by, at=LATER)
    write(kept, by, seats="30")
    told = queries.taken_apart(by, Party.objects.get(pk=kept.pk), last_merge().pk)
    assert (list(told.restored), list(told.changed)) == (["Since", "Wood"], ["Seats"])
    undo_event(event_id=last_merge().pk, by=by, at=LATER)
    assert held(kept) == {"cf_seats": "30", "cf_wood": "OAK", "cf_double": "60", "cf_mind_you": "pays late"}


def test_nobody_chooses_a_field_they_may_not_see(head, two):
    (kept, other), by = two, actor_of(head)
    with pytest.raises(Invalid):
        actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], choices={"cf_mind_you": other.pk}, by=by, at=LATER)
    with pytest.raises(Invalid):
        actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], choices={"cf_double": other.pk}, by=by, at=LATER)


def test_the_page_offers_them_in_words_and_takes_the_choice(owner, head, two):
    kept, other = two
    client = Client()
    client.force_login(head)
    address = f"/organisations/merge?ids={kept.pk},{other.pk}&keep={kept.pk}"
    page = client.get(address).content.decode()
    assert "Wood: Oak" in page and "Wood: Elm" in page and "Seats: 12" in page and "1 May 2020" in page
    assert "Double" not in page and "pays well" not in page
    client.force_login(owner)
    assert "pays well" in client.get(address).content.decode()
    answer = client.post(
        "/organisations/merge",
        {"ids": f"{kept.pk},{other.pk}", "keep_id": kept.pk, "take:cf_wood": other.pk, "take:cf_mind_you": other.pk},
    )
    assert answer.status_code in (200, 302)
    assert (held(kept)["cf_wood"], held(kept)["cf_mind_you"]) == ("ELM", "pays well")


def test_a_lead_that_names_a_company_twice_goes_back_as_one(by):
    kept, other = (actions.add_organisation(name=name, by=by, at=AT) for name in ("Harrow & Pike", "Harrow and Pike"))
    lead = capture_lead(party_id=other.pk, title="Printers", by=by, at=AT)
    assert lead.organisation_id == other.pk
    actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], by=by, at=LATER)
    told = queries.taken_apart(by, Party.objects.get(pk=kept.pk), last_merge().pk)
    assert [dict(hanging).get("leads") for _name, hanging in told.goes] == [1]
