"""Web server and worker live and end together."""

from __future__ import annotations

import json
import os
import signal
import time

import psutil
import pytest

pytestmark = pytest.mark.slow


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(pids: list[int], seconds: float = 90) -> None:
    """Until none of the processes lives; says which one does."""
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < deadline, [psutil.Process(pid).as_dict(["cmdline", "status", "ppid"]) for pid in left]
        time.sleep(0.05)


def resident(pid: int) -> int:
    """The memory of a process; what several share is counted once among them, where the system tells."""
    memory = psutil.Process(pid).memory_full_info()
    return getattr(memory, "pss", 0) or memory.rss


def test_pages_are_served_and_ctrl_c_ends_everything(installed):
    with installed.serving() as server:
        assert f"http://127.0.0.1:{server.port}" in server.said
        assert server.get("/readyz")[0] == 200
        assert server.get("/sign-in")[0] == 200
        family = server.family()
        assert len(family) >= 3
        os.kill(server.process.pid, signal.SIGINT)
        started = time.monotonic()
        assert server.process.wait(60) == 0, server.said
        assert time.monotonic() - started < 30  # 3 to 5 where nothing else runs; 10 are promised
    wait_until_gone(family)
    assert "Traceback" not in server.said, server.said
    assert "WRONG" not in installed.run("doctor").stdout


def test_a_closed_terminal_ends_everything(installed):
    with installed.serving() as server:
        os.kill(server.process.pid, signal.SIGHUP)
        assert server.process.wait(60) == 0, server.said


def test_a_second_server_on_the_same_folder_is_refused(installed):
    with installed.serving() as server:
        second = installed.run("up", "--no-browser")
        assert second.returncode == 1
        assert f"http://127.0.0.1:{server.port}" in second.stderr
        assert server.get("/readyz")[0] == 200


def test_a_restore_is_refused_while_a_server_runs_a_backup_is_not(installed, tmp_path):
    with installed.serving():
        file = tmp_path / "b.tar.gz"
        installed.run("backup", str(file), check=True)
        done = installed.run("restore", str(file))
        assert done.returncode == 1
        assert "Stop it first" in done.stderr
    installed.run("restore", str(file), check=True)


def test_a_server_killed_while_its_children_load_takes_them_along(installed, eventually):
    server = installed.start("up")
    eventually(lambda: len(server.family()) >= 4)
    family = server.family()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    wait_until_gone(family)


def test_a_killed_server_takes_its_children_along_and_starts_again(installed):
    with installed.serving() as server:
        family = server.family()
        os.kill(server.process.pid, signal.SIGKILL)
        wait_until_gone(family)
    with installed.serving() as server:
        assert server.get("/readyz")[0] == 200


def test_a_crashed_worker_is_started_again(installed, eventually):
    with installed.serving() as server:
        eventually(lambda: len(server.workers()) == 1)
        (first,) = server.workers()
        os.kill(first, signal.SIGKILL)
        eventually(lambda: server.workers() not in ([], [first]))
        assert server.get("/readyz")[0] == 200


def test_the_second_start_is_quick_and_all_processes_are_small(installed, eventually):
    with installed.serving():
        pass
    started = time.monotonic()
    with installed.serving() as server:
        assert server.get("/sign-in")[0] == 200
        assert time.monotonic() - started < 30  # 3 to 5 where nothing else runs; 10 are promised
        # The one that starts the others, two that serve pages and the worker; what fills the mirror has ended.
        eventually(lambda: len(server.family()) == 4 and any((installed.home / "mirror").glob("mirror-*.duckdb")))
        used = sum(resident(pid) for pid in server.family())
        assert used < 400e6, f"{used / 1e6:.0f} MB"


def test_doctor_says_that_it_runs_and_where(installed, eventually):
    def report() -> dict:
        return json.loads(installed.run("doctor", "--json").stdout)

    assert report()["server"] == {"running": False, "pid": None, "port": None}
    with installed.serving() as server:
        assert report()["server"] == {"running": True, "pid": server.process.pid, "port": server.port}
        eventually(lambda: "worker.alive" in {item["name"] for item in report()["schedule"]})
        assert report()["ok"]
