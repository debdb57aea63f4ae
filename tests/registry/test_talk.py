"""Comments, mentions and followers on the records of every noun: who reads, who writes, who hears of it."""

import pytest
from django.test import Client
from makers import AT, nouns_in_turn

from headwater.parties import actions as parties
from headwater.parties import queries as party_queries
from headwater.platform.actor import job_actor
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.models import Event, EventPersonal
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import count_queries, last_event, undo_last
from headwater.team.actions import accounts, comments, followers
from headwater.team.models import Comment, Notice, Role, User
from headwater.team.queries import actor_of
from headwater.team.queries.comments import said_about, suggested, waiting_for
from headwater.team.queries.followers import followers_of, is_following
from headwater.team.queries.records import Record, the_record

NOUNS = sorted(REGISTRY)
SYSTEM = job_actor("test")


@pytest.fixture
def of(people):
    return lambda role: actor_of(people[role])


@pytest.fixture
def person(by):
    return parties.add_person(name="Orla Keane", owner_id=by.user_id, by=by, at=AT)


def say(noun, pk, text, by):
    return comments.add_comment(noun=noun, row_id=pk, text=text, by=by, at=AT)


def names(users):
    return [user.name for user in users]


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("key", nouns_in_turn())
def test_whoever_sees_a_record_reads_its_talk_and_takes_part_unless_they_only_read(key, role, make, client_of, by, of):
    resource, actor = REGISTRY[key], of(role)
    [pk] = make(key)
    said = say(key, pk, "Ask for the device list", by)
    client, base = client_of(role), f"/{resource.slug}/{pk}"
    sees = actor.may(resource.verb("see")) and resource.rows(actor).filter(pk=pk).exists()
    writes = sees and role != "READ_ONLY"
    page, api = client.get(base), client.get(f"/api/v1{base}/comments")
    assert ("Ask for the device list" in page.content.decode()) is sees
    assert (api.status_code == 200 and api.json()["items"][0]["text"] == "Ask for the device list") is sees
    posted = client.post(f"{base}/comments", {"text": f"I did, {role}"})
    assert (posted.status_code == 302) is writes, posted.status_code
    assert Comment.objects.filter(text=f"I did, {role}").exists() is writes
    sent = client.post(f"/api/v1{base}/comments", {"text": "By program"}, "application/json")
    assert (sent.status_code == 201) is writes or "CSRF" in sent.content.decode()
    assert (client.get(f"{base}/colleagues?q=the").status_code == 200) is sees
    assert (client.post(f"{base}/follow").status_code == 302) is sees
    assert is_following(actor, Record(resource, resource.rows(by).get(pk=pk))) is sees
    if role not in ("OWNER", "ADMINISTRATOR"):  # nobody else touches what a colleague said
        for address in (f"{base}/comments/{said.pk}/delete", f"{base}/comments/{said.pk}"):
            assert client.post(address, {"text": "not mine"}).status_code in (403, 404)
    assert Comment.objects.get(pk=said.pk).text == "Ask for the device list"


@pytest.mark.parametrize("key", NOUNS)
def test_nobody_joins_in_without_signing_in_or_without_the_token_of_the_page(key, make, by, people):
    [pk] = make(key)
    base = f"/{REGISTRY[key].slug}/{pk}"
    said = say(key, pk, "Among us", by)
    posts = [f"{base}/comments", f"{base}/comments/{said.pk}/delete", f"{base}/follow", f"{base}/unfollow"]
    for address in posts:
        assert Client().post(address, {"text": "x"}).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people["OWNER"])
    assert {strict.post(address, {"text": "x"}).status_code for address in posts} == {403}
    assert Client().get(f"/api/v1{base}/comments").status_code == 401
    assert Comment.objects.count() == 1


def test_a_comment_is_reached_through_its_own_record_only(person, by, client_of):
    other = parties.add_person(name="Somebody Else", owner_id=by.user_id, by=by, at=AT)
    said = say("parties.person", person.pk, "About Orla", by)
    client = client_of("OWNER")
    assert client.get(f"/people/{other.pk}/comments/{said.pk}").status_code == 404
    assert client.post(f"/people/{other.pk}/comments/{said.pk}/delete").status_code == 404
    assert client.delete(f"/api/v1/people/{other.pk}/comments/{said.pk}").status_code == 404


def test_who_is_meant_and_who_follows_hears_of_it_the_author_does_not(person, by, of, people):
    followers.follow_record(noun="parties.person", row_id=person.pk, by=of("MARKETER"), at=AT)
    say("parties.person", person.pk, "@The SERVICE please call, @the head_of_sales knows", of("FIELD_REP"))
    waiting = {role: [each.notice.is_mention for each in waiting_for(of(role), 10)] for role in people}
    assert waiting["SERVICE"] == waiting["HEAD_OF_SALES"] == [True]
    assert waiting["MARKETER"] == waiting["OWNER"] == [False]  # the owner follows by itself
    assert waiting["FIELD_REP"] == waiting["READ_ONLY"] == []


