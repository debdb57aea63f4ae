"""A file on its way in: every row once, every reason told, and what is half done is gone on with."""

from __future__ import annotations

import csv
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection

from headwater.intake import run as running
from headwater.intake.batches import (
    BatchMoved,
    draft_batch,
    files_folder,
    importer_of,
    keep_file,
    open_batch,
    rejects_path,
    stop_batch,
)
from headwater.intake.errors import UnreadableFile
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Pass, Profile, ProfileError, profile_data
from headwater.intake.run import import_file, run_batch
from headwater.intake.suggested import UnmappedFile
from headwater.intake.undoing import BatchNotUndoable, undo_batch
from headwater.parties.models import Tag
from headwater.platform import job, pace
from headwater.platform.errors import NotAllowed
from headwater.platform.importer import Outcome, RowResult
from headwater.platform.models import Event, Job
from headwater.platform.testing import make_actor, rows_expected

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
State = ImportBatch.State
PROFILE = Profile(
    "tags",
    (Pass("tags", "here", {"id": ("external_id",), "name": ("name",), "rank": ("rank",), "seen": ("seen_on",)}),),
)


def rows_of(count: int, *, start: int = 0) -> str:
    return "id,name,rank,seen\n" + "".join(f"{n},tag {n},{n},2026-01-01\n" for n in range(start, start + count))


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    batch.refresh_from_db()
    return batch.created, batch.updated, batch.unchanged, batch.rejected


def rejected(batch: ImportBatch) -> list[list[str]]:
    path = rejects_path(batch)
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def bring(path, by, profile=PROFILE, **more):
    return import_file(path, kind="tags", profile=profile, by=by, at=AT, **more)


@pytest.mark.django_db
def test_rows_become_records_and_a_second_time_nothing_changes(csv_file, by):
    path = csv_file(rows_of(250))
    first = bring(path, by)
    assert (first.state, counts(first)) == (State.DONE, (250, 0, 0, 0))
    assert first.rejects_file == ""
    assert counts(bring(path, by)) == (0, 0, 250, 0)
    path.write_text(path.read_text().replace("tag 7,", "other,"))
    assert counts(bring(path, by)) == (0, 1, 249, 0)
    assert Tag.objects.count() == 250


@pytest.mark.django_db
def test_all_errors_of_all_rows_come_back_and_good_rows_go_in(csv_file, by):
    path = csv_file(
        "id,name,rank,seen\n"
        "1,good,1,2026-01-01\n"
        "2,,many,2026-13-45\n"
        f"3,{'x' * 41},3,\n"
        "4,bad one,4,\n"
        "5,long,5,2026-01-01,surplus\n"
        "6\n"
        "7,also good\n"
    )
    batch = bring(path, by)
    assert counts(batch) == (2, 0, 0, 5)
    head, *rows = rejected(batch)
    assert head == ["headwater_line", "headwater_reason", "id", "name", "rank", "seen"]
    reasons = {row[0]: row[1] for row in rows}
    assert [row[0] for row in rows] == ["3", "4", "5", "6", "7"]
    assert all(word in reasons["3"] for word in ("rank: “many” is not a", "seen: ", "Name is missing"))
    assert "41 characters" in reasons["4"]
    assert reasons["5"] == "“bad one” is bad.; It is also worse."
    assert "5 cells" in reasons["6"]
    assert rows[3][2:] == ["5", "long", "5", "2026-01-01", "surplus"]
    assert batch.reasons["Name is missing."] == 2


@pytest.mark.django_db
def test_a_target_whose_cell_is_wrong_is_not_called_missing_as_well(csv_file, by):
    batch = bring(csv_file(f"id,name,rank,seen\n1,{'x' * 60},,\n"), by)
    assert "missing" not in rejected(batch)[1][1]


@pytest.mark.django_db
def test_the_rejected_rows_can_be_mended_and_imported_again(csv_file, by):
    batch = bring(csv_file("id,name,rank,seen\n1,a,1,\n2,bad,x,\n3,c,3,\n"), by)
    assert counts(batch) == (2, 0, 0, 1)
    mended = csv_file(rejects_path(batch).read_text("utf-8-sig").replace("bad,x", "b,2"), "mended.csv")
    again = bring(mended, by)
    assert counts(again) == (1, 0, 0, 0)
    assert set(Tag.objects.values_list("name", flat=True)) == {"a", "b", "c"}
    still = csv_file(rejects_path(batch).read_text("utf-8-sig").replace("bad,x", "bad,2"), "still.csv")
    assert rejected(bring(still, by))[0] == ["headwater_line", "headwater_reason", "id", "name", "rank", "seen"]


