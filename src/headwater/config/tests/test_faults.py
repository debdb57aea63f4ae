"""The disk is full, PostgreSQL is started again, the clock is set back: a clear word, nothing lost, and on it goes."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import close_old_connections, connection
from django.db.utils import DatabaseError, InterfaceError
from django.test import Client

from headwater.config import worker
from headwater.intake.batches import files_folder, importer_of, keep_file, open_batch, start_batch
from headwater.intake.models import ImportBatch
from headwater.intake.run import chosen_profile
from headwater.parties.models import Party
from headwater.platform import job
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.models import Event, Job, Span
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.team.models import Company, Role, User

pytestmark = pytest.mark.django_db(transaction=True)
ON_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite has a limit to set")
ON_POSTGRES = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs connections that can be cut")
BY = job_actor("test")


@pytest.fixture
def client() -> Client:
    Company.objects.create(pk=1, name="Kestrel", currency="EUR", country="NL")
    owner = User.objects.create(email="o@kestrel.example", name="O", role=Role.OWNER, created_at=now())
    made = Client(raise_request_exception=False)
    made.force_login(owner)
    return made


def add_lead(client: Client, name: str) -> int:
    return client.post("/leads/new", {"name": name, "interest": "ENQUIRY", "note": name * 2_000}).status_code


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No page more than there is, and none that is free: what tests before this one gave back is filled."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count")
        (before,) = cursor.fetchone()
        cursor.execute("CREATE TABLE filling (bytes BLOB)")
        cursor.execute(
            "INSERT INTO filling SELECT zeroblob(freelist_count * page_size)"
            " FROM pragma_freelist_count, pragma_page_size"
        )
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        yield
        make_room(before)
        cursor.execute("DROP TABLE filling")


def make_room(pages: int = 1_000_000) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {pages}")


@ON_SQLITE
def test_a_full_disk_is_told_and_nothing_is_half_written(client, request):
    assert add_lead(client, "First") == 302
    facts = Event.objects.count()
    request.getfixturevalue("full_disk")
    answer = client.post("/leads/new", {"name": "Second", "interest": "ENQUIRY", "note": "Second" * 2_000})
    assert answer.status_code == 503 and b"disk" in answer.content
    assert client.get("/leads").status_code == 200
    assert (Event.objects.count(), list(Party.objects.values_list("name", flat=True))) == (facts, ["First"])


@pytest.fixture
def no_room_for_files() -> Iterator[None]:
    """No file grows beyond half a megabyte: what the system says then is what a full disk says."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@ON_SQLITE
def test_a_file_that_finds_no_room_is_refused_in_words_and_leaves_nothing(client, request):
    table = SimpleUploadedFile("leads.csv", b"Name,Note\n" + b"Orla Keane,long\n" * 100_000)
    before = sorted(files_folder().rglob("*"))
    request.getfixturevalue("no_room_for_files")
    answer = client.post("/imports/new", {"kind": "leads", "file": table})
    assert answer.status_code == 503 and b"disk" in answer.content
    assert (answer["Retry-After"], sorted(files_folder().rglob("*"))) == ("60", before)
    assert not ImportBatch.objects.exists()


@ON_SQLITE
def test_an_import_that_fills_the_disk_goes_on_when_there_is_room(client, request, monkeypatch):
    rows = "".join(f"{number},Person {number},p{number}@fjord.example\n" for number in range(2_000))
    batch = prepared("people", f"Id,Name,E-mail\n{rows}")
    start_batch(batch_id=batch.pk, by=BY, at=now())
    request.getfixturevalue("full_disk")
    monkeypatch.setattr(worker, "TROUBLE_PAUSE", 0)
    for _ in range(job.MAX_ATTEMPTS + 1):
        Job.objects.update(run_after=now())
        worker._untroubled(lambda: worker.run_job("here:1"))
    assert ImportBatch.objects.get().state == ImportBatch.State.RUNNING, "it waits, however long that takes"
    make_room()
    Job.objects.update(run_after=now())
    worker._untroubled(lambda: worker.run_job("here:1"))
    batch.refresh_from_db()
    assert (batch.state, batch.created, batch.rejected) == (ImportBatch.State.DONE, 2_000, 0)
    assert Party.objects.count() == 2_000


