"""When the database is held by somebody else for longer than anybody can wait: told apart from what is broken."""

from __future__ import annotations

from django.db.utils import OperationalError

from headwater.platform.errors import Busy

# lock not available, deadlock, could not serialise, too many connections: all of them pass
_PASSING = frozenset({"55P03", "40P01", "40001", "53300"})


def as_busy(error: BaseException | None) -> Busy | None:
    """The refusal that says so, if that is what the error means: another try may well get through."""
    if not isinstance(error, OperationalError):
        return None
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) in _PASSING or "database is locked" in str(error):
        return Busy()
    return None
