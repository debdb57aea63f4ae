"""The one foreground process of ``headwater up``: it serves pages and keeps the background worker alive.

It loads the application once, for all web processes: they are forked from it and share its memory. ``headwater up``
turns into it (``exec``) after its checks.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import NoReturn, TextIO

from headwater.platform.errors import DomainError

ADDRESS = "127.0.0.1"
THREADS = 4
STOP_SECONDS = 4
READY_SECONDS = 60.0
RESTART_PAUSES = (0.5, 1, 2, 5, 10, 30)


class PortBusy(DomainError):
    """Another program listens on the port."""

    code = "port_busy"
    message = "Port {port} is used by another program. Start with another: headwater up --port {other}"


@dataclass(frozen=True)
class Serving:
    """What to serve and what to say once it is ready."""

    port: int
    workers: int = 1
    browser: bool = False
    lines: list[str] = field(default_factory=list)
    path: str = "/"
    locks: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where pages are found."""
        return f"http://{ADDRESS}:{self.port}"


class PortReserved(DomainError):
    """The system keeps the port for its administrator."""

    code = "port_reserved"
    message = (
        "Port {port} may not be used by this user of the machine. Take one from 1024 on: headwater up --port 8080; "
        "a proxy in front of it listens on 80 and 443."
    )


def refuse_busy_port(port: int) -> None:
    """Refuse a port that cannot be listened on.

    Raises:
        PortBusy: another program does.
        PortReserved: only an administrator of the machine may.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except PermissionError as error:
            raise PortReserved(port=port) from error
        except OSError as error:
            raise PortBusy(port=port, other=port + 1 if 1024 <= port < 65535 else 8080) from error


def become(serving: Serving) -> NoReturn:
    """Turn this process into the server; it keeps its id, its terminal and its locks."""
    sys.stdout.flush()
    sys.stderr.flush()
    arguments = [sys.executable, "-P", "-m", "headwater.config.server", json.dumps(asdict(serving))]
    os.execv(sys.executable, arguments)  # noqa: S606  (our own interpreter, no shell)


def serve(serving: Serving) -> None:
    """Serve until Ctrl-C or SIGTERM; everything is stopped within seconds."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    _load_once()
    server = Server(
        "headwater.config.served:application",
        address=ADDRESS,
        port=serving.port,
        interface=Interfaces.WSGI,
        workers=serving.workers,
        blocking_threads=THREADS,
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
    )
    worker = WorkerKeeper(serving.locks)
    # Imports what looking up a name takes. If the thread that announces did so just while the web process is forked,
    # that import would stay locked there, and single sign-on, which asks another machine, would wait for ever.
    socket.getaddrinfo(ADDRESS, serving.port)

    @server.on_startup
    def start() -> None:
        # A closed terminal is an end like Ctrl-C; granian would reload.
        signal.signal(signal.SIGHUP, server.signal_handler_interrupt)
        worker.start()
        threading.Thread(target=_announce, args=(serving,), daemon=True).start()

    server.on_shutdown(worker.stop)
    server.serve()


def _load_once() -> None:
    """Load the application before web processes are forked: they share what it takes, and start at once.

    Only where processes are forked; elsewhere each loads it for itself.
    """
    if sys.platform != "linux":
        return
    multiprocessing.set_start_method("fork")  # from Python 3.14 on no longer by itself
    from django.urls import get_resolver

    from headwater.config import wsgi  # noqa: F401  (importing loads it)

    assert get_resolver().url_patterns  # and with it the views of all rooms
    gc.collect()
    gc.freeze()  # looking for garbage would write to all of it, and give each process a copy of its own


class WorkerKeeper:
    """Starts the background worker, and starts it again when it crashes."""

    def __init__(self, locks: Sequence[int]) -> None:
        self._locks = tuple(locks)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start the worker and watch it."""
        self._process = self._spawn()
        threading.Thread(target=self._keep, name="worker-keeper", daemon=True).start()

    def stop(self) -> None:
        """Stop the worker: it puts its job back and goes; if it does not, it is killed and the job taken over later."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the server alone, which then stops the worker.
        return subprocess.Popen(  # noqa: S603  (our own interpreter and program)
            [sys.executable, "-P", "-m", "headwater", "worker", "--parent", str(os.getpid())],
            pass_fds=self._locks,
            start_new_session=True,
        )

    def _keep(self) -> None:
        crashes = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            assert self._process is not None
            code = self._process.wait()
            if self._stopping.is_set():
                return
            crashes = 0 if time.monotonic() - started > 60 else crashes + 1
            pause = RESTART_PAUSES[min(crashes, len(RESTART_PAUSES)) - 1] if crashes else RESTART_PAUSES[0]
            _say(f"The background worker ended (code {code}); starting it again.", sys.stderr)
            if self._stopping.wait(pause):
                return
            self._process = self._spawn()
            if self._stopping.is_set():  # meanwhile; stop() may have looked at the one before
                self._process.terminate()


def _announce(serving: Serving) -> None:
    if not _is_ready(serving):
        _say(f"No page was served within {READY_SECONDS:.0f} seconds.", sys.stderr)
        return
    _say("\n".join([f"Headwater is ready at {serving.url}", *serving.lines, "Ctrl-C stops it."]), sys.stdout)
    if serving.browser:
        webbrowser.open(serving.url + serving.path)


def _say(text: str, out: TextIO) -> None:
    out.write(f"{text}\n")
    out.flush()


def _is_ready(serving: Serving) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{serving.url}/healthz", timeout=5):  # noqa: S310  (http on loopback)
                return True
        except urllib.error.HTTPError:
            return True  # it answers; what it thinks of the address is not the question
        except OSError:
            time.sleep(0.1)
    return False


if __name__ == "__main__":
    try:
        serve(Serving(**json.loads(sys.argv[1])))
    except KeyboardInterrupt:  # before anything is served
        sys.exit("headwater: Stopped.")
    sys.stdout.flush()
    os._exit(
        0
    )  # all is stopped; taking apart what was loaded takes time, and DuckDB complains of what others keep of it