def prepared(kind: str, text: str) -> ImportBatch:
    """A file that waits to be imported."""
    path = keep_file([text.encode()], name="file.csv")
    profile = chosen_profile(path, importer_of(kind), None, name="file.csv")
    return open_batch(path=path, name="file.csv", profile=profile, by=BY, at=now())


def cut_at(number: int):
    """Cuts the connection as a server that is stopped does, before the statement with this number."""
    seen = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == number:
            import psycopg

            named = {name: value for name, value in connection.get_connection_params().items() if name in _NAMED}
            with psycopg.connect(**named, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        return execute(sql, params, many, context)

    return wrapper


_NAMED = ("dbname", "user", "password", "host", "port")


@ON_POSTGRES
@pytest.mark.parametrize("statement", [1, 3, 6, 12, 20])
def test_a_database_that_is_started_again_is_told_and_used_again(client, statement):
    with connection.execute_wrapper(cut_at(statement)):
        answer = client.post("/leads/new", {"name": "First", "interest": "ENQUIRY"})
    close_old_connections()
    assert answer.status_code == 503 and b"cannot be reached" in answer.content
    assert answer["Retry-After"] == "5"
    assert not Party.objects.exists() and not Lead.objects.exists()
    assert add_lead(client, "First") == 302
    assert Lead.objects.count() == 1


@ON_POSTGRES
def test_a_job_that_lost_its_database_is_done_again(monkeypatch):
    tries: list[int] = []

    def cut_once(run: job.JobRun) -> None:
        tries.append(run.id)
        if len(tries) == 1:
            with connection.execute_wrapper(cut_at(1)):
                Job.objects.count()

    monkeypatch.setitem(job.JOBS, "test.cut", cut_once)
    job.enqueue("test.cut", args={}, at=now())
    with pytest.raises((DatabaseError, InterfaceError)):
        worker.run_job("here:1")
    connection.close()
    assert worker.run_job("here:1")
    done = Job.objects.get()
    assert (done.state, done.attempts, len(tries)) == (Job.State.DONE, 1, 2)


@ON_POSTGRES
def test_two_workers_share_the_jobs_and_do_none_twice(monkeypatch):
    done: list[int] = []
    monkeypatch.setitem(job.JOBS, "test.counted", lambda run: done.append(run.id))
    wanted = [job.enqueue("test.counted", args={}, at=now()).pk for _ in range(40)]

    def work(name: str) -> None:
        while job.run_next(at=now(), worker=name) is not None:
            pass
        connection.close()

    threads = [threading.Thread(target=work, args=(f"elsewhere:{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == wanted
    assert set(Job.objects.values_list("state", "attempts")) == {(Job.State.DONE, 1)}


def test_jobs_go_on_when_the_clock_is_set_back(monkeypatch):
    monkeypatch.setitem(job.JOBS, "test.nothing", lambda run: None)
    job.enqueue("test.nothing", args={}, at=now() + timedelta(days=1))
    later = job.enqueue("test.nothing", args={}, at=now(), run_after=now() + timedelta(hours=1))
    assert job.run_next(at=now(), worker="here:1") is not None
    assert job.run_next(at=now(), worker="here:1") is None
    assert list(Job.objects.exclude(state=Job.State.DONE)) == [later]


def test_work_goes_on_when_the_clock_is_set_back(client):
    early, late = now() - timedelta(hours=1), now()
    lead = qualify.capture_lead(name="Orla Keane", interest="ENQUIRY", by=BY, at=late)
    qualify.move_lead(lead_id=lead.pk, stage="WORKING", by=BY, at=early)
    assert Lead.objects.get().stage == "WORKING"
    open_spans = Span.objects.filter(subject_type="qualify.lead", kind="stage", until_at=None)
    assert list(open_spans.values_list("value", flat=True)) == ["WORKING"]
    assert client.get(f"/leads/{lead.pk}").status_code == 200
    assert client.get("/leads?sort=-arrived_at").status_code == 200
    assert add_lead(client, "After") == 302
