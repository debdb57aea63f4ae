"""See as: whoever keeps roles looks as a role or a colleague does; nothing changes, and nothing more is seen."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from makers import AT

from headwater.intake.batches import files_folder
from headwater.platform.action import OnlyLooking, only_looking
from headwater.platform.errors import NotAllowed
from headwater.platform.many import STEP_JOB
from headwater.platform.models import Event, Job
from headwater.platform.resource import REGISTRY
from headwater.team.actions import looking, roles
from headwater.team.actions.tokens import create_token
from headwater.team.models import Presence, Role, User
from headwater.team.queries import actor_of
from headwater.team.queries.looking import looks_as
from headwater.team.queries.roles import role_of
from headwater.tell.models import News

BAR = "Nothing can be changed meanwhile"


def newest():
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def as_role(client, role):
    assert client.post(f"/settings/roles/{role}/see").status_code == 302
    return client


def test_one_sees_what_the_role_sees_and_leaves_again(people, client_of, make):
    make("sell.product")
    client = client_of("ADMINISTRATOR")
    assert "Settings" in client.get("/").content.decode() and BAR not in client.get("/").content.decode()
    as_role(client, "FIELD_REP")
    page = client.get("/").content.decode()
    assert BAR in page and "You see Headwater as Field rep" in page
    assert client.get("/settings/roles").status_code == 403 == client.get("/settings/company").status_code
    assert "cost" not in client.get("/api/v1/products").json()["items"][0]
    assert client.post("/see-as/leave").status_code == 302
    assert client.get("/settings/roles").status_code == 200 and BAR not in client.get("/").content.decode()
    assert "cost" in client.get("/api/v1/products").json()["items"][0]
    told = Event.objects.filter(verb__startswith="team.look").order_by("pk").values_list("verb", "user_id")
    me = people["ADMINISTRATOR"].pk
    assert list(told) == [("team.looked_as", me), ("team.looking_ended", me)]


def test_who_signs_out_meanwhile_has_stopped_looking(client_of):
    client = as_role(client_of("ADMINISTRATOR"), "FIELD_REP")
    assert client.post("/sign-out").status_code == 302
    told = Event.objects.filter(verb__startswith="team.look").order_by("pk")
    assert [event.verb for event in told] == ["team.looked_as", "team.looking_ended"]


def test_one_sees_what_a_colleague_sees(people, client_of, make):
    [pk] = make("qualify.lead")
    client, rep = client_of("ADMINISTRATOR"), people["INDEPENDENT_REP"]
    assert client.post(f"/settings/users/{rep.pk}/see").status_code == 302
    assert "You see Headwater as The INDEPENDENT_REP (Independent rep)" in client.get("/").content.decode()
    assert client.get(f"/leads/{pk}").status_code == 404
    REGISTRY["qualify.lead"].searched.model.objects.filter(pk=pk).update(owner=rep)
    assert client.get(f"/leads/{pk}").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("role", ["ADMINISTRATOR", "INDEPENDENT_REP"])
def test_nothing_can_be_changed_meanwhile(role, people, client_of, make, by):
    made = {key: make(key)[0] for key in ("parties.person", "qualify.lead", "sell.product")}
    client = as_role(client_of("OWNER"), role)
    since = newest()
    for key, pk in made.items():
        resource = REGISTRY[key]
        for address in (f"/{resource.slug}/new", f"/{resource.slug}/{pk}/edit", f"/{resource.slug}/{pk}/presence"):
            client.post(address, {"name": "Changed", "first_name": "Changed", "last_name": "Changed"})
        for command in resource.commands:
            client.post(f"/{resource.slug}/{pk}/do/{command.key}", {"reason": "x"})
            client.post(f"/api/v1/{resource.slug}/{pk}/do/{command.key}", "{}", content_type="application/json")
        client.patch(f"/api/v1/{resource.slug}/{pk}", '{"name": "Changed"}', content_type="application/json")
        client.post(f"/{resource.slug}/{pk}/comments", {"text": "Said"})
        client.post(f"/{resource.slug}/{pk}/follow")
        client.get(f"/{resource.slug}/export.csv")
    for event in Event.objects.order_by("-pk")[:10]:
        client.post(f"/undo/{event.pk}")
    client.post("/account", {"form": "profile", "name": "Changed", "time_zone": ""})
    client.post("/settings/tokens", {"name": "Mine", "scope": "write", "days": "30"})
    client.post("/settings/roles/SERVICE/see")
    assert newest() == since and not Presence.objects.exists()
    assert not User.objects.filter(name="Changed").exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_no_fact_is_not_written_either(people, client_of):
    """A colleague's news stay unread; work in the background is neither begun anew nor stopped."""
    rep, failed = people["FIELD_REP"], {"kind": STEP_JOB, "queued_at": AT, "run_after": AT, "args": {}}
    told = News.objects.create(user=rep, kind="WORK", key="job1", words="It failed", at=AT)
    jobs = [Job.objects.create(state=state, **failed) for state in ("FAILED", "QUEUED")]
    client = client_of("OWNER")
    client.post(f"/settings/users/{rep.pk}/see")
    for address in ("mark/all", "mark/read", f"{told.pk}/open"):
        assert client.post(f"/notifications/{address}", {"ids": [told.pk]}).status_code == 403
    assert client.post("/api/v1/notifications/read", "{}", content_type="application/json").status_code == 403
    client.post("/see-as/leave")
    as_role(client, "ADMINISTRATOR")
    assert client.post(f"/settings/work/jobs/{jobs[0].pk}/retry").status_code == 403
    assert client.post(f"/api/v1/jobs/{jobs[1].pk}/stop").status_code == 403
    assert News.objects.get().read_at is None
    assert [job.state for job in Job.objects.order_by("pk")] == ["FAILED", "QUEUED"]