def test_my_day_shows_what_is_for_me_until_it_is_done_and_undo_brings_it_back(person, by, of, client_of):
    say("parties.person", person.pk, "@The SERVICE please call", by)
    client = client_of("SERVICE")
    page = client.get("/").content.decode()
    assert "please call" in page
    assert " ago</b>" in page and " late</div>" not in page, "a comment is not due, however old it is"
    notice = Notice.objects.get(is_mention=True)
    assert client_of("MARKETER").post(f"/notices/{notice.pk}/done").status_code == 404
    client.post(f"/notices/{notice.pk}/done")
    assert "please call" not in client.get("/").content.decode()
    client.post(f"/undo/{last_event('team.notice_done').pk}")
    assert "please call" in client.get("/").content.decode()


def test_only_those_who_see_the_record_can_be_meant_the_others_are_named_with_the_reason(by, people, of, client_of):
    hidden = parties.add_person(name="Secret Person", owner_id=people["HEAD_OF_SALES"].pk, by=SYSTEM, at=AT)
    record = the_record(by, "parties.person", hidden.pk)
    offered = {each.handle: each.sees for each in suggested(record, "the ind")}
    assert offered == {"The INDEPENDENT_REP": False}
    with pytest.raises(Invalid, match="cannot see this record"):
        say("parties.person", hidden.pk, "@The INDEPENDENT_REP look", by)
    assert not Comment.objects.exists()
    page = client_of("OWNER").post(f"/people/{hidden.pk}/comments", {"text": "@The INDEPENDENT_REP look"})
    assert page.status_code == 422 and "@The INDEPENDENT_REP look" in page.content.decode()
    part = client_of("OWNER").get(f"/people/{hidden.pk}/colleagues?q=the+ind").content.decode()
    assert 'aria-disabled="true"' in part and "cannot see this record" in part


def test_what_is_for_me_goes_when_the_record_goes_out_of_sight(person, by, of, people):
    parties.change_party(party_id=person.pk, owner_id=people["INDEPENDENT_REP"].pk, by=by, at=AT)
    say("parties.person", person.pk, "Yours", by)
    assert len(waiting_for(of("INDEPENDENT_REP"), 10)) == 1
    parties.change_party(party_id=person.pk, owner_id=by.user_id, by=by, at=AT)
    assert waiting_for(of("INDEPENDENT_REP"), 10) == []


def test_colleagues_of_one_name_are_told_apart_and_a_new_name_shows_in_old_words(person, by, people):
    twin = User.objects.create(email="twin@kestrel.example", name="The SERVICE", role="SERVICE", created_at=AT)
    say("parties.person", person.pk, "@The SERVICE (twin@kestrel.example) and nobody@x.example", by)
    assert [notice.user_id for notice in Notice.objects.filter(is_mention=True)] == [twin.pk]
    User.objects.filter(pk=twin.pk).update(name="Ada Okafor")
    [said] = said_about(by, the_record(by, "parties.person", person.pk))
    assert said.text == "@Ada Okafor and nobody@x.example"


def test_what_is_said_is_shown_as_words_never_as_markup(person, by, client_of):
    say("parties.person", person.pk, "<script>alert(1)</script> @[1] <b>@The SERVICE</b>", by)
    page = client_of("OWNER").get(f"/people/{person.pk}").content.decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;" in page
    assert [notice.user.name for notice in Notice.objects.filter(is_mention=True)] == ["The SERVICE"]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_001])
def test_nothing_and_too_much_are_refused(text, person, by):
    with pytest.raises(Invalid):
        say("parties.person", person.pk, text, by)


def test_rewording_tells_who_is_meant_now_and_undo_puts_the_words_back(person, by, of):
    said = say("parties.person", person.pk, "@The SERVICE please", by)
    comments.edit_comment(comment_id=said.pk, text="@The MARKETER please", by=by, at=AT)
    assert waiting_for(of("SERVICE"), 10) == [] and len(waiting_for(of("MARKETER"), 10)) == 1
    with pytest.raises(NotAllowed):
        undo_last("team.comment_edited", by=of("ADMINISTRATOR"), at=AT)
    undo_last("team.comment_edited", by=by, at=AT)
    assert len(waiting_for(of("SERVICE"), 10)) == 1 and waiting_for(of("MARKETER"), 10) == []


def test_a_deleted_comment_is_gone_everywhere_and_comes_back_by_undo(person, by, of, client_of):
    said = say("parties.person", person.pk, "@The SERVICE a secret", by)
    comments.delete_comment(comment_id=said.pk, by=by, at=AT)
    assert waiting_for(of("SERVICE"), 10) == []
    page = client_of("OWNER").get(f"/people/{person.pk}").content.decode()
    assert "a secret" not in page  # on its journey neither
    with pytest.raises(NotAllowed):
        undo_last("team.comment_deleted", by=of("SERVICE"), at=AT)
    undo_last("team.comment_deleted", by=by, at=AT)
    assert len(waiting_for(of("SERVICE"), 10)) == 1
    with pytest.raises(NotUndoable):
        undo_last("team.comment_deleted", by=by, at=AT)


