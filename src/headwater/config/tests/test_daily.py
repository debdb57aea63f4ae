"""The daily backup: made once a day, read back, and only then do older ones go."""

from __future__ import annotations

import os
import tarfile
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import override_settings

from headwater.config import backup, daily, doctor, restore
from headwater.config.home import Home
from headwater.platform import job
from headwater.platform.models import Job
from headwater.team.models import Company

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


def days(*numbers: int) -> list[date]:
    return [date(2026, 11, 1) + timedelta(days=number) for number in numbers]


def test_the_last_days_and_the_first_of_each_week_are_kept():
    every_day = days(*range(60))
    dropped = set(daily.to_drop(every_day, daily=7, weekly=4))
    kept = [day for day in every_day if day not in dropped]
    assert kept[-7:] == every_day[-7:]
    assert [day.weekday() for day in kept[:-7]] == [0, 0, 0]  # the fourth Monday is among the last days
    assert daily.to_drop(days(0, 40), daily=7, weekly=4) == []
    assert len(daily.to_drop(every_day, daily=1, weekly=0)) == 59


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    os.utime(made.path / "secret_key", (0, (AT - timedelta(days=1)).timestamp()))
    monkeypatch.setattr(daily, "current_home", lambda: made)
    return made


@pytest.mark.django_db
def test_it_is_due_once_a_day_from_its_hour_on_the_companys_clock(home):
    Company.objects.create(pk=1, name="Kestrel", time_zone="Europe/Amsterdam")
    too_early, in_time = AT.replace(hour=1, minute=59), AT.replace(hour=2, minute=1)
    assert not daily.is_due(home, at=too_early)
    daily.look_if_due(in_time)
    daily.look_if_due(in_time + timedelta(minutes=5))
    assert list(Job.objects.values_list("kind", "args")) == [(daily.KIND, {"day": "2026-11-12"})]
    (home.backups / "daily-2026-11-12.tar.gz").write_bytes(b"")
    assert not daily.is_due(home, at=in_time)
    with override_settings(BACKUPS_DAILY=0):
        assert not daily.is_due(home, at=in_time + timedelta(days=1))
    assert daily.is_due(home, at=in_time + timedelta(days=1))
    os.utime(home.path / "secret_key", (0, (in_time + timedelta(days=1)).timestamp()))
    assert not daily.is_due(home, at=in_time + timedelta(days=1))  # it was made today


@pytest.mark.django_db
def test_one_that_failed_is_not_tried_every_five_minutes_but_tomorrow(home):
    daily.look_if_due(AT)
    Job.objects.update(state=Job.State.FAILED)
    daily.look_if_due(AT + timedelta(hours=1))
    assert Job.objects.count() == 1
    daily.look_if_due(AT + timedelta(days=1))
    assert Job.objects.count() == 2


@pytest.mark.django_db
def test_it_is_late_after_two_days_without_one(home):
    assert not daily.is_late(home, at=AT)
    assert daily.is_late(home, at=AT + timedelta(days=2))
    (home.backups / "daily-2026-11-12.tar.gz").write_bytes(b"")
    assert not daily.is_late(home, at=datetime.now(UTC) + timedelta(days=1))


@pytest.mark.django_db
def test_a_clock_that_was_ahead_when_it_was_set_up_keeps_no_backup_from_being_made(home):
    Company.objects.create(pk=1, name="Kestrel", time_zone="Europe/Amsterdam")
    os.utime(home.path / "secret_key", (0, (AT + timedelta(days=400)).timestamp()))
    assert daily.is_due(home, at=AT)


@pytest.mark.django_db(transaction=True)
def test_backups_of_a_clock_that_was_ahead_neither_push_out_others_nor_hide_that_one_is_missing(home, settings):
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY = 2, 0
    for day in ("2026-11-09", "2026-11-10", "2026-11-11", "2030-01-01", "2030-01-02"):
        file = home.backups / f"daily-{day}.tar.gz"
        file.write_bytes(b"")
        at = datetime.fromisoformat(f"{day}T03:00Z").timestamp()
        os.utime(file, (at, at))
    assert daily.last_made_at(home, at=AT) == datetime(2026, 11, 11, 3, tzinfo=UTC)
    assert daily.is_late(home, at=AT + timedelta(days=2))
    daily.make(home, day=date(2026, 11, 12), at=AT)
    assert sorted(file.name[6:16] for file in home.backups.iterdir()) == [
        "2026-11-11", "2026-11-12", "2030-01-01", "2030-01-02",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_folder_of_backups_whose_disk_is_not_there_is_told_as_such(home):
    home.backups.rmdir()
    home.backups.symlink_to(home.path / "not-mounted" / "backups")
    with pytest.raises(backup.BackupFailed, match="leads nowhere, its disk is not there"):
        daily.make(home, day=date(2026, 11, 12), at=AT)
    with pytest.raises(backup.BackupFailed, match="leads nowhere, its disk is not there"):
        backup.automatic(home, at=AT)
    home.create()  # as a restore does, which needs none of them


def told_by_doctor(home: Home) -> tuple[dict, set[str]]:
    report = doctor.Report(home=str(home.path))
    doctor._backups(home, report)
    return report.backups, {problem.code for problem in report.problems} - {"pg_dump_missing"}


@pytest.mark.django_db
def test_doctor_tells_when_the_last_one_was_and_what_is_wrong(home):
    os.utime(home.path / "secret_key", (0, 0))
    assert told_by_doctor(home) == ({"daily": 0, "last_at": None}, {"backup_late"})
    file = home.backups / "daily-2026-11-12.tar.gz"
    file.write_bytes(b"")
    backups, wrong = told_by_doctor(home)
    assert (backups["daily"], wrong) == (1, set())
    job.enqueue(daily.KIND, args={"day": "2026-11-13"}, at=AT)
    Job.objects.update(state=Job.State.FAILED, error="No backup was written: No space left on device.")
    assert told_by_doctor(home)[1] == {"backup_failed"}
    with override_settings(BACKUPS_DAILY=0):
        assert told_by_doctor(home) == ({}, set())


def damaged(write):
    """What writes backups whose last byte is lost."""

    def and_lose(home, file, **said):
        manifest = write(home, file, **said)
        file.write_bytes(file.read_bytes()[:-200])
        return manifest

    return and_lose


@pytest.mark.django_db(transaction=True)
def test_an_older_one_goes_only_after_the_new_one_was_read_back(home, monkeypatch, settings):
    settings.BACKUPS_DAILY, settings.BACKUPS_WEEKLY = 1, 0
    old = home.backups / "daily-2026-11-11.tar.gz"
    old.write_bytes(b"the one of yesterday")
    with monkeypatch.context() as patched:
        patched.setattr(backup, "write", damaged(backup.write))
        with pytest.raises(restore.NotABackup):
            daily.make(home, day=date(2026, 11, 12), at=AT)
    assert [file.name for file in home.backups.iterdir()] == [old.name]

    daily.look_if_due(AT)
    job.run_next(at=AT + timedelta(minutes=1))
    assert [kept.day for kept in daily.kept_daily(home)] == [date(2026, 11, 12)]
    assert [file.name for file in home.backups.iterdir()] == ["daily-2026-11-12.tar.gz"]
    done = Job.objects.get()
    assert (done.state, done.result["file"]) == (Job.State.DONE, "daily-2026-11-12.tar.gz")
    with tarfile.open(home.backups / done.result["file"]) as archive:
        assert {backup.SQLITE_MEMBER, backup.POSTGRES_MEMBER} & set(archive.getnames())
