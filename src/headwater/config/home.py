"""The data folder of an installation and what lies where in it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class Home:
    """One installation's data folder (``--home``, ``HEADWATER_HOME`` or the user's data directory)."""

    path: Path

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.path / "headwater.sqlite3"

    @property
    def backups(self) -> Path:
        """Backups taken before migrations and on request."""
        return self.path / "backups"

    @property
    def mirror(self) -> Path:
        """The columnar mirror; can be removed at any time, it is rebuilt."""
        return self.path / "mirror"

    @property
    def files(self) -> Path:
        """Uploaded files: imports waiting or done, rejected rows."""
        return self.path / "files"

    @property
    def profiles(self) -> Path:
        """Import profiles saved by people."""
        return self.path / "profiles"

    @property
    def key(self) -> Path:
        """The file of the installation's own secret."""
        return self.path / "secret_key"

    @property
    def is_initialised(self) -> bool:
        """Whether ``headwater init`` or ``demo`` made this folder ours."""
        return self.key.exists()

    def secret_key(self) -> str:
        """The installation's own secret; made at initialisation, readable by its owner only."""
        if not self.key.exists():
            # Commands that only look (help, doctor) work without an installation and must not create one.
            return "not-initialised-" + secrets.token_urlsafe(32)
        return self.key.read_text(encoding="ascii").strip()

    def create(self) -> None:
        """Make the folder and its secret. Existing parts stay, as do the rights on a folder that was there before.

        What the folder holds is nobody else's on this machine.

        Raises:
            OSError: the folder cannot be written.
        """
        for folder in (self.path, self.backups, self.mirror, self.files, self.profiles):
            if not folder.is_symlink():  # somebody's own arrangement; the disk it leads to may be away
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.key.exists():
            handle = os.open(self.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(secrets.token_urlsafe(48))


def current_home() -> Home:
    """The data folder of this process."""
    chosen = os.environ.get("HEADWATER_HOME")
    return Home(Path(chosen).expanduser().resolve() if chosen else Path(platformdirs.user_data_dir("headwater")))
