"""When somebody leaves: all they hold is shown with its lists, handed over in one step, and taken back as one."""

import json
from collections import Counter
from datetime import timedelta
from urllib.parse import quote

import pytest
from makers import AT

from headwater.parties import actions as parties
from headwater.parties.models import Activity, Party
from headwater.platform import job, many
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.held import HELD
from headwater.platform.lists.actions import save_view
from headwater.platform.models import Job, ListView
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import count_queries
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity
from headwater.team.actions.leaving import hand_over_work
from headwater.team.models import Role
from headwater.team.queries import actor_of
from headwater.team.queries.leaving import held_work, still_held
from headwater.team.rules import roles_that_may

# What was sold stays under the name of who sold it.
KEPT = {"sell.order"}
JSON = {"content_type": "application/json"}


@pytest.fixture
def leaver(people, by, make):
    """Somebody in sales with open work of every kind, and with some that is over."""
    user = people["FIELD_REP"]
    person, done = make("parties.person", 2)
    [company], [lead], [asked], [campaign] = (
        make(key) for key in ("parties.organisation", "qualify.lead", "qualify.lead", "acquire.campaign")
    )
    _open, lost = make("sell.opportunity", 2)
    Party.objects.filter(pk__in=(person, company)).update(owner=user, team=user.team)
    Lead.objects.filter(pk=lead).update(owner=user, team=user.team)
    due = AT + timedelta(hours=8)
    Lead.objects.filter(pk=asked).update(stage="MQL", handed_over_at=AT, handed_to=user, handover_due_at=due)
    Opportunity.objects.update(owner=user, team=user.team)
    Opportunity.objects.filter(pk=lost).update(outcome="LOST", closed_at=AT, lost_reason="PRICE")
    REGISTRY["acquire.campaign"].rows(by).model.objects.filter(pk=campaign).update(owner=user)
    parties.plan_todo(party_id=done, subject="Call back", due_at=due, owner_id=user.pk, by=by, at=AT)
    ticked = parties.plan_todo(party_id=done, subject="Called", due_at=due, owner_id=user.pk, by=by, at=AT)
    parties.complete_todo(activity_id=ticked.pk, by=by, at=AT)
    for name, scope in (("Ours", "TEAM"), ("Mine alone", "PRIVATE")):
        save_view(noun="qualify.lead", name=name, params={"stage": "NEW"}, scope=scope, by=actor_of(user), at=AT)
    return user


ALL = {"leads", "handovers", "opportunities", "todos", "people", "organisations", "campaigns", "views"}


def keys_of(user, by):
    return {work.key for work in held_work(user.pk, by)}


def work():
    while job.run_next(at=now()):
        pass


def test_whatever_has_an_owner_can_be_handed_over():
    owned = {key for key, resource in REGISTRY.items() if "owner" in resource.by_key}
    assert owned == {held.noun for held in HELD.values()} | KEPT
    for held in HELD.values():
        assert held.step().run_many is not None and "owner_id" in held.step().form.base_fields


def test_the_page_tells_what_somebody_holds_and_opens_its_lists(leaver, by, client_of):
    client = client_of("ADMINISTRATOR")
    page = client.get(f"/settings/users/{leaver.pk}/work").content.decode()
    assert keys_of(leaver, by) == ALL
    assert "9 records are in their name" not in page and "8 records are in their name" in page
    assert "Ours" in page and "Mine alone" not in page
    for held in held_work(leaver.pk, by):
        if held.url:
            assert held.url.replace("&", "&amp;") in page
            listed = client.get(held.url)
            record = f"{held.url.partition('?')[0]}/{held.ids[0]}"
            assert listed.status_code == 200 and record in listed.content.decode(), held.key
    assert client.get("/settings/users/999999/work").status_code == 404


