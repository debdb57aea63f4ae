"""When the database is held by somebody else, does not answer, or a disk is full: told apart from what is broken."""

from __future__ import annotations

import errno

from django.db.utils import DatabaseError, InterfaceError, OperationalError

from headwater.platform.errors import Busy, DiskFull, Unreachable

# lock not available, deadlock, could not serialise, too many connections: all of them pass
_PASSING = frozenset({"55P03", "40P01", "40001", "53300"})
_FULL = "53100"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # of the disk, of the user, of any one file
_GOING_DOWN = ("57P0", "08")  # shut down, crashed, starting; connection lost


def as_busy(error: BaseException | None) -> Busy | None:
    """The refusal that says so, if that is what the error means: another try may well get through."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return DiskFull()
    if not isinstance(error, (DatabaseError, InterfaceError)):
        return None
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state in _PASSING or "database is locked" in str(error):
        return Busy()
    if state == _FULL or "database or disk is full" in str(error):
        return DiskFull()
    if str(state).startswith(_GOING_DOWN) or (state is None and _is_lost(error)):
        return Unreachable()
    return None


def _is_lost(error: BaseException) -> bool:
    """An error of the connection to PostgreSQL itself has no code: there was no server to give one."""
    of_connection = isinstance(error, (OperationalError, InterfaceError))
    return of_connection and type(error.__cause__).__module__.startswith("psycopg")