def test_an_author_does_not_bring_back_what_an_administrator_took_down(person, by, of):
    said = say("parties.person", person.pk, "Not nice", of("SERVICE"))
    comments.delete_comment(comment_id=said.pk, by=of("ADMINISTRATOR"), at=AT)
    with pytest.raises(NotAllowed):
        undo_last("team.comment_deleted", by=of("SERVICE"), at=AT)


def test_what_was_said_stands_on_the_journey_for_those_who_see_the_record(make, by, of, people, client_of):
    [pk] = make("qualify.lead")
    lead = REGISTRY["qualify.lead"].rows(by).get(pk=pk)
    say("qualify.lead", pk, "Their budget is 30k", by)
    parties.grant_access(party_ids=[lead.party_id], reason="test:1", user_id=people["INDEPENDENT_REP"].pk, by=by, at=AT)
    told = [entry.text for entry in party_queries.timeline(by, lead.party_id) if entry.verb == "team.comment_added"]
    assert told == ["Their budget is 30k"]
    rep = of("INDEPENDENT_REP")  # sees the person, not the lead of a colleague
    if not REGISTRY["qualify.lead"].rows(rep).filter(pk=pk).exists():
        seen = party_queries.timeline(rep, lead.party_id)
        assert not any("30k" in entry.text + entry.sentence for entry in seen)
    assert "30k" not in str(list(Event.objects.values_list("data", flat=True)))
    assert "30k" in str(list(EventPersonal.objects.values_list("data", flat=True)))


def test_talk_and_followers_come_along_in_a_merge_and_go_back(person, by, of):
    other = parties.add_person(name="O. Keane", by=by, at=AT)
    say("parties.person", other.pk, "Met at the fair", of("SERVICE"))
    parties.merge_parties(keep_id=person.pk, merge_ids=[other.pk], by=by, at=AT)
    record = the_record(by, "parties.person", person.pk)
    assert [said.text for said in said_about(by, record)] == ["Met at the fair"]
    assert names(followers_of(record)) == ["The OWNER", "The SERVICE"]
    assert the_record(by, "parties.person", other.pk).row.pk == person.pk
    undo_last("parties.merged", by=by, at=AT)
    assert said_about(by, the_record(by, "parties.person", person.pk)) == []
    assert len(said_about(by, the_record(by, "parties.person", other.pk))) == 1


def test_following_is_a_word_of_ones_own_and_undone_like_everything(person, by, of, client_of):
    record = the_record(by, "parties.person", person.pk)
    assert names(followers_of(record)) == ["The OWNER"]
    client = client_of("READ_ONLY")
    assert 'data-key="f"' in client.get(f"/people/{person.pk}").content.decode()
    client.post(f"/people/{person.pk}/follow")
    assert names(followers_of(record)) == ["The OWNER", "The READ_ONLY"]
    assert "follow" not in str([entry.verb for entry in party_queries.timeline(by, person.pk)])
    with pytest.raises(NotAllowed):
        undo_last("team.record_followed", by=of("ADMINISTRATOR"), at=AT)
    client.post(f"/undo/{last_event('team.record_followed').pk}")
    assert names(followers_of(record)) == ["The OWNER"]
    followers.unfollow_record(noun="parties.person", row_id=person.pk, by=by, at=AT)
    assert followers_of(record) == []
    say("parties.person", person.pk, "Still not following", by)
    assert followers_of(record) == []


def test_who_left_follows_nothing_and_cannot_be_meant(person, by, of, people):
    followers.follow_record(noun="parties.person", row_id=person.pk, by=of("SERVICE"), at=AT)
    accounts.deactivate_user(user_id=people["SERVICE"].pk, by=by, at=AT)
    record = the_record(by, "parties.person", person.pk)
    assert names(followers_of(record)) == ["The OWNER"] and suggested(record, "the serv") == []
    say("parties.person", person.pk, "@The SERVICE where are you", by)
    assert not Notice.objects.exists()


def test_jobs_and_people_out_of_sight_say_nothing(person, of):
    with pytest.raises(NotAllowed):
        say("parties.person", person.pk, "I am a machine", SYSTEM)
    with pytest.raises(NotFound):
        say("parties.person", person.pk, "Guessed", of("INDEPENDENT_REP"))
    with pytest.raises(NotFound):
        say("no.noun", person.pk, "Guessed", of("OWNER"))


def test_a_long_talk_costs_as_many_queries_as_a_short_one(person, by, of, client_of):
    client = client_of("OWNER")

    def cost():
        with count_queries() as asked:
            assert client.get(f"/people/{person.pk}").status_code == 200
        return len(asked)

    for role in ("SERVICE", "MARKETER"):
        say("parties.person", person.pk, "@The OWNER first", of(role))
    cost()
    few = cost()
    for number in range(25):
        say("parties.person", person.pk, f"@The OWNER {number}", of("SERVICE"))
    assert cost() <= few