def test_all_of_it_goes_in_one_step_and_comes_back_in_one(leaver, by, people, client_of):
    client, heir = client_of("ADMINISTRATOR"), people["HEAD_OF_SALES"]
    answer = client.post(f"/settings/users/{leaver.pk}/work/hand-over", {"to_id": heir.pk, "kinds": sorted(ALL)})
    assert answer.status_code == 302
    assert not keys_of(leaver, by) and keys_of(heir, by) == ALL
    assert Activity.objects.get(subject="Called").owner_id == leaver.pk, "what is done keeps its name"
    assert Opportunity.objects.get(outcome="LOST").owner_id == leaver.pk
    assert ListView.objects.get(name="Mine alone").owner_id == leaver.pk
    page = client.get(f"/settings/users/{leaver.pk}/work").content.decode()
    assert "Nothing open is in their name any more" in page and "To The HEAD_OF_SALES" in page
    undo = page.partition('hx-post="/undo/')[2].partition('"')[0]
    assert client.post(f"/undo/{undo}").status_code == 302
    assert keys_of(leaver, by) == ALL and not keys_of(heir, by)
    assert "Undone" in client.get(f"/settings/users/{leaver.pk}/work").content.decode()
    assert client.post(f"/undo/{undo}").status_code == 409


def test_some_of_it_goes_to_one_colleague_and_the_rest_to_another(leaver, by, people):
    admin, inside = actor_of(people["ADMINISTRATOR"]), people["INSIDE_SALES"]
    hand_over_work(user_id=leaver.pk, to_id=inside.pk, kinds=["leads", "todos"], by=admin, at=AT)
    assert keys_of(leaver, by) == ALL - {"leads", "todos"} and keys_of(inside, by) == {"leads", "todos"}


def test_who_does_not_work_on_such_records_is_not_given_them(leaver, by, people, client_of):
    service = people["SERVICE"]
    assert service.role not in roles_that_may("qualify.lead.move")
    with pytest.raises(Invalid) as refused:
        hand_over_work(user_id=leaver.pk, to_id=service.pk, by=by, at=AT)
    assert "open leads" in refused.value.fields["to_id"][0]
    assert keys_of(leaver, by) == ALL
    page = client_of("OWNER").get(f"/settings/users/{leaver.pk}/work").content.decode()
    assert "The SERVICE (no open leads, handovers to accept" in page
    for wrong in (leaver.pk, 999_999):
        with pytest.raises(Invalid):
            hand_over_work(user_id=leaver.pk, to_id=wrong, by=by, at=AT)


@pytest.mark.parametrize("role", [role for role in Role.values if role not in roles_that_may("team.user.change")])
def test_others_neither_see_nor_hand_over(role, leaver, people, client_of):
    client = client_of(role)
    heir = people["HEAD_OF_SALES"]
    assert client.get(f"/settings/users/{leaver.pk}/work").status_code == 403
    assert client.post(f"/settings/users/{leaver.pk}/work/hand-over", {"to_id": heir.pk}).status_code == 403
    assert client.get(f"/api/v1/users/{leaver.pk}/work").status_code == 403
    answer = client.post(f"/api/v1/users/{leaver.pk}/hand-over", json.dumps({"to": heir.pk}), **JSON)
    assert answer.status_code == 403
    with pytest.raises(NotAllowed):
        hand_over_work(user_id=leaver.pk, to_id=heir.pk, by=actor_of(people[role]), at=AT)


def test_letting_somebody_go_leads_to_what_they_still_hold(leaver, client_of, people):
    client = client_of("OWNER")
    answer = client.post(f"/settings/users/{leaver.pk}/switch")
    assert answer["Location"] == f"/settings/users/{leaver.pk}/work"
    assert "They have left" in client.get(answer["Location"]).content.decode()
    assert "still holds 8 records" in client.get("/settings/users").content.decode()
    assert client.post(f"/settings/users/{people['SERVICE'].pk}/switch")["Location"] == "/settings/users"