@pytest.mark.django_db
def test_a_row_that_the_database_refuses_is_left_out_and_its_neighbours_go_in(csv_file, by):
    text = rows_of(40).replace("tag 13,", "refused,").replace("tag 29,", "refused,")
    batch = bring(csv_file(text), by)
    assert counts(batch) == (38, 0, 0, 2)
    assert [row[0] for row in rejected(batch)[1:]] == ["15", "31"]
    assert "database refuses" in rejected(batch)[1][1]


@pytest.mark.django_db
def test_further_passes_read_only_the_rows_they_are_about(csv_file, by):
    more = Pass("tags", "other", {"id": ("external_id",), "also": ("name",)}, where={"bought": "1"})
    profile = Profile("two", (Pass("tags", "here", {"id": ("external_id",), "name": ("name",)}), more))
    batch = bring(csv_file("id,name,bought,also\n1,a,1,x\n2,b,0,y\n3,c,1,\n"), by, profile)
    assert set(Tag.objects.values_list("name", flat=True)) == {"a", "b", "c", "x"}
    assert counts(batch) == (4, 0, 0, 1)
    assert rejected(batch)[1][:2] == ["4", "Name is missing."]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("on_a_copy", [True, False])
def test_a_dry_run_says_everything_and_writes_nothing(csv_file, by, monkeypatch, on_a_copy):
    if not on_a_copy:
        monkeypatch.setattr("headwater.intake.trial._fits", lambda home: False)
    path = csv_file("id,name,rank,seen\n1,a,1,\n1,a,1,\n2,bad,2,\n3,c,x,\n")
    seen = []
    batch = bring(path, by, is_dry_run=True, on_row=seen.append)
    assert counts(batch) == (1, 0, 1, 2)
    assert (batch.state, batch.is_dry_run) == (State.DONE, True)
    assert [row.outcome for row in seen] == [Outcome.CREATED, Outcome.UNCHANGED, Outcome.REJECTED, Outcome.REJECTED]
    assert not Tag.objects.exists()
    assert not Event.objects.exists()
    assert len(rejected(batch)) == 3
    with pytest.raises(BatchNotUndoable):
        undo_batch(batch_id=batch.pk, by=by, at=AT)


@pytest.mark.django_db
def test_a_trial_without_a_copy_checks_the_rest_cell_by_cell(csv_file, by, monkeypatch):
    monkeypatch.setattr("headwater.intake.trial._fits", lambda home: False)
    monkeypatch.setattr(running, "ROLLED_BACK_ROWS", 10)
    monkeypatch.setattr(pace, "LARGEST_CHUNK", 20)
    batch = bring(csv_file(rows_of(35).replace("34,2026", "x,2026")), by, is_dry_run=True)
    assert counts(batch) == (10, 0, 0, 1)
    assert batch.checkpoint["tried"] == 10
    assert batch.rows_read == 35


@pytest.mark.django_db
def test_a_failure_in_the_middle_of_a_chunk_leaves_whole_chunks_and_goes_on_from_there(csv_file, by, monkeypatch):
    monkeypatch.setattr(pace, "FIRST_CHUNK", 10)
    monkeypatch.setattr(pace, "SMALLEST_CHUNK", 10)
    monkeypatch.setattr(pace, "LARGEST_CHUNK", 10)
    text = rows_of(50).replace("tag 3,", "bad 3,").replace("tag 22,", "bad 22,").replace("tag 33,", "bad 33,")
    path = csv_file(text.replace("tag 27,", "crash,"))
    with pytest.raises(RuntimeError):
        bring(path, by)
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.rows_read, counts(batch)) == (State.FAILED, 20, (19, 0, 0, 1))
    assert "the process dies here" in batch.error
    assert Job.objects.get().state == Job.State.FAILED
    (files_folder() / batch.file).write_text(text)
    ImportBatch.objects.update(state=State.RUNNING)
    batch = run_batch(ImportBatch.objects.get(), by=by)
    assert counts(batch) == (47, 0, 0, 3)
    assert [row[0] for row in rejected(batch)[1:]] == ["5", "24", "35"]
    assert Tag.objects.count() == 47


@pytest.mark.django_db
def test_of_two_processes_on_one_import_one_stops_without_having_written(csv_file, by, monkeypatch):
    monkeypatch.setattr(pace, "FIRST_CHUNK", 10)
    path = csv_file(rows_of(30).replace("tag 2,", "bad 2,").replace("tag 12,", "bad 12,"))
    batch = open_batch(path=path, name="x", profile=PROFILE, by=by, at=AT)
    ImportBatch.objects.update(state=State.RUNNING)
    late = []

    def other_process(ours):
        if not late:
            late.append(True)
            run_batch(ImportBatch.objects.get(), by=by)

    with pytest.raises(BatchMoved):
        run_batch(batch, by=by, on_progress=other_process)
    batch = ImportBatch.objects.get()
    assert (batch.state, counts(batch)) == (State.DONE, (28, 0, 0, 2))
    assert [row[0] for row in rejected(batch)[1:]] == ["4", "14"]
    assert Tag.objects.count() == 28


