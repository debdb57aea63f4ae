"""Settings → Backups: what there is, one more at once, taken out by whom it is due to, and failures told."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.test import Client

from headwater.config import backup, daily, kept, restore
from headwater.config.home import Home
from headwater.platform import job
from headwater.platform.clock import now
from headwater.platform.models import Event, Job
from headwater.team.models import ApiToken, Company, Role, User
from headwater.team.queries import digest_of

PAGE = "/settings/backups"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    monkeypatch.setenv("HEADWATER_HOME", str(made.path))
    return made


@pytest.fixture
def client_of(db):
    Company.objects.create(pk=1, name="Kestrel", currency="EUR", country="NL", time_zone="Europe/Amsterdam")

    def signed_in(role: str = Role.OWNER) -> Client:
        user = User.objects.create(email=f"{role}@kestrel.example", name=f"Ruth {role}", role=role, created_at=now())
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def prove(client: Client) -> None:
    session = client.session
    session["proved"] = now().isoformat()
    session.save()


def words(client: Client) -> str:
    return client.get(PAGE).content.decode()


def test_a_daily_backup_stays_as_long_as_the_page_says():
    every_day = [date(2026, 11, 1) + timedelta(days=number) for number in range(80)]
    for day in every_day[:15]:
        until = kept.kept_until(day, among=every_day, days=7, weeks=4)
        before = [each for each in every_day if each < until]
        assert day not in daily.to_drop(before, daily=7, weekly=4)
        assert day in daily.to_drop([*before, until], daily=7, weekly=4)


def test_there_is_none_until_the_first_one_and_the_page_says_when_and_how_to_go_back(home, client_of):
    page = words(client_of())
    assert "None yet" in page and "tomorrow from 03:00" in page
    assert f"headwater restore {home.backups}/FILE" in page


@pytest.mark.django_db(transaction=True)
def test_one_is_made_at_once_told_of_and_read_back_again(home, client_of):
    client = client_of()
    client.post(f"{PAGE}/make")
    client.post(f"{PAGE}/make")
    assert Job.objects.count() == 1 and "A backup is being made" in words(client)
    htmx = {"HTTP_HX_REQUEST": "true"}
    assert "Waiting for the background worker" in client.get(f"{PAGE}/under-way", **htmx).content.decode()
    job.run_next(at=now())
    assert client.get(f"{PAGE}/under-way", **htmx)["HX-Refresh"] == "true"
    [made] = kept.kept_backups(home)
    assert made.name in words(client) and restore.verify(home, made.file).members
    made.file.write_bytes(made.file.read_bytes()[:-200])
    client.post(f"{PAGE}/{made.name}/check")
    job.run_next(at=now())
    assert "Cannot be restored" in words(client)


def test_it_is_taken_out_only_by_whom_it_is_due_to_and_noted(home, client_of):
    file = home.backups / "by-hand-20261101-120000.tar.gz"
    file.write_bytes(b"everything")
    owner = client_of()
    answer = owner.post(f"{PAGE}/{file.name}/take")
    assert answer.status_code == 302 and answer["Location"].startswith("/account/prove")
    assert not Event.objects.filter(verb="config.backup_taken").exists()
    prove(owner)
    answer = owner.post(f"{PAGE}/{file.name}/take")
    assert BytesIO(b"".join(answer.streaming_content)).read() == b"everything"
    assert answer["Cache-Control"] == "private, no-store"
    assert Event.objects.get(verb="config.backup_taken").data == {"plan_id": 1, "file": file.name}
    assert "Taken out" in words(owner) and "Ruth OWNER" in words(owner)
    assert owner.get(f"{PAGE}/{file.name}/take").status_code == 405
    for name in ("..%2Fsecret_key", ".fresh-daily-2026-11-01.tar.gz", "by-hand-1.tar.gz"):
        assert owner.post(f"{PAGE}/{name}/take").status_code == 404, name


def test_without_the_rights_nothing_is_seen_made_or_taken(home, client_of):
    (home.backups / "by-hand-20261101-120000.tar.gz").write_bytes(b"everything")
    client = client_of(Role.HEAD_OF_SALES)
    prove(client)
    of_it = f"{PAGE}/by-hand-20261101-120000.tar.gz"
    assert [client.get(where).status_code for where in (PAGE, f"{PAGE}/under-way")] == [403, 403]
    asked = [PAGE, f"{PAGE}/make", f"{of_it}/check", f"{of_it}/take"]
    assert [client.post(where).status_code for where in asked] == [403] * 4
    assert not Job.objects.exists()


def test_what_failed_last_stands_on_top_until_one_succeeds(home, client_of):
    client = client_of()
    failed = job.enqueue(daily.KIND, args={"day": "2026-11-01"}, at=now())
    Job.objects.update(state=Job.State.FAILED, finished_at=now(), error="No backup was written: No space left.")
    assert kept.last_failure() == failed
    page = words(client)
    assert "The last backup failed" in page and "No space left" in page
    job.enqueue(kept.NOW, args={"name": "x"}, at=now())
    Job.objects.filter(kind=kept.NOW).update(state=Job.State.DONE, finished_at=now() + timedelta(seconds=1))
    assert "The last backup failed" not in words(client)


def test_late_ones_are_told_and_the_plan_can_be_changed_and_taken_back(home, client_of):
    os.utime(home.path / "secret_key", (0, 0))
    client = client_of()
    assert "more than two days" in words(client)
    client.post(PAGE, {"hour": "22", "daily": "0", "weekly": "2"})
    assert "No daily backups are made" in words(client) and "more than two days" not in words(client)
    assert not daily.is_due(home, at=datetime(2026, 11, 1, 12, tzinfo=UTC))
    client.post(f"/undo/{Event.objects.latest('pk').pk}")
    assert daily.is_due(home, at=datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert client.post(PAGE, {"hour": "24", "daily": "7", "weekly": "4"}).status_code == 422
    assert daily.plan().hour == 3


@pytest.mark.django_db(transaction=True)
def test_only_the_last_five_made_by_hand_stay(home):
    for number in range(7):
        (home.backups / f"by-hand-2026110{number + 1}-120000.tar.gz").write_bytes(b"")
    queued = job.enqueue(kept.NOW, args={"name": "by-hand-20261109-120000.tar.gz"}, at=now())
    job.run_next(at=now())
    assert Job.objects.get(pk=queued.pk).percent == 100
    assert sorted(each.name[8:16] for each in kept.kept_backups(home)) == [
        "20261104", "20261105", "20261106", "20261107", "20261109",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_only_what_headwater_named_goes_and_never_the_one_just_made(home):
    mine = [home.backups / name for name in ("before-audit.tar.gz", "by-hand-0-mine.tar.gz", "notes.txt")]
    later = [home.backups / f"before-0.1.0-2030010{number}-030000-000000.tar.gz" for number in range(1, 7)]
    for file in (*mine, *later):
        file.write_bytes(b"")
    made = backup.automatic(home, at=datetime(2026, 11, 12, tzinfo=UTC))
    assert sorted(home.backups.iterdir()) == sorted([*mine, made, *later[2:]])
    assert {each.file for each in kept.kept_backups(home)} == {made, *later[2:]}


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_could_not_be_written_leaves_nothing(home, monkeypatch):
    def full(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_archive", full)
    job.enqueue(kept.NOW, args={"name": "by-hand-20261109-120000.tar.gz"}, at=now())
    job.run_next(at=now())
    assert "No space left" in Job.objects.get().error and not list(home.backups.iterdir())


@pytest.mark.django_db(transaction=True)
def test_a_backup_for_which_there_is_no_room_is_not_begun(home, monkeypatch):
    usage = shutil.disk_usage(home.backups)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=backup.LEFT_FREE))
    (home.files / "plan.pdf").write_bytes(bytes(2_000_000))
    job.enqueue(kept.NOW, args={"name": "by-hand-20261109-120000.tar.gz"}, at=now())
    job.run_next(at=now())
    failed = Job.objects.get()
    assert "MB are free" in failed.trouble and "Traceback" not in failed.error
    assert not list(home.backups.iterdir()), "nothing was begun"


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_would_fill_the_disk_when_unpacked_is_not_restored(home, tmp_path, monkeypatch):
    (home.files / "plan.pdf").write_bytes(bytes(2_000_000))
    file = tmp_path / "kept.tar.gz"
    backup.write(home, file, at=now())
    usage, before = shutil.disk_usage(tmp_path), sorted(home.path.rglob("*"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=1_900_000))
    with pytest.raises(restore.NotABackup, match="MB are free"):
        restore.put_back(home, file, at=now(), revokes=True)
    assert sorted(home.path.rglob("*")) == before


def test_programs_see_what_there_is_and_ask_for_one(home, client_of):
    client_of()
    owner = User.objects.get()
    for scope in ("read", "write"):
        ApiToken.objects.create(user=owner, name=scope, digest=digest_of(scope), scopes=[scope], created_at=now())
    (home.backups / "daily-2026-11-01.tar.gz").write_bytes(b"12345")
    reader, writer = (Client(HTTP_AUTHORIZATION=f"Bearer {scope}") for scope in ("read", "write"))
    told = reader.get("/api/v1/backups").json()
    assert [(each["name"], each["kind"], each["size"], each["kept_until"]) for each in told["items"]] == [
        ("daily-2026-11-01.tar.gz", "daily", 5, "2026-11-23")
    ]
    assert reader.post("/api/v1/backups").status_code == 403 and not told["under_way"]
    assert writer.post("/api/v1/backups").status_code == 202
    assert reader.get("/api/v1/backups").json()["under_way"]
