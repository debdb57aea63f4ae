"""One step for very many rows: in the background, in portions, with a report and one Undo for all of it."""

from __future__ import annotations

import json

import pytest
from django.http import QueryDict
from makers import AT

from headwater.parties.models import Grant, Party, PartyTag
from headwater.platform import job, many
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.models import Event, Job, Span, Undone
from headwater.platform.resource import REGISTRY
from headwater.qualify.models import Lead
from headwater.team.models import User

COUNT = many.AT_ONCE + 30


@pytest.fixture
def crowd(owner):
    """More people than a step takes at once."""
    Party.objects.bulk_create(
        [Party(kind="PERSON", name=f"Orla {n}", name_key=f"orla {n}", owner=owner, created_at=AT) for n in range(COUNT)]
    )
    return list(Party.objects.order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def crowd_of_leads(owner, crowd):
    Lead.objects.bulk_create(
        [
            Lead(party_id=pk, stage="NEW", stage_since=AT, owner=owner, arrived_at=AT, created_at=AT, title="Printers")
            for pk in crowd
        ]
    )
    return list(Lead.objects.order_by("pk").values_list("pk", flat=True))


def work():
    while job.run_next(at=now()):
        pass


def begun(answer):
    assert answer.status_code == 302, answer.content[:300]
    assert answer["Location"].startswith("/bulk/"), answer["Location"]
    return Job.objects.get(pk=answer["Location"].rpartition("/")[2])


def test_all_that_match_are_tagged_in_the_background_and_taken_back_as_one(client_of, crowd):
    client = client_of("OWNER")
    found = begun(client.post("/people/do/tag", {"all": "1", "query": "", "tag": "Fair", "next": "/people?q=o"}))
    assert not PartyTag.objects.exists(), "nothing is done while the reader waits"
    page = client.get(f"/bulk/{found.pk}").content.decode()
    assert "hx-get" in page and f"{COUNT:,}" in page
    work()
    assert PartyTag.objects.count() == COUNT
    page = client.get(f"/bulk/{found.pk}").content.decode()
    assert (
        "Undo all of it" in page and "hx-trigger" not in page.partition("many-progress")[2].partition("</section>")[0]
    )
    told = many.told_of(Job.objects.get(pk=found.pk))
    assert (told.done, told.refused) == (COUNT, {})

    undo = begun(client.post(f"/undo/{told.first}/all"))
    work()
    assert not PartyTag.objects.exists()
    assert Undone.objects.count() == COUNT
    assert many.told_of(Job.objects.get(pk=undo.pk)).done == COUNT
    assert "See what was taken back" in client.get(f"/bulk/{found.pk}").content.decode()
    assert client.post(f"/undo/{told.first}/all").status_code == 409


def test_what_refuses_is_left_out_and_told_with_its_reason(client_of, crowd_of_leads):
    gone = crowd_of_leads[::7]
    Lead.objects.filter(pk__in=gone).update(exit="DISQUALIFIED", exit_reason="SPAM", exited_at=AT)
    client = client_of("OWNER")
    found = begun(client.post("/leads/do/move", {"ids": crowd_of_leads, "stage": "WORKING"}))
    work()
    told = many.told_of(Job.objects.get(pk=found.pk))
    assert told.done == COUNT - len(gone) == Lead.objects.filter(stage="WORKING").count()
    assert told.refused_count == len(gone) and len(told.refused) == 1
    page = client.get(f"/bulk/{found.pk}").content.decode()
    assert told.reasons[0][0] in page and f"/leads/{gone[0]}" in page
    User.objects.update(language="de")
    page = client.get(f"/bulk/{found.pk}").content.decode()
    assert told.reasons[0][0] not in page and "Öffnen Sie ihn erst wieder" in page


def test_a_few_are_changed_at_once_or_not_at_all(client_of, crowd_of_leads):
    Lead.objects.filter(pk=crowd_of_leads[0]).update(exit="DISQUALIFIED", exit_reason="SPAM", exited_at=AT)
    answer = client_of("OWNER").post("/leads/do/move", {"ids": crowd_of_leads[:3], "stage": "WORKING"})
    assert answer.status_code == 409 and "1 of 3 rows" in answer.content.decode()
    assert not Lead.objects.filter(stage="WORKING").exists()


class Killed(job.JobRun):
    """A run whose process dies in its second portion, before that is committed."""

    portions = 0

    def report(self, **told):
        super().report(**told)
        self.portions += 1
        if self.portions == 2:
            raise KeyboardInterrupt


def go_on():
    """Another worker finds that the first one is gone."""
    Job.objects.filter(state="RUNNING").update(heartbeat_at=AT)
    work()


def tag(by, ids, word="Fair"):
    people = REGISTRY["parties.person"]
    form = QueryDict(mutable=True)
    form["tag"] = word
    return many.start(resource=people, command=people.command("tag"), ids=ids, form=form.urlencode(), by=by, at=now())


@pytest.mark.django_db(transaction=True)
def test_a_killed_step_goes_on_where_it_was(by, crowd):
    queued = tag(by, crowd)
    Job.objects.filter(pk=queued.pk).update(state="RUNNING", worker="gone:1", attempts=1, heartbeat_at=AT)
    with pytest.raises(KeyboardInterrupt):
        many.take_step(Killed(Job.objects.get(pk=queued.pk)))
    done = PartyTag.objects.count()
    assert 0 < done < COUNT and many.told_of(Job.objects.get(pk=queued.pk)).next == done
    go_on()
    assert PartyTag.objects.count() == COUNT == Event.objects.filter(verb="parties.tagged").count()
    assert Job.objects.get(pk=queued.pk).state == "DONE"


@pytest.mark.django_db(transaction=True)
def test_a_right_that_is_lost_on_the_way_ends_the_step(by, owner, crowd):
    queued = tag(by, crowd)
    Job.objects.filter(pk=queued.pk).update(state="RUNNING", worker="gone:1", attempts=1, heartbeat_at=AT)
    with pytest.raises(KeyboardInterrupt):
        many.take_step(Killed(Job.objects.get(pk=queued.pk)))
    done = PartyTag.objects.count()
    owner.role = "READ_ONLY"
    owner.save()
    go_on()
    assert PartyTag.objects.count() == done
    assert (Job.objects.get(pk=queued.pk).state, "may not" in Job.objects.get(pk=queued.pk).error) == ("FAILED", True)


def test_nobody_sees_the_step_of_somebody_else(client_of, by, crowd):
    queued = tag(by, crowd)
    assert client_of("FIELD_REP").get(f"/bulk/{queued.pk}").status_code == 404
    assert client_of("FIELD_REP").post(f"/bulk/{queued.pk}/stop").status_code == 404


def test_a_step_is_stopped_and_the_rest_stays(client_of, by, crowd):
    queued = tag(by, crowd)
    assert client_of("OWNER").post(f"/bulk/{queued.pk}/stop").status_code == 302
    work()
    assert not PartyTag.objects.exists()
    assert "Stopped" in client_of("OWNER").get(f"/bulk/{queued.pk}").content.decode()


@pytest.mark.parametrize("ids", [[], [1], [1, 2, 3], [7, 9, 10, 11, 400], list(range(5, 5000, 3))])
def test_ids_are_packed_and_unpacked(ids):
    assert many.unpacked(many.packed(ids)) == ids


STEPS = {
    "people tag": ("parties.person", "tag", {"tag": "Fair"}),
    "people assign": ("parties.person", "assign", {"owner_id": "OTHER"}),
    "people archive": ("parties.person", "archive", {}),
    "leads assign": ("qualify.lead", "assign", {"owner_id": "OTHER"}),
    "leads move": ("qualify.lead", "move", {"stage": "WORKING"}),
    "leads disqualify": ("qualify.lead", "disqualify", {"reason": "SPAM"}),
    "opportunities assign": ("sell.opportunity", "assign", {"owner_id": "OTHER"}),
    "opportunities archive": ("sell.opportunity", "archive", {}),
    "to-dos done": ("parties.activity", "done", {}),
    "products archive": ("sell.product", "archive", {}),
}


@pytest.mark.parametrize("key, step, filled_in", STEPS.values(), ids=STEPS.keys())
def test_many_at_once_do_what_one_does_and_undo_takes_all_back(client_of, make, people, key, step, filled_in):
    resource = REGISTRY[key].now()
    model = resource.rows(job_actor("tests")).model
    one, *ids = make(key, 3)
    filled_in = {name: people["HEAD_OF_SALES"].pk if value == "OTHER" else value for name, value in filled_in.items()}
    before = model.objects.in_bulk(ids)
    client = client_of("OWNER")
    client.post(f"/{resource.slug}/{one}/do/{step}", filled_in)
    answer = client.post(f"/{resource.slug}/do/{step}", {"ids": ids, **filled_in}, HTTP_HX_REQUEST="true")
    undo = json.loads(answer["HX-Trigger"])["toast"]["undo_url"]
    assert alike(model, ids[0]) == alike(model, one), "many at once do what one does"
    assert client.post(undo).status_code == 302
    after = model.objects.in_bulk(ids)
    assert {pk: vars(row) | {"_state": 0} for pk, row in after.items()} == {
        pk: vars(row) | {"_state": 0} for pk, row in before.items()
    }, "and all of it goes back"
    assert not PartyTag.objects.filter(party_id__in=ids).exists()


def alike(model, pk):
    """What a step makes of a row: values, which moments there are, what holds since then, and who sees its people."""
    row = model.objects.filter(pk=pk).values()[0]
    moments = {name: value is not None for name, value in row.items() if name.endswith(("_at", "_since"))}
    values = {name: value for name, value in row.items() if name in KEPT}
    spans = Span.objects.filter(subject_type=REGISTRY_KEY[model.__name__], subject_id=pk, until_at=None)
    grants = Grant.objects.filter(reason__in=(f"lead:{pk}", f"opportunity:{pk}"))
    return (
        values,
        moments,
        sorted(spans.values_list("kind", "value")),
        sorted(map(str, grants.values_list("user_id", "team_id"))),
    )


KEPT = {"owner_id", "team_id", "stage", "exit", "exit_reason"}
REGISTRY_KEY = {
    "Party": "parties.person", "Lead": "qualify.lead", "Opportunity": "sell.opportunity",
    "Activity": "parties.activity", "Product": "sell.product",
}  # fmt: skip


def test_who_begins_a_step_from_a_page_comes_to_its_report(client_of, crowd):
    client, htmx = client_of("OWNER"), {"HX-Request": "true"}
    answer = client.post("/people/do/tag", {"all": "1", "query": "", "tag": "Fair"}, headers=htmx)
    place = json.loads(answer["HX-Location"])
    page = client.get(place["path"], headers={**htmx, "HX-Target": place["target"].removeprefix("#")}).content.decode()
    assert 'id="main"' in page and "many-progress" in page, "all of the page, of which the main part is taken"
    part = client.get(place["path"], headers={**htmx, "HX-Target": "many-progress"}).content.decode()
    assert 'id="main"' not in part and "many-progress" in part
    work()
    assert "data-undoes" in client.get(place["path"], headers=htmx).content.decode(), "Z takes it back from anywhere"
