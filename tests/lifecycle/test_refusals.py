"""What cannot go on gets one clear sentence and a non-zero exit, never a half-started server."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys

import pytest


def refused(done, *words: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("headwater: ")
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["up"],
        ["import", "leads", "x.csv"],
        ["export", "leads"],
        ["report", "sources"],
        ["user", "password", "a@b.cc"],
        ["backup", "x"],
    ],
)
def test_commands_refuse_a_folder_without_an_installation(empty, command):
    refused(empty.run(*command), "no Headwater", "headwater init")
    assert not empty.home.exists()


def test_a_second_init_changes_nothing(installed):
    key = (installed.home / "secret_key").read_text()
    refused(installed.run("init"), "holds an installation already")
    assert (installed.home / "secret_key").read_text() == key


def test_init_leaves_a_folder_with_other_files_alone(empty):
    empty.home.mkdir()
    (empty.home / "thesis.odt").write_text("mine")
    refused(empty.run("init"), "other files", "thesis.odt")
    assert [entry.name for entry in empty.home.iterdir()] == ["thesis.odt"]


def test_a_folder_below_a_file_is_refused(tmp_path, empty):
    (tmp_path / "file").write_text("")
    empty.home = tmp_path / "file" / "home"
    refused(empty.run("init"), "cannot be written")


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv (util-linux)")
def test_an_unwritable_folder_is_refused(installed):
    prefix = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override") if os.geteuid() == 0 else ()
    for lock in installed.home.glob("*.lock"):
        lock.unlink()
    installed.home.chmod(0o500)
    try:
        refused(installed.run("up", prefix=prefix), "cannot be written", "--home")
    finally:
        installed.home.chmod(0o700)


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv (util-linux)")
@pytest.mark.parametrize("command", [["backup"], ["restore"], ["export", "leads", "--output"]])
def test_a_file_where_one_may_not_look_is_refused(installed, tmp_path, command):
    rights = "-dac_override,-dac_read_search"
    prefix = ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}") if os.geteuid() == 0 else ()
    (closed := tmp_path / "closed").mkdir(mode=0o000)
    try:
        said = installed.run(*command, str(closed / "x.tar.gz"), prefix=prefix)
        refused(said, "x.tar.gz", "it may not be read" if command == ["restore"] else "Permission denied")
    finally:
        closed.chmod(0o700)


def test_a_busy_port_is_refused_before_anything_starts(installed, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        refused(installed.run("up", "--port", str(port)), f"Port {port}", "--port")
        assert installed.run("demo", "--port", str(port)).returncode == 1


@pytest.mark.slow
def test_a_database_of_a_newer_version_is_refused(installed):
    from_later = installed.later()
    assert json.loads(from_later.run("doctor", "--json").stdout)["migrations"]["pending"]
    migrate = "import headwater.config.lifecycle as l; l.load_django(); l._run_migrations()"
    subprocess.run([sys.executable, "-c", migrate], env=from_later.env(), check=True)
    for command in (["up"], ["export", "leads"], ["backup", "x.tar.gz"]):
        refused(installed.run(*command), "newer version", "hw_later.0001_initial")
    report = json.loads(installed.run("doctor", "--json").stdout)
    assert report["problems"][0]["code"] == "newer_database"


def test_an_older_database_is_used_only_after_up_migrated_it(installed):
    refused(installed.later().run("export", "leads"), "older than this version", "headwater up")


def test_a_folder_open_to_everybody_is_reported(empty):
    empty.run("init", check=True)
    assert empty.home.stat().st_mode & 0o077 == 0
    empty.home.chmod(0o755)
    report = empty.run("doctor")
    assert report.returncode == 1 and f"chmod 700 {empty.home}" in report.stdout
    empty.home.chmod(0o700)
    assert empty.run("doctor").returncode == 0


def test_a_lost_database_is_named(installed):
    (installed.home / "headwater.sqlite3").unlink()
    refused(installed.run("up"), "has no database", "HEADWATER_DATABASE_URL")


def test_a_database_without_tables_is_not_taken_for_an_old_one(installed):
    (installed.home / "headwater.sqlite3").write_bytes(b"")
    for command in (["up"], ["export", "leads"], ["doctor"]):
        done = installed.run(*command)
        assert done.returncode == 1 and "has no database" in done.stdout + done.stderr


@pytest.mark.parametrize("commands", [("up", "doctor", "init"), ("up", "doctor")], ids=["missing", "empty"])
def test_a_lost_key_is_named_and_nothing_is_set_up_over_the_data(installed, commands):
    key = installed.home / "secret_key"
    key.unlink()
    if "init" not in commands:
        key.touch()
    for command in commands:
        done = installed.run(command)
        assert done.returncode == 1 and "secret key" in done.stdout + done.stderr
    key.touch()
    installed.environment["HEADWATER_SECRET_KEY"] = "x" * 50
    assert installed.run("export", "leads").returncode == 0


@pytest.mark.parametrize("damage", ["torn", "overwritten"])
def test_doctor_tells_a_damaged_database_from_one_that_is_away(installed, damage):
    installed.run("backup", str(installed.home / "backups" / "monday.tar.gz"), check=True)
    file = installed.home / "headwater.sqlite3"
    with file.open("r+b") as database:
        database.seek(0 if damage == "overwritten" else 80_000)
        database.write(os.urandom(160_000))
    (problem,) = json.loads(installed.run("doctor", "--json").stdout)["problems"]
    assert problem["code"] == "database_damaged"
    assert str(installed.home / "backups" / "monday.tar.gz") in problem["do"]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users of this machine")
def test_root_keeps_its_hands_off_what_another_user_looks_after(installed):
    for path in (installed.home, *installed.home.rglob("*")):
        os.chown(path, 65534, 65534)
    for command in (["up"], ["export", "leads"], ["backup", "x.tar.gz"], ["restore", __file__], ["init"]):
        refused(installed.run(*command), "this runs as root", "sudo -u")
    assert json.loads(installed.run("doctor", "--json").stdout)["problems"][0]["code"] == "home_of_another"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users of this machine")
def test_a_folder_that_may_not_be_read_is_told_by_whose_it_is(installed):
    script = (
        "import os, sys; sys.path[:0] = {path}; os.setuid(65534); from headwater.cli.main import main; main({what})"
    )
    for command in ("up", "doctor", "init"):
        code = script.format(path=sys.path, what=[command])
        # What a program needs besides is loaded before it becomes somebody who may read none of it.
        loaded = f"import headwater.config.doctor, headwater.config.server, headwater.cli.main; {code}"
        done = subprocess.run([sys.executable, "-c", loaded], env=installed.env(), capture_output=True, text=True)
        assert "Traceback" not in done.stderr
        assert "belongs to root, and this runs as" in done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user of this machine")
def test_doctor_names_what_another_user_left_in_the_folder(installed):
    (left := installed.home / "server.lock").touch()
    (installed.home / "lost+found").mkdir()  # a disk's own
    for path in (left, installed.home / "lost+found"):
        os.chown(path, 65534, 65534)
    (problem,) = json.loads(installed.run("doctor", "--json").stdout)["problems"]
    assert problem["code"] == "home_of_several"
    assert str(left) in problem["what"] and "lost+found" not in problem["what"]
    assert problem["do"] == f"Run as root: chown -R root: {installed.home}"


def test_doctor_tells_of_a_clock_that_was_set_back(installed):
    with sqlite3.connect(installed.home / "headwater.sqlite3") as database:
        database.execute("UPDATE platform_event SET recorded_at = '2999-01-01 10:00:00'")
    (problem,) = json.loads(installed.run("doctor", "--json").stdout)["problems"]
    assert problem["code"] == "clock_behind" and "2999-01-01 10:00" in problem["what"]


@pytest.mark.slow
def test_a_cut_off_set_up_is_begun_again(empty):
    empty.home.mkdir(mode=0o700)
    (empty.home / "migrating.json").write_text('{"setup": "init"}')
    (empty.home / "secret_key").write_text("x" * 50)
    (empty.home / "headwater.sqlite3").write_bytes(b"half a database")
    refused(empty.run("up"), "did not finish", "headwater init")
    assert empty.run("init").returncode == 0
    assert empty.run("doctor").returncode == 0


def test_a_half_finished_migration_names_the_backup(installed):
    (installed.home / "migrating.json").write_text('{"backup": "/somewhere/before.tar.gz"}')
    for command in ("up", "doctor", "init", "demo"):
        done = installed.run(command)
        assert done.returncode == 1
        assert "/somewhere/before.tar.gz" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["up", "--port", "70000"],
        ["import", "unicorns", "x.csv"],
        ["report", "sources", "--from", "May"],
        ["user", "add", "x@y.zz"],
    ],
)
def test_what_is_not_understood_exits_with_two(empty, arguments):
    done = empty.run(*arguments)
    assert done.returncode == 2
    assert "usage: headwater" in done.stderr


def test_home_works_before_and_after_the_command(installed, tmp_path):
    installed.environment["HEADWATER_HOME"] = str(tmp_path / "elsewhere")
    for arguments in (["--home", str(installed.home), "doctor"], ["doctor", "--home", str(installed.home)]):
        assert installed.run(*arguments).returncode == 0


def test_help_needs_no_framework(installed):
    installed.environment["DJANGO_SETTINGS_MODULE"] = "there.is.none"
    assert installed.run("--help").returncode == 0
    assert installed.run("import", "--help").returncode == 0


def test_init_takes_the_country_and_refuses_what_is_none(empty):
    for none in ("Germany", "XX"):
        refused(empty.run("init", "--country", none), "two letters")
    empty.run("init", "--country", "de", check=True)
    with sqlite3.connect(empty.home / "headwater.sqlite3") as database:
        assert database.execute("SELECT country FROM team_company").fetchone() == ("DE",)


def test_init_names_the_address_that_browsers_see(empty):
    empty.environment["HEADWATER_ORIGINS"] = "https://crm.example.com"
    assert json.loads(empty.run("init", "--json", check=True).stdout)["setup_link"].startswith(
        "https://crm.example.com/"
    )


def test_a_setting_that_means_nothing_is_named_before_anything_starts(installed):
    installed.environment["HEADWATER_WEB_WORKERS"] = "many"
    refused(installed.run("up"), "HEADWATER_WEB_WORKERS", "“many”")
    found = json.loads(installed.run("doctor", "--json").stdout)
    assert [problem["code"] for problem in found["problems"]] == ["bad_setting"]
