"""An import being taken back: in portions that let others work, and gone on with where it stopped."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from headwater.intake.batches import BatchBusy, BatchMoved, resume_batch
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Pass, Profile
from headwater.intake.run import import_file
from headwater.intake.tasks import undo_in_background
from headwater.intake.undoing import BatchNotUndoable, start_undo, undo_batch
from headwater.parties.models import Tag
from headwater.platform import job, pace
from headwater.platform.errors import NotAllowed
from headwater.platform.importer import Kept, UndoResult, UndoStep
from headwater.platform.models import Event, ExternalId, Job
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import make_actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
KEY = "parties.tag"
State = ImportBatch.State


class Steps:
    """Two steps over the tags of a batch: the first only counts them, the second removes them."""

    def __init__(self):
        self.portions, self.fails_at, self.meanwhile = [], None, lambda: None

    def ids(self, batch_id):
        return list(ExternalId.objects.filter(kind=KEY).values_list("object_id", flat=True))

    def look(self, ids, *, batch_id, by, at):
        return UndoResult(restored=len(ids))

    def remove(self, ids, *, batch_id, by, at):
        self.portions.append(len(ids))
        if len(self.portions) == self.fails_at:
            raise RuntimeError("the process dies here")
        used = Tag.objects.filter(pk__in=ids, name="used").first()
        ExternalId.objects.filter(object_id__in=ids).delete()
        gone = Tag.objects.filter(pk__in=ids).exclude(name="used").delete()[0]
        self.meanwhile()
        return UndoResult(removed=gone, kept=[Kept(used.pk, "used", "somebody uses it")] if used else [])


@pytest.fixture
def steps(monkeypatch):
    monkeypatch.setattr(pace, "FIRST_CHUNK", 10)
    monkeypatch.setattr(pace, "SMALLEST_CHUNK", 10)
    monkeypatch.setattr(pace, "LARGEST_CHUNK", 10)
    monkeypatch.setattr(pace, "BREATH_SECONDS", 0)
    made, tags = Steps(), REGISTRY[KEY]
    in_order = (UndoStep("parties.tag.see", made.ids, made.look, False), UndoStep(KEY + ".x", made.ids, made.remove))
    REGISTRY[KEY] = replace(tags, importer=replace(tags.importer, undo_steps=in_order))
    return made


@pytest.fixture
def batch(csv_file, by, steps):
    names = ["used" if n == 17 else f"tag {n}" for n in range(35)]
    path = csv_file("id,name\n" + "".join(f"{n},{name}\n" for n, name in enumerate(names)))
    profile = Profile("p", (Pass("tags", "here", {"id": ("external_id",), "name": ("name",)}),))
    return import_file(path, kind="tags", profile=profile, by=by, at=AT)


def test_an_undo_goes_in_portions_and_says_how_far_it_is(batch, by, steps):
    seen, percents = [], []
    steps.meanwhile = lambda: percents.append(ImportBatch.objects.get().percent)
    undone = undo_batch(batch_id=batch.pk, by=by, at=AT, on_progress=lambda *far: seen.append(far))
    assert steps.portions == [10, 10, 10, 5]
    assert seen[0] == (10, 70)
    assert seen[-1] == (70, 70)
    assert percents == [50, 64, 78, 92]
    kept = {"kind": "tags", "id": Tag.objects.get().pk, "title": "used", "reason": "somebody uses it"}
    assert undone.undo_report == {"removed": 34, "restored": 0, "kept": [kept], "also": []}
    assert undone.state == State.UNDONE
    assert Event.objects.get(verb="intake.import_undone").data["removed"] == 34
    assert Job.objects.filter(kind="intake.undo", state=Job.State.DONE).count() == 1


def test_an_undo_that_failed_keeps_whole_portions_and_is_gone_on_with(batch, by, steps):
    steps.fails_at = 3
    with pytest.raises(RuntimeError):
        undo_batch(batch_id=batch.pk, by=by, at=AT)
    half = ImportBatch.objects.get()
    assert (half.state, half.undo_report["removed"], half.undo_report["done"]) == (State.FAILED, 19, 55)
    assert "the process dies here" in half.error
    assert Tag.objects.count() == 16
    with pytest.raises(BatchBusy, match="taken back in part"):
        resume_batch(batch_id=batch.pk, by=by, at=AT)
    undone = undo_batch(batch_id=batch.pk, by=by, at=AT)
    assert (undone.state, undone.error, undone.undo_report["removed"]) == (State.UNDONE, "", 34)
    assert len(undone.undo_report["kept"]) == 1
    assert Tag.objects.count() == 1


def test_a_killed_undo_is_gone_on_with_by_a_worker(batch, by, steps, monkeypatch):
    monkeypatch.setattr("headwater.intake.tasks.actor_by_ref", lambda ref: by)

    class Killed(BaseException):
        pass

    def die(done, total):
        if done == 55:
            raise Killed

    with pytest.raises(Killed):
        undo_batch(batch_id=batch.pk, by=by, at=AT, on_progress=die)
    assert ImportBatch.objects.get().state == State.UNDOING
    Job.objects.filter(kind="intake.undo").update(state=Job.State.RUNNING)  # a process that is killed cannot say so
    with pytest.raises(BatchNotUndoable, match="being taken back already"):
        start_undo(batch_id=batch.pk, by=by, at=AT)
    claimed = Job.objects.get(kind="intake.undo")
    assert undo_in_background(job.JobRun(claimed))["removed"] == 34
    assert undo_in_background(job.JobRun(claimed)) == {"batch": batch.pk}  # it died before it could say it was done
    assert Tag.objects.count() == 1


def test_of_two_processes_on_one_undo_one_stops_without_having_written(batch, by, steps):
    late = []

    def other_process(done, total):
        if not late:
            late.append(True)
            Job.objects.update(state=Job.State.CANCELLED)
            undo_batch(batch_id=batch.pk, by=by, at=AT)

    with pytest.raises(BatchMoved):
        undo_batch(batch_id=batch.pk, by=by, at=AT, on_progress=other_process)
    undone = ImportBatch.objects.get()
    assert (undone.state, undone.undo_report["removed"]) == (State.UNDONE, 34)
    assert steps.portions == [10, 10, 10, 5]


def test_whoever_lacks_the_right_to_one_step_is_refused_before_the_first(batch, steps):
    with pytest.raises(NotAllowed):
        undo_batch(batch_id=batch.pk, by=make_actor("intake.*", "parties.tag.import", "parties.tag.see"), at=AT)
    assert Tag.objects.count() == 35
    assert ImportBatch.objects.get().state == State.DONE
