"""A backup holds everything, and a restore brings it back or changes nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile

import pytest


def emails(installation) -> set[str]:
    database = sqlite3.connect(installation.home / "headwater.sqlite3")
    try:
        return {row[0] for row in database.execute("SELECT email FROM team_user")}
    finally:
        database.close()


def add(installation, email: str) -> None:
    installation.run("user", "add", email, "--role", "service", check=True)


def test_what_was_backed_up_comes_back_and_what_was_there_is_kept(installed, tmp_path):
    (installed.home / "files" / "imports").mkdir(parents=True)
    (installed.home / "files" / "imports" / "leads.csv").write_text("a,b\n1,2\n")
    (installed.home / "profiles" / "mine.toml").write_text('name = "mine"\n')
    file = tmp_path / "b.tar.gz"
    told = json.loads(installed.run("backup", str(file), "--json", check=True).stdout)
    assert told["files"] == 3
    assert file.stat().st_mode & 0o077 == 0
    add(installed, "later@example.org")
    (installed.home / "profiles" / "mine.toml").unlink()

    kept = json.loads(installed.run("restore", str(file), "--json", check=True).stdout)["replaced"]
    assert emails(installed) == {"owner@example.org"}
    assert (installed.home / "profiles" / "mine.toml").exists()
    assert (installed.home / "files" / "imports" / "leads.csv").read_text() == "a,b\n1,2\n"
    assert sqlite3.connect(f"{kept}/headwater.sqlite3").execute("SELECT count(*) FROM team_user").fetchone() == (2,)
    assert installed.run("doctor").returncode == 0


def test_a_terminal_is_told_how_far_a_backup_is_and_a_pipe_is_not(installed, tmp_path):
    (installed.home / "files" / "imports").mkdir(parents=True)
    (installed.home / "files" / "imports" / "large.csv").write_bytes(os.urandom(3_000_000))
    assert installed.run("backup", str(tmp_path / "a.tar.gz"), check=True).stderr == ""
    ours, theirs = os.openpty()
    with open(ours, "rb", buffering=0) as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "headwater", "backup", str(tmp_path / "b.tar.gz")],
            env=installed.env(), stdout=subprocess.PIPE, stderr=theirs, timeout=300, check=True,
        )  # fmt: skip
        os.close(theirs)
        told = terminal.read(100_000).decode()
    assert "Writing the backup: 42 %" in told and "Writing the backup: 100 %" in told
    assert told.endswith("\r\x1b[K") and b"holds everything" in done.stdout


def test_a_backup_moves_to_another_machine(installed, tmp_path, empty):
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    empty.home = tmp_path / "other"
    empty.home.mkdir(mode=0o755)
    assert "was there before" not in empty.run("restore", str(file), check=True).stdout
    assert not list(empty.home.glob("replaced-*"))
    assert empty.run("doctor").returncode == 0  # nobody else reads what was brought here
    assert emails(empty) == {"owner@example.org"}
    assert (empty.home / "secret_key").read_text() != (installed.home / "secret_key").read_text()


def test_a_backup_holds_no_sessions_and_no_secret(installed, tmp_path):
    database = sqlite3.connect(installed.home / "headwater.sqlite3")
    database.execute("INSERT INTO django_session VALUES ('thesessionkey', 'x', '2099-01-01')")
    values = "('thesessionkey2', 'x', '2099-01-01', '', '', '2026-01-01', '2026-01-01')"
    names = "session_key, session_data, expire_date, address, agent, started_at, seen_at"
    database.execute(f"INSERT INTO team_session ({names}) VALUES {values}")
    database.commit()
    database.close()
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    content = gzip.decompress(file.read_bytes())
    assert b"thesessionkey" not in content
    assert (installed.home / "secret_key").read_bytes() not in content


def test_a_restore_lets_no_program_in_by_an_old_key(installed, tmp_path):
    installed.run("token", "add", "owner@example.org", "--scope", "read", check=True)
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    told = installed.run("restore", str(file), check=True).stdout
    database = sqlite3.connect(installed.home / "headwater.sqlite3")
    try:
        keys = database.execute("SELECT count(*), count(revoked_at) FROM team_apitoken").fetchone()
    finally:
        database.close()
    assert keys == (1, 1)
    assert "revoked" in told and "replaced-" in told and "Passwords" in told
    assert installed.run("token", "add", "owner@example.org", "--scope", "read").returncode == 0


def test_a_backup_never_replaces_a_file(installed, tmp_path):
    file = tmp_path / "b.tar.gz"
    file.write_text("precious")
    done = installed.run("backup", str(file))
    assert (done.returncode, file.read_text()) == (1, "precious")
    assert "exists already" in done.stderr


def test_a_folder_that_is_not_there_is_refused(installed, tmp_path):
    done = installed.run("backup", str(tmp_path / "no" / "b.tar.gz"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    raw = bytearray(gzip.decompress(content))
    raw[len(raw) // 2] ^= 1
    return gzip.compress(bytes(raw))


def climb(content: bytes) -> bytes:
    """The same archive with a member that would land outside the folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=out, mode="w:gz") as new:
        for entry in old:
            text = old.extractfile(entry).read()
            if entry.name == "manifest.json":
                text = text.replace(b"database.sqlite3", b"../../evil.sqlite3")
            entry.name = entry.name.replace("database.sqlite3", "../../evil.sqlite3")
            entry.size = len(text)
            new.addfile(entry, io.BytesIO(text))
    return out.getvalue()


def newer(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=out, mode="w:gz") as new:
        for entry in old:
            text = old.extractfile(entry).read()
            if entry.name == "manifest.json":
                manifest = json.loads(text)
                manifest["migrations"].append("team.0099_later")
                text = json.dumps(manifest).encode()
            entry.size = len(text)
            new.addfile(entry, io.BytesIO(text))
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("damage", [cut, flip, climb, newer, lambda _: b"no archive at all"])
def test_a_damaged_or_strange_backup_changes_nothing(installed, tmp_path, damage):
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    add(installed, "later@example.org")
    file.write_bytes(damage(file.read_bytes()))
    done = installed.run("restore", str(file))
    assert done.returncode == 1, done.stdout
    assert "Nothing was changed" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert emails(installed) == {"owner@example.org", "later@example.org"}
    assert not list(tmp_path.glob("evil*"))
    assert not list(installed.home.glob("replaced-*"))
    assert installed.run("doctor").returncode == 0


@pytest.mark.slow
def test_a_restore_that_was_cut_off_is_finished_by_restoring_again(installed, tmp_path):
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    (installed.home / "migrating.json").write_text(json.dumps({"restore": str(file)}))
    (installed.home / "headwater.sqlite3").unlink()
    unpacked = installed.home / ".restore-cut" / "files"
    unpacked.mkdir(parents=True)
    done = installed.run("up")
    assert done.returncode == 1
    assert f"headwater restore {file}" in done.stderr
    installed.run("restore", str(file), check=True)
    assert installed.run("doctor").returncode == 0
    assert not unpacked.parent.exists(), "what was unpacked before stays nowhere"
