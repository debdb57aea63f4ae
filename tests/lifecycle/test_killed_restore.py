"""kill -9 at every step of a restore: it is told, begun again, and then everything is there, to the last value."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.crash

SCRIPT = r"""
import hashlib, os, pathlib, shutil, signal, sqlite3, sys
from headwater.config import lifecycle, locks, restore
from headwater.config.home import Home
from headwater.platform.clock import now
home, file = Home(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
template = pathlib.Path(sys.argv[1] + "-template")
shutil.copytree(home.path, template)
lifecycle.load_django()

def contents():
    digest = hashlib.sha256()
    database = sqlite3.connect(home.database)
    for line in database.iterdump():
        if "team_session" not in line and "django_session" not in line:
            digest.update(line.encode())
    database.close()
    for path in sorted((home.path / "files").rglob("*")):
        digest.update(str(path.relative_to(home.path)).encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()

def restored(kill_at=None):
    child = os.fork()
    if child == 0:
        seen = 0
        rename = pathlib.Path.rename
        def counted(self, target):
            nonlocal seen
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return rename(self, target)
        pathlib.Path.rename = counted
        restore.restore(home, file, at=now())
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert restored() == 0
wanted, steps = contents(), 0
while True:
    shutil.rmtree(home.path)
    shutil.copytree(template, home.path)
    assert contents() != wanted
    if restored(kill_at=steps + 1) == 0:
        break
    steps += 1
    try:
        lifecycle.refuse_unusable(home)
    except lifecycle.RestoreUnfinished:
        pass
    else:
        raise AssertionError(f"killed at step {steps}, and nobody is told")
    assert restored() == 0
    assert contents() == wanted, steps
print(steps)
"""


def test_a_restore_killed_at_any_step_is_begun_again_and_brings_everything(installed, tmp_path):
    (installed.home / "files" / "imports").mkdir()
    (installed.home / "files" / "imports" / "leads.csv").write_text("a,b\n1,2\n")
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    (installed.home / "files" / "imports" / "later.csv").write_text("c\n")
    installed.run("user", "add", "later@example.org", "--role", "service", check=True)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(installed.home), str(file)],
        env=installed.env(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 5