def test_many_who_left_cost_as_many_queries_as_one(leaver, by, people):
    with count_queries() as one:
        alone = still_held([leaver.pk], by)
    with count_queries() as many_of_them:
        together = still_held([user.pk for user in people.values()], by)
    # Beside the count, an index may be asked first whether few rows meet the filter.
    assert len(HELD) + 1 <= len(many_of_them) == len(one) <= 2 * len(HELD) + 1
    assert alone[leaver.pk] == together[leaver.pk] == sum(work.count for work in held_work(leaver.pk, by)) == 8


def test_very_much_goes_in_the_background_and_comes_back_as_one(leaver, by, people, client_of, monkeypatch):
    monkeypatch.setattr(many, "AT_ONCE", 3)
    heir, client = people["HEAD_OF_SALES"], client_of("OWNER")
    hand_over_work(user_id=leaver.pk, to_id=heir.pk, by=by, at=now())
    assert Job.objects.filter(kind=many.STEP_JOB).count() == 7 and keys_of(leaver, by) == ALL - {"views"}
    page = client.get(f"/settings/users/{leaver.pk}/work").content.decode()
    assert "on its way" in page and "See how far it is" in page
    undo = page.partition('hx-post="/undo/')[2].partition('"')[0]
    assert client.post(f"/undo/{undo}").status_code == 409, "a part is under way"
    work()
    assert not keys_of(leaver, by) and keys_of(heir, by) == ALL
    back = client.post(f"/undo/{undo}")
    assert back["Location"].startswith("/bulk/")
    work()
    assert keys_of(leaver, by) == ALL and not keys_of(heir, by)
    assert client.get(back["Location"]).status_code == 200


def test_what_somebody_went_on_with_stays_when_it_is_taken_back(leaver, by, people, client_of):
    heir, third = people["HEAD_OF_SALES"], people["INSIDE_SALES"]
    hand_over_work(user_id=leaver.pk, to_id=heir.pk, by=by, at=now())
    moved = Party.objects.get(kind="ORGANISATION", owner=heir)
    parties.change_party(party_id=moved.pk, owner_id=third.pk, by=by, at=now())
    client = client_of("OWNER")
    undo = client.get(f"/settings/users/{leaver.pk}/work").content.decode().partition('hx-post="/undo/')[2]
    client.post(f"/undo/{undo.partition(chr(34))[0]}")
    work()
    assert keys_of(leaver, by) == ALL - {"organisations"} and keys_of(third, by) == {"organisations"}


def test_the_api_tells_and_hands_over(leaver, by, people, client_of):
    client, heir = client_of("OWNER"), people["HEAD_OF_SALES"]
    told = client.get(f"/api/v1/users/{leaver.pk}/work").json()["items"]
    assert {each["kind"] for each in told} == ALL and Counter(each["count"] for each in told) == {1: len(ALL)}
    address = f"/api/v1/users/{leaver.pk}/hand-over"
    for body in ({}, {"to": "x"}, {"to": heir.pk, "kinds": []}, {"to": heir.pk, "more": 1}, []):
        assert client.post(address, json.dumps(body), **JSON).status_code == 422, body
    answer = client.post(address, json.dumps({"to": heir.pk, "kinds": ["leads"]}), **JSON)
    assert answer.status_code == 200 and answer.json() == {"to": heir.pk, "counts": {"leads": 1}}
    assert keys_of(leaver, by) == ALL - {"leads"}
    assert client.post(address, json.dumps({"to": heir.pk, "kinds": ["leads"]}), **JSON).status_code == 409


def test_a_handover_that_waits_is_answered_by_somebody_else(leaver, by, people):
    lead = Lead.objects.get(handed_to=leaver)
    hand_over_work(user_id=leaver.pk, to_id=people["HEAD_OF_SALES"].pk, kinds=["handovers"], by=by, at=AT)
    lead.refresh_from_db()
    assert lead.handed_to_id == people["HEAD_OF_SALES"].pk and lead.handed_over_at == AT
    assert lead.owner_id == by.user_id, "until it is accepted it stays with who gave it"


def test_names_in_addresses_are_quoted(leaver, by):
    assert all(quote(work.url, safe="/?=&_") == work.url for work in held_work(leaver.pk, by))
