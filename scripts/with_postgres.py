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
from pathlib import Path
from urllib.parse import quote


def main(command: list[str]) -> int:
    """The exit code of the command, run beside a server."""
    if os.environ.get("HEADWATER_TEST_DATABASE_URL"):
        return subprocess.run(command, check=False).returncode
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="hw-pg-"))
    owner = _owner()
    if owner:
        os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
    folder.chmod(0o755)
    data = folder / "data"

    def pg(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), *arguments], check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL
        )

    pg("initdb", "--pgdata", str(data), "--username=headwater", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    hurried = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # nothing is to outlive the command
    options = f"-c listen_addresses= -c unix_socket_directories={folder} {hurried} -c max_connections=60"
    pg("pg_ctl", "start", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options)
    try:
        url = f"postgresql://headwater@/postgres?host={quote(str(folder))}"
        environment = {**os.environ, "HEADWATER_TEST_DATABASE_URL": url}
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        pg("pg_ctl", "stop", "-m", "immediate", "-D", str(data))
        shutil.rmtree(folder, ignore_errors=True)


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
