"""What browser tests share: an installation being served, and a tab that notices errors."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), "")
HEADWATER = [sys.executable, "-m", "headwater"]


def environment(home: Path) -> dict[str, str]:
    """The environment of a process that works in ``home``, without settings of the tests or of the developer."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HEADWATER_", "DJANGO_"))}
    return {**kept, "HEADWATER_HOME": str(home)}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(home: Path, port: int) -> Iterator[str]:
    """Serve ``home`` while the block runs; its address."""
    server = subprocess.Popen(
        [*HEADWATER, "up", "--port", str(port), "--no-browser"], env=environment(home), stdout=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{base}/healthz", timeout=2)
            break
        time.sleep(0.2)
    try:
        yield base
    finally:
        server.terminate()
        server.wait(60)
