"""Run a command with a PostgreSQL of its own: ``with_postgres.py pytest …``.

Uses HEADWATER_TEST_DATABASE_URL when it is set. Otherwise starts a throw-away server from Debian's folders (as an
unprivileged user when root), listening on a socket only, and removes it afterwards.
"""

# ruff: noqa: S603  (fixed programs, and the command it was given)

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of our own, on a socket in a folder that goes with it."""

    folder: Path
    programs: Path
    owner: str | None

    @property
    def url(self) -> str:
        """Where its database is."""
        return f"postgresql://headwater@/postgres?host={quote(str(self.folder))}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as who may."""
        subprocess.run(
            [str(self.programs / program), *arguments],
            check=True, user=self.owner, cwd=self.folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def begin(self) -> None:
        """Make its files and start it."""
        self.run(
            "initdb", "--pgdata", f"{self.folder}/data", "--username=headwater", "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start it; it answers when this returns."""
        hurried = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # nothing is to outlive the command
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} {hurried} -c max_connections=60"
        where = ("-D", f"{self.folder}/data", "-l", f"{self.folder}/log")
        self.run("pg_ctl", "start", "-w", *where, "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it, whoever works on it."""
        self.run("pg_ctl", "stop", "-m", mode, "-D", f"{self.folder}/data")


@contextmanager
def throw_away() -> Iterator[Server]:
    """A server for a while; what is left of it in the end is removed."""
    programs, owner = _programs(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="hw-pg-"))
    if owner:
        os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
    folder.chmod(0o755)
    server = Server(folder, programs, owner)
    server.begin()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """The exit code of the command, run beside a server."""
    if os.environ.get("HEADWATER_TEST_DATABASE_URL"):
        return subprocess.run(command, check=False).returncode
    with throw_away() as server:
        environment = {**os.environ, "HEADWATER_TEST_DATABASE_URL": server.url}
        return subprocess.run(command, env=environment, check=False).returncode


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    sys.exit(
        "PostgreSQL is not installed (Debian: apt install postgresql), and HEADWATER_TEST_DATABASE_URL is not set."
    )


def _owner() -> str | None:
    """PostgreSQL does not run as root: whom to run it as instead."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
