"""How somebody reads and writes figures, days and times, and where they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.language import spoken
from headwater.platform.translated import gettext as _
from headwater.team.models import User
from headwater.web.notation import CLOCKS, DAYS, NUMBERS, WEEK_BEGINS

_OFFERED: Final[Mapping[str, Collection[str]]] = {
    "number_notation": NUMBERS, "day_notation": DAYS, "clock": CLOCKS, "week_begins": WEEK_BEGINS,
}  # fmt: skip


@action
def change_reading(*, by: Actor, at: datetime, **values: str) -> User:
    """Change one's own language, time zone and notation; empty is the company's, or as usual there.

    Raises:
        Invalid: a value that is not on offer.
        NotFound: a job or a token without a person asks.
    """
    user = User.objects.select_for_update().filter(pk=by.user_id or 0).first()
    if user is None:
        raise NotFound()
    wrong = [name for name, value in values.items() if not _is_offered(name, value)]
    if wrong:
        raise Invalid({name: [_("Choose one of those on offer.")] for name in wrong})
    change_row(user, values, row_type="team.user", by=by, at=at)
    return user


def _is_offered(name: str, value: str) -> bool:
    if name == "language":
        return value == "" or value in dict(spoken())
    if name == "time_zone":
        return value == "" or value in available_timezones()
    return name in _OFFERED and (value == "" or value in _OFFERED[name])
