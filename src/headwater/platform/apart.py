"""Heavy work in a process of its own: the memory it takes is given back when it ends."""

from __future__ import annotations

import subprocess
import sys

import django
from django.utils.module_loading import import_string

from headwater.platform.clock import now

_running: set[subprocess.Popen[bytes]] = set()


def run_apart(name: str) -> None:
    """Do ``room.module.function(at=now)`` in a process of its own, and wait until it is done or ended by us.

    Raises:
        CalledProcessError: it failed; why stands on standard error.
    """
    # Our own interpreter and program.
    with subprocess.Popen([sys.executable, "-P", "-m", "headwater.platform.apart", name]) as process:  # noqa: S603
        _running.add(process)
        try:
            code = process.wait()
        except BaseException:  # this process is told to stop
            process.terminate()
            raise
        finally:
            is_ended_by_us = process not in _running
            _running.discard(process)
    if code and not is_ended_by_us:
        raise subprocess.CalledProcessError(code, name)


def end_all() -> None:
    """End what runs apart, because this process ends."""
    while _running:
        _running.pop().terminate()


def work(name: str) -> None:
    """What that process does."""
    django.setup()
    import_string(name)(at=now())


if __name__ == "__main__":
    work(sys.argv[1])