@pytest.mark.django_db
def test_a_stopped_import_keeps_what_is_written_and_can_be_gone_on_with(csv_file, by, monkeypatch):
    monkeypatch.setattr(pace, "FIRST_CHUNK", 10)

    def stop(batch):
        if batch.rows_read == 10:
            stop_batch(batch_id=batch.pk, by=by, at=AT)

    batch = bring(csv_file(rows_of(200)), by, on_progress=stop)
    assert (batch.state, batch.created) == (State.STOPPED, 10)
    assert Job.objects.get().state == Job.State.CANCELLED
    ImportBatch.objects.update(state=State.RUNNING)
    assert counts(run_batch(ImportBatch.objects.get(), by=by)) == (200, 0, 0, 0)


@pytest.mark.django_db
def test_undo_takes_everything_back_but_what_is_in_use(csv_file, by):
    path = csv_file("id,name,rank,seen\n1,a,,\n2,used,,\n3,c,,\n")
    batch = undo_batch(batch_id=bring(path, by).pk, by=by, at=AT)
    assert batch.state == State.UNDONE
    kept = Tag.objects.get()
    assert batch.undo_report == {
        "removed": 2,
        "restored": 0,
        "kept": [{"kind": "tags", "id": kept.pk, "title": "used", "reason": "somebody uses it"}],
        "also": [],
    }
    assert Event.objects.filter(verb="intake.import_undone").count() == 1
    with pytest.raises(BatchNotUndoable):
        undo_batch(batch_id=batch.pk, by=by, at=AT)


@pytest.mark.django_db
def test_an_import_is_a_fact_and_its_file_is_not_kept_longer_than_needed(csv_file, by):
    batch = bring(csv_file(rows_of(3)), by)
    event = Event.objects.get(verb="intake.file_imported")
    assert event.data == {
        "batch_id": batch.pk,
        "kind": "tags",
        "created": 3,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
    }
    assert event.batch_id == batch.pk
    assert not (files_folder() / batch.file).exists()
    assert Job.objects.get().state == Job.State.DONE


@pytest.mark.django_db
def test_without_a_profile_the_columns_speak_for_themselves(csv_file, by):
    batch = import_file(csv_file("Id,Name,Shoe\n1,a,42\n", "tags-2026-03.csv"), kind="tags", by=by, at=AT)
    assert (batch.created, batch.system) == (1, "tags")
    with pytest.raises(UnmappedFile) as refused:
        import_file(csv_file("Foo,Bar\n1,a\n", "x.csv"), kind="tags", by=by, at=AT)
    assert refused.value.columns == ["Foo", "Bar"]
    assert refused.value.missing == ["Name"]
    assert "Foo, Bar" in refused.value.text
    assert ImportBatch.objects.count() == 1


@pytest.mark.django_db
def test_what_cannot_be_imported_says_why_and_leaves_nothing(csv_file, by, tmp_path):
    with pytest.raises(ProfileError, match="not for tags"):
        bring(csv_file(rows_of(1)), by, replace(PROFILE, passes=(replace(PROFILE.main, kind="leads"),)))
    with pytest.raises(NotAllowed):
        bring(csv_file(rows_of(1)), make_actor("parties.*.see"))
    with pytest.raises(ProfileError, match="no such profile"):
        bring(csv_file(rows_of(1)), by, "nonsense")
    with pytest.raises(UnreadableFile, match="no column “rank”"):
        bring(csv_file("id,name,seen\n1,a,\n"), by)
    assert ImportBatch.objects.get().state == State.FAILED
    with pytest.raises(FileNotFoundError):
        bring(tmp_path / "nowhere.csv", by)


@pytest.mark.django_db
def test_a_fixed_value_is_read_like_a_cell_and_decisions_replace_words(csv_file, by):
    columns = {"id": ("external_id",), "name": ("name",), "c": ("colour",)}
    each = Pass("tags", "here", columns, fixed={"rank": "3"}, values={"colour": {"rouge": "red", "": "blue"}})
    seen = []
    apply = importer_of("tags").apply

    def spy(rows, **more):
        seen.extend(row.values for row in rows)
        return apply(rows, **more)

    from headwater.platform.resource import REGISTRY

    tags = REGISTRY["parties.tag"]
    REGISTRY["parties.tag"] = replace(tags, importer=replace(tags.importer, apply=spy))
    bring(csv_file("id,name,c\n1,a,rouge\n2,b,\n3,c,pink\n"), by, Profile("p", (each,)))
    assert [(v["rank"], v["colour"]) for v in seen] == [(3, "RED"), (3, "BLUE")]
    with pytest.raises(UnreadableFile, match="fixed value for Rank"):
        bring(csv_file("id,name,c\n1,a,red\n"), by, Profile("p", (replace(each, fixed={"rank": "many"}),)))


