"""The pages of merging, duplicates, the archive and what was deleted, and the same through the API."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from headwater.parties import actions
from headwater.parties.models import MatchDecision, MatchProposal, Party
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.platform.shelf import BINS
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.sell import actions as sell
from headwater.team.actions.comments import add_comment, delete_comment
from headwater.team.models import Comment, Company, Follow, Role, StoredFile, User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
HX = {"HTTP_HX_REQUEST": "true"}
JSON = {"content_type": "application/json"}


@pytest.fixture
def users(db):
    Company.objects.create(
        pk=1, name="Kestrel Office IT", currency="EUR", country="NL", time_zone="UTC", setup_done_at=AT
    )
    return {
        role: User.objects.create(email=f"{role.lower()}@k.example", name=f"The {role}", role=role, created_at=AT)
        for role in (Role.OWNER, Role.HEAD_OF_SALES, Role.FIELD_REP, Role.READ_ONLY)
    }


@pytest.fixture
def by(users):
    return actor_of(users[Role.HEAD_OF_SALES])


@pytest.fixture
def client_of(users):
    def signed_in(role=Role.HEAD_OF_SALES):
        client = Client(raise_request_exception=False)
        client.force_login(users[role])
        return client

    return signed_in


@pytest.fixture
def orla(by):
    return actions.add_person(by=by, at=AT, name="Orla Keane", email="orla@pike.example", city="Cork")


@pytest.fixture
def o_keane(by):
    return actions.add_person(by=by, at=AT, name="O. Keane", email="ok@home.example", phone="020 794 1234")


def words(answer):
    return answer.content.decode()


def test_what_colleagues_added_comes_along_and_goes_back(client_of, users, orla, o_keane):
    reader = actor_of(users[Role.FIELD_REP])
    for pk in (o_keane.pk, o_keane.pk, orla.pk):
        add_comment(noun="parties.person", row_id=pk, text="Ask her", by=actor_of(users[Role.OWNER]), at=AT)
    gone = add_comment(noun="parties.person", row_id=o_keane.pk, text="Wrong", by=actor_of(users[Role.OWNER]), at=AT)
    delete_comment(comment_id=gone.pk, by=actor_of(users[Role.OWNER]), at=AT)
    StoredFile.objects.create(
        noun="parties.person", row_id=o_keane.pk, name="quote.pdf", media_type="application/pdf", size=3, sha256="",
        key="k", added_by=users[Role.OWNER], added_at=AT,
    )  # fmt: skip
    # A comment on a company of the same number is another matter.
    Comment.objects.create(noun="parties.organisation", row_id=o_keane.pk, author_id=reader.user_id, created_at=AT)
    Follow.objects.create(noun="parties.person", row_id=orla.pk, user_id=reader.user_id, since=AT)
    client = client_of()
    page = words(client.get(f"/people/merge?ids={o_keane.pk},{orla.pk}&keep={orla.pk}"))
    assert "2 comments, 2 contact points, 1 file" in page
    assert "1 comment, 1 contact point, " in page and "2 followers" in page
    client.post("/people/merge", {"ids": f"{orla.pk},{o_keane.pk}", "keep_id": orla.pk, "also:phone": "1",
                                  "also:email": "1"})  # fmt: skip
    event = Event.objects.get(verb="parties.merged")
    told = words(client.get(f"/people/{orla.pk}/merges/{event.pk}"))
    assert "O. Keane stands by itself again, with 2 comments, 2 contact points, 1 file" in told


def test_two_records_are_compared_and_merged_with_undo(client_of, orla, o_keane):
    client = client_of()
    page = words(client.get(f"/people/merge?ids={o_keane.pk},{orla.pk}"))
    assert "Is this all Orla Keane?" in page and "known longest" in page and "ok@home.example" in page
    data = {"ids": f"{orla.pk},{o_keane.pk}", "keep_id": o_keane.pk, "take:email": orla.pk, "also:phone": "1",
            "take:name": orla.pk}  # fmt: skip
    answer = client.post("/people/merge", data, follow=True)
    assert answer.redirect_chain == [(f"/people/{o_keane.pk}", 302)] and "Merged into Orla Keane" in words(answer)
    kept = Party.objects.get(pk=o_keane.pk)
    assert (kept.name, kept.email, kept.phone) == ("Orla Keane", "orla@pike.example", "+31207941234")
    first = kept.contact_points.filter(kind="EMAIL", deleted_at=None)
    assert [point.normalised for point in first] == ["orla@pike.example"], "only the chosen e-mail was wanted"
    event = Event.objects.get(verb="parties.merged")
    assert f'action="/undo/{event.pk}"' in words(answer)
    assert client.post(f"/undo/{event.pk}").status_code == 302
    assert Party.objects.get(pk=orla.pk).merged_into_id is None


def test_up_to_five_and_no_nonsense(client_of, by, orla, o_keane):
    client = client_of()
    more = [actions.add_person(by=by, at=AT, name=f"O {n}").pk for n in range(3)]
    ids = ",".join(map(str, [orla.pk, o_keane.pk, *more]))
    assert 'class="cmp of-5"' in words(client.get(f"/people/merge?ids={ids}"))
    for query in ("", "?ids=", "?ids=x,y", f"?ids={orla.pk}", f"?ids={orla.pk},4711", "?ids=1e9,1"):
        assert client.get(f"/people/merge{query}").status_code in (302, 404), query
    assert client.get(f"/organisations/merge?ids={orla.pk},{o_keane.pk}").status_code in (302, 404)


def test_rows_ticked_in_a_list_come_side_by_side(client_of, orla, o_keane):
    client = client_of()
    answer = client.post("/people/do/merge", {"ids": [orla.pk, o_keane.pk], "ask": "1"}, **HX)
    assert answer["HX-Redirect"] == f"/people/merge?ids={orla.pk},{o_keane.pk}"
    assert client.post("/people/do/merge", {"ids": [orla.pk]}, **HX).status_code == 422


def test_a_record_finds_the_other_one(client_of, orla, o_keane):
    client = client_of()
    assert "Merge with…" in words(client.get(f"/people/{orla.pk}"))
    assert "<dialog" in words(client.get(f"/people/{orla.pk}/do/merge", **HX))
    found = words(client.get(f"/people/{orla.pk}/do/merge?q=keane", **HX))
    assert f"/people/merge?ids={orla.pk},{o_keane.pk}" in found and "<dialog" not in found
    assert f"ids={orla.pk},{orla.pk}" not in found, "not with itself"


def test_a_record_says_what_it_took_in_and_is_taken_apart_from_there(client_of, by, orla, o_keane):
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], choices={"email": o_keane.pk}, by=by, at=AT)
    lead = qualify.capture_lead(by=by, at=AT, party_id=orla.pk, title="Since then")
    actions.change_party(party_id=orla.pk, city="Dublin", phone="+353 21 555 0100", by=by, at=AT)
    client = client_of()
    page = words(client.get(f"/people/{orla.pk}"))
    [event] = Event.objects.filter(verb="parties.merged")
    url = f"/people/{orla.pk}/merges/{event.pk}"
    assert "O. Keane" in page and "Merged on 12 Nov by The HEAD_OF_SALES" in page and f'href="{url}"' in page
    told = words(client.get(url, **HX))
    assert "<dialog" in told and "O. Keane stands by itself again, with 2 contact points." in told
    assert "has its own values again: E-mail." in told, "the city was never the merge's"
    assert "stays as it is with Orla Keane: " not in told or "Phone" in told
    answer = client.post(url, follow=True)
    assert "Taken apart: O. Keane" in words(answer) and answer.redirect_chain[-1][0] == f"/people/{orla.pk}"
    assert "Merged records" not in words(client.get(f"/people/{orla.pk}"))
    o_keane.refresh_from_db(), orla.refresh_from_db(), lead.refresh_from_db()
    assert (o_keane.merged_into_id, orla.email, orla.city, lead.party_id) == (
        None, "orla@pike.example", "Dublin", orla.pk,
    )  # fmt: skip
    assert client.post(url).status_code == client.get(url).status_code == 404
    [back] = Event.objects.filter(verb="parties.unmerged")
    assert f'action="/undo/{back.pk}"' in words(answer), "and that is taken back as any other change"
    client.post(f"/undo/{back.pk}")
    o_keane.refresh_from_db(), orla.refresh_from_db()
    assert (o_keane.merged_into_id, orla.email) == (orla.pk, "ok@home.example")


def test_what_moved_on_since_a_merge_is_told_before_it_is_taken_apart(client_of, by, orla, o_keane):
    lead = qualify.capture_lead(by=by, at=AT, party_id=o_keane.pk, title="Printers")
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=AT)
    Lead.objects.filter(pk=lead.pk).update(party=actions.add_person(by=by, at=AT, name="Somebody Else"))
    [event] = Event.objects.filter(verb="parties.merged")
    told = words(client_of().get(f"/people/{orla.pk}/merges/{event.pk}"))
    assert "so it stays as it is with Orla Keane: 1 lead." in " ".join(told.split())


def test_what_comes_along_is_counted_in_the_language_of_the_reader(client_of, orla, o_keane):
    User.objects.update(language="de")
    page = words(client_of().get(f"/people/merge?ids={o_keane.pk},{orla.pk}"))
    assert "1 Kontaktangabe " in page and "2 Kontaktangaben " in page


def test_merges_of_others_are_told_and_taken_apart_by_who_may_merge(client_of, by, orla, o_keane):
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=AT)
    [event] = Event.objects.filter(verb="parties.merged")
    reader = client_of(Role.READ_ONLY)
    page = words(reader.get(f"/people/{orla.pk}"))
    assert "Merged records" in page and "/merges/" not in page
    url = f"/people/{orla.pk}/merges/{event.pk}"
    assert reader.get(url).status_code == reader.post(url).status_code == 403
    assert client_of().get(f"/organisations/{orla.pk}/merges/{event.pk}").status_code == 404
    assert client_of().get(f"/people/{orla.pk}/merges/{event.pk + 999}").status_code == 404
    assert Party.objects.get(pk=o_keane.pk).merged_into_id == orla.pk


def test_a_merged_record_leads_to_the_kept_one(client_of, by, orla, o_keane):
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=AT)
    client = client_of()
    answer = client.get(f"/people/{o_keane.pk}?in=x")
    assert answer.status_code == 301 and answer["Location"] == f"/people/{orla.pk}?in=x"
    assert answer["Cache-Control"] == "no-store", "a merge can be taken back"
    assert client.get(f"/people/{o_keane.pk}/edit")["Location"] == f"/people/{orla.pk}/edit"
    assert client.post(f"/people/{o_keane.pk}/edit", {"last_name": "X"}).status_code in (409, 301)
    assert o_keane.name not in words(client.get("/people"))
    assert f"/people/{o_keane.pk}" not in words(client.get("/search?q=keane"))
    api = client.get(f"/api/v1/people/{o_keane.pk}")
    assert api.status_code == 301 and api["Location"] == f"/api/v1/people/{orla.pk}"
    assert api.json()["merged_into"] == orla.pk and api.json()["code"] == "moved"
    assert client.get(api["Location"]).json()["id"] == orla.pk
    about = client.get(f"/api/v1/people/{o_keane.pk}/comments?limit=5")
    assert about["Location"] == f"/api/v1/people/{orla.pk}/comments?limit=5"
    assert [row["id"] for row in client.get("/api/v1/people").json()["items"]] == [orla.pk]
    assert client_of(Role.FIELD_REP).get("/people/4711").status_code == 404


def test_the_api_merges_like_the_page(client_of, orla, o_keane):
    client = client_of(Role.OWNER)
    body = {"merge_ids": [o_keane.pk], "choices": {"email": o_keane.pk}, "only": ["phone"]}
    answer = client.post(f"/api/v1/people/{orla.pk}/do/merge", json.dumps(body), **JSON)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["id"], answer.json()["email"]) == (orla.pk, "ok@home.example")
    again = client.post(f"/api/v1/people/{orla.pk}/do/merge", json.dumps(body), **JSON)
    assert again.status_code == 409 and again.json()["code"] == "merged_meanwhile"
    for wrong in ({"merge_ids": ["x"]}, {"merge_ids": []}, {"merge_ids": [o_keane.pk], "choices": [1]}, {"merge": 1}):
        answer = client.post(f"/api/v1/people/{orla.pk}/do/merge", json.dumps(wrong), **JSON)
        assert answer.status_code == 422, (wrong, answer.content)


def test_duplicates_are_listed_judged_and_remembered(client_of, by, orla, o_keane):
    proposal = MatchProposal.objects.create(party=o_keane, other=orla, reason="Same name and phone", created_at=AT)
    jonas = actions.add_person(by=by, at=AT, name="Jonas Weber")
    later = MatchProposal.objects.create(party=jonas, other=orla, reason="Same e-mail", created_at=AT)
    client = client_of()
    page = words(client.get("/duplicates"))
    assert "Same name and phone" in page and page.count("Compare</a>") == 2
    assert 'href="/duplicates"' in words(client.get("/leads")) and '<span class="ct">2</span>' in page
    first = words(client.get(f"/people/merge?ids={o_keane.pk},{orla.pk}&queue=1"))
    assert f"/people/merge?ids={jonas.pk},{orla.pk}&amp;queue=1" in first, "the next pair follows"
    data = {"proposal_id": proposal.pk, "next": "/duplicates"}
    assert client.post(f"/people/{o_keane.pk}/do/not-the-same", data)["Location"] == "/duplicates"
    proposal.refresh_from_db()
    assert proposal.decision == MatchDecision.DIFFERENT
    assert "Same name and phone" not in words(client.get("/duplicates"))
    data = {"ids": f"{jonas.pk},{orla.pk}", "then": "/duplicates", "also:email": "1"}
    assert client.post("/people/merge", data)["Location"] == "/duplicates"
    later.refresh_from_db()
    assert later.decision == MatchDecision.SAME
    assert "No duplicates to look at" in words(client.get("/duplicates"))


def test_merging_is_closed_without_its_right(client_of, orla, o_keane):
    reader, rep = client_of(Role.READ_ONLY), client_of(Role.FIELD_REP)
    for client in (reader, rep):
        assert client.get("/duplicates").status_code == 403
        assert client.get(f"/people/merge?ids={orla.pk},{o_keane.pk}").status_code == 403
        assert client.post("/people/merge", {"ids": f"{orla.pk},{o_keane.pk}"}).status_code == 403
        assert "Merge with" not in words(client.get(f"/people/{orla.pk}"))
    assert not Party.objects.exclude(merged_into=None).exists()


ARCHIVED = sorted(key for key, resource in REGISTRY.items() if resource.archived)


def test_these_nouns_have_an_archive():
    assert ARCHIVED == [
        "acquire.campaign", "acquire.source", "parties.organisation", "parties.person", "sell.opportunity",
        "sell.order", "sell.product",
    ]  # fmt: skip


def test_the_archive_hides_from_lists_and_pickers_and_keeps_it_findable(client_of, by, orla):
    client = client_of()
    assert client.post(f"/people/{orla.pk}/do/archive").status_code == 302
    assert "Orla Keane" not in words(client.get("/people")) and "Orla Keane" in words(
        client.get("/people?view=archived")
    )
    page = words(client.get(f"/people/{orla.pk}"))
    assert "Archived" in page and "Use again" in page, "the record is there, and says so"
    api = "/api/v1/people"
    assert client.get(api).json()["items"] == [] and client.get(f"{api}/count").json()["count"] == 0
    assert [row["id"] for row in client.get(f"{api}?include_archived=true").json()["items"]] == [orla.pk]
    assert client.get(f"{api}/{orla.pk}").json()["archived_at"]
    event = Event.objects.get(verb="platform.archived")
    assert (event.subject_type, event.subject_id, event.party_id) == ("parties.person", orla.pk, orla.pk)
    client.post(f"/undo/{event.pk}")
    assert "Orla Keane" in words(client.get("/people"))
    again = client.post(f"{api}/do/archive", json.dumps({"ids": [orla.pk]}), **JSON)
    assert again.status_code == 200
    assert client.post(f"{api}/{orla.pk}/do/unarchive", **JSON).json()["archived_at"] is None
    product = sell.add_product(name="Server", by=by, at=AT)
    client.post(f"/products/{product.pk}/do/archive")
    assert "Server" not in words(client.get("/opportunities/new"))


def test_what_was_deleted_is_found_and_restored(client_of, by, orla):
    client = client_of()
    opportunity = sell.open_opportunity(by=by, at=AT, party_id=orla.pk, name="Refresh", amount=9000)
    client.post(f"/opportunities/{opportunity.pk}/do/delete")
    client.post(f"/people/{orla.pk}/do/delete")
    page = words(client.get("/settings/recently-deleted"))
    assert "Orla Keane" in page and "deleted by The HEAD_OF_SALES" in page
    answer = client.post(f"/settings/recently-deleted/people/{orla.pk}", follow=True)
    assert answer.redirect_chain == [(f"/people/{orla.pk}", 302)] and "Person restored" in words(answer)
    client.post(f"/settings/recently-deleted/opportunities/{opportunity.pk}")
    assert client.get(f"/opportunities/{opportunity.pk}").status_code == 200
    assert "Nothing was deleted" in words(client.get("/settings/recently-deleted"))
    assert client.post(f"/settings/recently-deleted/people/{orla.pk}").status_code == 404


def test_whoever_may_not_delete_sees_nothing_deleted(client_of, by, orla):
    actions.delete_party(party_id=orla.pk, by=by, at=AT)
    for role in (Role.READ_ONLY, Role.FIELD_REP):
        client = client_of(role)
        assert client.get("/settings/recently-deleted").status_code == 403
        assert client.post(f"/settings/recently-deleted/people/{orla.pk}").status_code in (403, 404)
    assert Party.objects.get(pk=orla.pk).deleted_at is not None


def test_every_noun_that_can_be_deleted_can_be_restored():
    deletable = {key for key, resource in REGISTRY.items() if resource.command("delete") is not None}
    assert deletable == set(BINS)
