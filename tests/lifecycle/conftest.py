"""Real processes on data folders of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

LATER = Path(__file__).parent / "later"
HERE = Path(__file__).parent

# These tests choose their database themselves: a run on PostgreSQL adds only what is different there.
if os.environ.get("HEADWATER_TEST_DATABASE_URL"):
    there = {"test_postgres.py", "test_moving.py", "test_restarted.py", "test_tables.py"}
    collect_ignore = [file.name for file in HERE.glob("test_*.py") if file.name not in there]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each starts the command a few times, in processes of its own: a second or more every time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """What a shell starts in the background ignores Ctrl-C, and hands that on to what it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Installation:
    """A data folder and the command that works on it."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HEADWATER_", "DJANGO_"))}
        return {**kept, "HEADWATER_HOME": str(self.home), **self.environment}

    def run(self, *arguments: str, check: bool = False, text: str | None = None, prefix: tuple[str, ...] = ()):
        """Run one command to its end."""
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "headwater", *arguments],
            env=self.env(), capture_output=True, text=True, input=text, timeout=300, check=False,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, done.stderr
        return done

    @contextlib.contextmanager
    def serving(self, *arguments: str, port: int | None = None) -> Iterator[Server]:
        """Serve until the block ends."""
        server = self.start("up", *arguments, port=port)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.end()

    def start(self, command: str, *arguments: str, port: int | None = None) -> Server:
        port = port or free_port()
        out = (self.home.parent / f"{self.home.name}-{port}.log").open("w+b")
        process = subprocess.Popen(
            [sys.executable, "-m", "headwater", command, "--port", str(port), "--no-browser", *arguments],
            env=self.env(), stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        return Server(process, port, Path(out.name))

    def later(self, **environment: str) -> Installation:
        """The same folder, worked on by a later version."""
        path = os.pathsep.join(filter(None, (str(LATER), os.environ.get("PYTHONPATH"))))
        more = {"DJANGO_SETTINGS_MODULE": "hw_later.settings", "PYTHONPATH": path, **environment}
        return Installation(self.home, {**self.environment, **more})


@dataclass
class Server:
    """A running ``headwater up``."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def workers(self) -> list[int]:
        """The ids of the background workers that live; there should be one."""
        import psutil

        found = []
        for pid in self.family():
            with contextlib.suppress(psutil.Error):  # it may end, or be a zombie, while we look
                if "worker" in psutil.Process(pid).cmdline():
                    found.append(pid)
        return found

    def wait_until_ready(self, seconds: float = 90) -> None:
        wait_for(lambda: "Headwater is ready" in self.said or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.said

    def family(self) -> list[int]:
        """The ids of the server's processes, itself first."""
        import psutil

        main = psutil.Process(self.process.pid)
        return [main.pid, *(child.pid for child in main.children(recursive=True))]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def at() -> type[Installation]:
    """What works on a data folder: ``at(folder, environment)``."""
    return Installation


@pytest.fixture
def empty(tmp_path: Path) -> Installation:
    """A folder that does not exist yet."""
    return Installation(tmp_path / "home")


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Installation(tmp_path_factory.mktemp("template") / "home")
    made.run("init", check=True)
    made.run(
        "user",
        "add",
        "owner@example.org",
        "--role",
        "owner",
        "--password-stdin",
        check=True,
        text="a long enough one\n",
    )
    return made.home


@pytest.fixture
def installed(tmp_path: Path, _template: Path) -> Installation:
    """An installation with one owner."""
    shutil.copytree(_template, tmp_path / "home")
    return Installation(tmp_path / "home")


@contextlib.contextmanager
def _database(like: str = "template1") -> Iterator[tuple[str, str]]:
    import psycopg

    url, name = os.environ["HEADWATER_TEST_DATABASE_URL"], f"hw_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
    yield name, urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def database() -> Callable[..., contextlib.AbstractContextManager[tuple[str, str]]]:
    """A PostgreSQL database for a while, like another one: its name and its address."""
    return _database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """An installation with its database, to be copied: making one takes as long as all its migrations."""
    with _database() as (name, url):
        made = Installation(tmp_path_factory.mktemp("template") / "home", {"HEADWATER_DATABASE_URL": url})
        made.run("init", check=True)
        yield made.home, name


@pytest.fixture
def port() -> int:
    """A port nobody listens on."""
    return free_port()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait for something that other processes bring about."""
    return wait_for
