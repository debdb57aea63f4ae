"""Whose a data folder is: what one user of the machine leaves in it, another cannot go on with."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

from headwater.config.home import Home
from headwater.platform.errors import DomainError

DISK_CHECK = "lost+found"  # root's, in the top folder of a disk


class NotYours(DomainError):
    """The installation is looked after by another user of this machine."""

    code = "home_of_another"
    message = (
        "{home} belongs to {owner}, and this runs as {user}. Run it as {owner}, such as with "
        "“sudo -u {owner}”, or let an administrator of the machine give that user all of it: chown -R USER: {home}"
    )


def refuse_another(home: Home) -> None:
    """Refuse who cannot read the installation, and who can only because root may: what root would leave behind, locks
    to begin with, keeps Headwater from starting as the user it runs as.

    Raises:
        NotYours: says whose it is.
    """
    for path in (home.path, home.key):
        try:
            owner = path.stat().st_uid
        except PermissionError as error:
            raise _not_yours(home, _nearest_owner(path)) from error
        except OSError:
            return
        is_key = path == home.key
        if (is_key and owner != _writes_as(home, owner)) or not os.access(path, os.R_OK):
            raise _not_yours(home, owner)


def _writes_as(home: Home, owner: int) -> int:
    """Whom root's files in the folder would belong to: some file systems decide that themselves. Others leave nothing
    that is in the way of ``owner``.
    """
    if os.geteuid() != 0 or owner == 0:
        return owner
    try:
        with tempfile.TemporaryFile(dir=home.path) as probe:
            return os.fstat(probe.fileno()).st_uid
    except OSError:
        return 0


def of_others(home: Home) -> Iterator[Path]:
    """What lies in the folder and belongs to somebody else than the installation; it is in the way sooner or later."""
    owner = home.key.stat().st_uid
    for folder in (home.path, home.backups, home.files, home.mirror, home.profiles):
        if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
            yield from (path for path in sorted(folder.iterdir()) if _is_of_another(path, owner))


def _is_of_another(path: Path, owner: int) -> bool:
    if path.name == DISK_CHECK:
        return False
    try:
        return path.lstat().st_uid != owner
    except FileNotFoundError:  # gone since, as files of a database that works are
        return False


def name_of(owner: int) -> str:
    """A user of this machine by name; the number where it has none."""
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)


def _not_yours(home: Home, owner: int) -> NotYours:
    return NotYours(home=home.path, owner=name_of(owner), user=name_of(os.geteuid()))


def _nearest_owner(path: Path) -> int:
    """Whose the closed folder is that ``path`` lies in."""
    for folder in path.parents:
        try:
            return folder.stat().st_uid
        except PermissionError:
            continue
    return 0
