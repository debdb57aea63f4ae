"""Who sees a part only, and may import: a file or a program changes nothing that they do not see, and names nobody."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from makers import AT

from headwater.intake.models import ImportBatch
from headwater.intake.run import import_file
from headwater.intake.undoing import undo_batch
from headwater.parties import actions as parties
from headwater.parties.models import MatchProposal, Party
from headwater.platform.action import action
from headwater.platform.identity import remember_ids
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.team.actions import roles
from headwater.team.models import User
from headwater.team.queries import actor_of
from headwater.team.queries.roles import role_of

UNSEEN = ("Known already, but not open to you.", "There is no such record, or you may not see it.")


@pytest.fixture
def clerk(people, by) -> User:
    """Somebody who may import everything, and sees what is their own."""
    role = roles.add_role(name="Clerk", copied="INDEPENDENT_REP", by=by, at=AT)
    imports = {each.importer.verb for each in REGISTRY.values() if each.importer is not None}
    verbs = role_of(role.key).verbs | imports | {"intake.batch.create", "acquire.source.create"}
    roles.change_role(key=role.key, name="Clerk", verbs=verbs, visibility="OWN", by=by, at=AT)
    return User.objects.create(email="clerk@kestrel.example", name="Clerk", role=role.key, created_at=AT)


@pytest.fixture
def hidden(people, by):
    """A person at a company with a lead, all of a colleague's; the shop knows the lead as L1."""
    owner = people["OWNER"].pk
    company = parties.add_organisation(name="Novak Foods", owner_id=owner, by=by, at=AT)
    person = parties.add_person(
        name="Vera Novak", email="vera@x.example", employer_id=company.pk, owner_id=owner, by=by, at=AT
    )
    lead = qualify.capture_lead(party_id=person.pk, title="Two racks", owner_id=owner, by=by, at=AT)
    remember = action(remember_ids)
    remember("shop", "qualify.lead", {"L1": lead.pk})
    remember("shop", "parties.person", {"P1": person.pk})
    return company, person, lead


ROWS = {
    "people": [
        {"name": "Vera Novak", "email": "vera@x.example", "job_title": "Hacked", "tag": "hacked"},
        {"name": "Vera Novak", "email": "vera@x.example", "phone": "+353 1 555 0142"},
        {"external_id": "P1", "name": "Vera Hacked"},
        {"name": "Somebody New", "company": "Novak Foods"},
    ],
    "organisations": [{"name": "Novak Foods", "city": "Hacked", "website": "hacked.example", "tag": "hacked"}],
    "leads": [
        {"name": "Vera Novak", "email": "vera@x.example", "title": "Hacked", "owner": "clerk@kestrel.example"},
        {"company": "Novak Foods", "title": "Hacked", "owner": "clerk@kestrel.example"},
        {"external_id": "L1", "name": "Vera Novak", "title": "Hacked"},
    ],
}
EACH = [(slug, row) for slug, rows in ROWS.items() for row in rows]


@pytest.mark.parametrize(("slug", "row"), EACH)
@pytest.mark.parametrize("way", ["program", "file"])
def test_nobody_out_of_sight_is_changed_or_named(way, slug, row, clerk, hidden, tmp_path):
    before = [type(each).objects.filter(pk=each.pk).values().get() for each in hidden]
    told = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    reasons = _sent(slug, row, clerk) if way == "program" else _in_a_file(slug, row, clerk, tmp_path)
    assert any(unseen in reason for reason in reasons for unseen in UNSEEN), reasons
    assert [type(each).objects.filter(pk=each.pk).values().get() for each in hidden] == before
    facts = Event.objects.filter(pk__gt=told).values_list("verb", flat=True)
    assert set(facts) <= {"intake.file_imported", "intake.batch_started"}, list(facts)
    assert Party.objects.count() == 2 and Lead.objects.count() == 1


def test_who_was_deleted_out_of_sight_is_not_named_either(clerk, hidden, by):
    qualify.delete_lead(lead_id=hidden[2].pk, by=by, at=AT)
    parties.delete_party(party_id=hidden[1].pk, by=by, at=AT)
    [reason] = _sent("people", {"external_id": "P1", "name": "Somebody"}, clerk)
    assert reason in UNSEEN
    [reason] = _sent("people", {"name": "Vera Novak", "email": "vera@x.example"}, clerk)
    assert reason in UNSEEN
    [reason] = _sent("leads", {"external_id": "L1", "name": "Somebody"}, clerk)
    assert reason in UNSEEN


@pytest.mark.parametrize(
    "row", [{"name": "Nora Own", "email": "nora@x.example"}, {"external_id": "N1", "name": "Nora Own"}]
)
@pytest.mark.parametrize("slug", ["people", "leads"])
def test_what_was_taken_back_comes_again_with_its_file(slug, row, clerk, by, tmp_path):
    for is_again in (False, True):
        row = {**row, "owner": clerk.email} if slug == "leads" else row
        assert _in_a_file(slug, row, clerk, tmp_path) == []
        batch = ImportBatch.objects.latest("pk")
        assert batch.created == 1
        if not is_again:
            undo_batch(batch_id=batch.pk, by=by, at=AT)
            (tmp_path / "rows.csv").unlink()


def test_what_is_ones_own_is_brought_up_to_date(clerk, by):
    mine = parties.add_person(name="Orla Keane", email="orla@x.example", owner_id=clerk.pk, by=by, at=AT)
    assert _sent("people", {"name": "Orla Keane", "email": "orla@x.example", "job_title": "Head"}, clerk) == []
    assert Party.objects.get(pk=mine.pk).job_title == "Head"


def test_somebody_like_one_out_of_sight_is_added_and_the_other_not_named(clerk, hidden):
    assert _sent("people", {"name": "Quite Different", "email": "vera@x.example"}, clerk) == []
    assert MatchProposal.objects.count() == 1, "for who sees both"


def _sent(slug, row, user):
    client = Client()
    client.force_login(user)
    answer = client.post(f"/api/v1/{slug}/bulk?system=shop", json.dumps([row]), content_type="application/json")
    [item] = answer.json()["items"]
    return [*item.get("errors", ()), *item.get("notes", ())]


def _in_a_file(slug, row, user, folder):
    path = folder / "rows.csv"
    path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    profile = folder / "rows.toml"
    columns = "\n".join(f'{name} = "{name}"' for name in row)
    profile.write_text(f'kind = "{slug}"\nsystem = "shop"\n[columns]\n{columns}\n')
    found = []
    import_file(path, kind=slug, profile=str(profile), by=actor_of(user), at=AT, on_row=found.append)
    return [reason for result in found for reason in result.reasons]