def test_a_file_that_is_sent_meanwhile_is_not_kept(client_of):
    before = set(files_folder().iterdir())
    client = as_role(client_of("OWNER"), "ADMINISTRATOR")
    file = SimpleUploadedFile("products.csv", b"Name\nInk\n", "text/csv")
    assert client.post("/imports/new", {"kind": "products", "file": file}).status_code == 403
    assert set(files_folder().iterdir()) == before


def test_a_write_says_why_it_is_refused(client_of, make):
    [pk] = make("parties.person")
    client = as_role(client_of("OWNER"), "ADMINISTRATOR")
    answer = client.post(f"/api/v1/people/{pk}/do/archive", "{}", content_type="application/json")
    assert answer.status_code == 403 and answer.json()["code"] == "only_looking"
    page = client.post(f"/people/{pk}/comments", {"text": "Said"})
    assert page.status_code == 403 and "Leave the preview" in page.content.decode()


@pytest.mark.slow
def test_every_noun_is_looked_at(client_of, make):
    made = {key: make(key)[0] for key in REGISTRY}
    client = as_role(client_of("OWNER"), "ADMINISTRATOR")
    for key, pk in made.items():
        slug = REGISTRY[key].slug
        for address in (f"/{slug}", f"/{slug}/{pk}", f"/{slug}/counts", f"/api/v1/{slug}/{pk}"):
            assert client.get(address).status_code == 200, address
    pages = ("settings_roles", "settings_users", "settings_tokens", "settings_work", "settings_company", "my_account")
    for page in pages:
        assert client.get(reverse(page)).status_code == 200, page


def test_no_action_begins_whoever_asks(by):
    with only_looking(), pytest.raises(OnlyLooking):
        roles.add_role(name="New", copied="SERVICE", by=by, at=AT)
    for write in (Job.objects.all().delete, lambda: Job.objects.update(args={}), Job(queued_at=AT, run_after=AT).save):
        with only_looking(), pytest.raises(OnlyLooking):
            write()


# ---------------------------------------------------------------- never more than one's own rights


@pytest.mark.parametrize("role", [role for role in Role.values if role not in ("OWNER", "ADMINISTRATOR")])
def test_only_who_keeps_roles_looks(role, people, client_of):
    client = client_of(role)
    assert client.post("/settings/roles/READ_ONLY/see").status_code == 403
    assert client.post(f"/settings/users/{people['READ_ONLY'].pk}/see").status_code == 403
    assert not Event.objects.filter(verb="team.looked_as").exists()


def test_nobody_looks_above_themselves(people, by):
    admin = actor_of(people["ADMINISTRATOR"])
    assert looks_as(admin, {"role": "OWNER"}) is None
    assert looks_as(admin, {"user_id": people["OWNER"].pk}) is None
    clerk = roles.add_role(name="Clerk", copied="READ_ONLY", by=by, at=AT)
    keeps = {"team.role.change", "team.user.see", "parties.person.see"}
    roles.change_role(key=clerk.key, name="Clerk", verbs=keeps, visibility="TEAM", by=by, at=AT)
    User.objects.filter(pk=people["SERVICE"].pk).update(role=clerk.key)
    me = actor_of(User.objects.get(pk=people["SERVICE"].pk))
    for role in Role.values:
        assert looks_as(me, {"role": role}) is None
        with pytest.raises(NotAllowed):
            looking.look_as(role=role, by=me, at=AT)
    assert looks_as(me, {"user_id": people["READ_ONLY"].pk}) is None, "sees less far than needed for anybody else"
    assert looks_as(me, {"role": clerk.key}).verbs == keeps


def test_a_preview_has_only_rights_that_both_have(people):
    admin = actor_of(people["ADMINISTRATOR"])
    for role in Role.values:
        other = looks_as(admin, {"role": role})
        if other is not None:
            assert other.verbs == role_of(role).verbs and "*" not in "".join(other.verbs)
            assert (other.user_id, other.seen_by) == (admin.user_id, admin.user_id)


def test_whose_right_to_look_is_taken_meanwhile_is_themselves_again(people, client_of):
    client = as_role(client_of("ADMINISTRATOR"), "SERVICE")
    User.objects.filter(pk=people["ADMINISTRATOR"].pk).update(role="READ_ONLY")
    assert BAR not in client.get("/").content.decode()
    assert Event.objects.filter(verb="team.looking_ended").count() == 1


def test_private_views_of_a_colleague_stay_private(people, client_of):
    from headwater.platform.lists import actions

    rep = actor_of(people["FIELD_REP"])
    actions.save_view(noun="qualify.lead", name="My secret", scope="PRIVATE", params={"stage": "NEW"}, by=rep, at=AT)
    client = client_of("OWNER")
    client.post(f"/settings/users/{rep.user_id}/see")
    assert "My secret" not in client.get("/leads").content.decode()


def test_a_program_goes_on_with_its_token(people, client_of):
    owner = actor_of(people["OWNER"])
    _token, secret = create_token(user_id=owner.user_id, name="Test", scopes=("write",), by=owner, at=AT)
    client = as_role(client_of("OWNER"), "SERVICE")
    made = client.post(
        "/api/v1/products", '{"name": "Ink"}', content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {secret}"
    )
    assert made.status_code == 201