@pytest.mark.django_db
def test_a_killed_command_is_gone_on_with_by_a_worker(csv_file, by, monkeypatch):
    monkeypatch.setattr(pace, "FIRST_CHUNK", 10)
    monkeypatch.setattr("headwater.intake.tasks.actor_by_ref", lambda ref: by)

    class Killed(BaseException):
        pass

    def die(batch):
        if batch.rows_read >= 10:
            raise Killed

    batch = open_batch(path=csv_file(rows_of(60)), name="x", profile=PROFILE, by=by, at=AT)
    Job.objects.create(
        kind="intake.import", args={"batch": batch.pk, "by": by.ref}, state="RUNNING", attempts=1,
        worker="elsewhere:1", queued_at=AT, run_after=AT, started_at=AT, heartbeat_at=AT,
    )  # fmt: skip
    with pytest.raises(Killed):
        run_batch(batch, by=by, on_progress=die)
    assert Tag.objects.count() == 10
    assert job.run_next(at=running.now()) is not None
    batch.refresh_from_db()
    assert (batch.state, counts(batch)) == (State.DONE, (60, 0, 0, 0))


@pytest.mark.slow
@pytest.mark.django_db
def test_a_long_file_is_never_held_in_memory(by, tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as out:
        out.write("id,name,note\n")
        for n in range(15_000):
            out.write(f"{n},bad {n},{'x' * 200}\n")
    profile = Profile("long", (Pass("tags", "here", {"id": ("external_id",), "name": ("name",)}),))
    kept = keep_file((), name="long.csv")
    kept.write_bytes(path.read_bytes())
    batch = draft_batch(file=kept.name, name="long", kind="tags", profile=profile_data(profile), by=by, at=AT)
    tracemalloc.start()
    run_batch(batch, by=by)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts(batch) == (0, 0, 0, 15_000)
    assert peak < 12 << 20, f"{peak >> 20} MB"


@pytest.mark.django_db
def test_no_query_grows_with_the_rows_of_a_chunk(csv_file, by, monkeypatch):
    from headwater.platform.testing import count_queries

    monkeypatch.setattr(pace, "FIRST_CHUNK", 5_000)

    def asked(count):
        path = csv_file("id,name,rank,seen\n" + "".join(f"{n},bad,1,\n" for n in range(count)))
        with count_queries() as found:
            bring(path, by)
        return len(found)

    assert asked(10) == asked(2_000)
    assert connection.vendor


@pytest.mark.slow
@pytest.mark.django_db
def test_chunks_shrink_until_others_wait_for_half_a_second_at_most(csv_file, by, monkeypatch):
    """The first chunk may be too large for a slow machine, the next ones are not."""
    from headwater.platform.resource import REGISTRY

    tags, sizes = REGISTRY["parties.tag"], []

    def slowly(rows, **more):
        sizes.append(len(rows))
        time.sleep(0.002 * len(rows))
        return [RowResult(row.line, Outcome.UNCHANGED) for row in rows]

    REGISTRY["parties.tag"] = replace(tags, importer=replace(tags.importer, apply=slowly))
    bring(csv_file(rows_of(1_500)), by)
    assert sizes[0] == pace.FIRST_CHUNK
    assert all(size * 0.002 < pace.LOCK_SECONDS * 1.2 for size in sizes[1:])


@pytest.mark.django_db
def test_whoever_may_not_import_all_that_the_profile_makes_is_refused_before_the_first_row(csv_file):
    marketer = make_actor("parties.tag.import", "intake.*", "acquire.*")
    orders = Pass("orders", "other", {"id": ("external_id",)})
    with pytest.raises(NotAllowed):
        bring(csv_file(rows_of(3)), marketer, replace(PROFILE, passes=(PROFILE.main, orders)))
    assert Tag.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_after_much_came_in_the_database_knows_how_large_its_tables_are(csv_file, by, monkeypatch):
    monkeypatch.setattr(running, "MANY_ROWS", 50)
    bring(csv_file(rows_of(60)), by)
    assert rows_expected(Tag._meta.db_table) == 60
    bring(csv_file(rows_of(10, start=60)), by)
    assert rows_expected(Tag._meta.db_table) == 60, "a few rows are not worth the trouble"
