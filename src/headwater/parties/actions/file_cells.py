"""What cells of a file of people or companies mean, and what became of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from headwater.parties import rules
from headwater.parties.actions.matching import PartyMatch
from headwater.parties.email_faults import of_address
from headwater.platform.importer import Batch, Outcome, RowResult
from headwater.platform.translated import gettext as _
from headwater.team import queries as team


class Owners:
    """The colleagues a file names as owners, by name or e-mail."""

    def __init__(self, cells: Iterable[str | None]) -> None:
        names = {cell for cell in cells if cell}
        self._users = team.users_by_name(names) if names else {}

    def of_cell(self, cell: str | None, extra: dict[str, str], notes: list[str]) -> tuple[int | None, int | None]:
        """The owner and team a cell means; the words of an unknown one are kept in ``extra``, with a note."""
        if not cell:
            return None, None
        user = self._users.get(cell)
        if user is None or not user.is_active:
            extra["owner"] = cell
            notes.append(_("Nobody here is called “{cell}”; the name is kept as text.").format(cell=cell))
            return None, None
        return user.pk, user.team_id


def result_of(
    line: int, match: PartyMatch, is_created: bool, party_id: int | None, changed: set[int], notes: Sequence[str]
) -> RowResult:
    """What became of a row about this party. Whom people deleted stays deleted, whatever the file says."""
    if match.deleted_id is not None:
        return RowResult(line, Outcome.UNCHANGED, match.deleted_id, tuple(match.errors))
    if match.errors or party_id is None:
        reasons = match.errors or [_("The row names nobody.")]
        return RowResult(line, Outcome.REJECTED, None, tuple(reasons))
    told = (*match.reasons, *notes)
    if is_created:
        return RowResult(line, Outcome.CREATED, party_id, told)
    touched = party_id in changed or match.is_changed
    return RowResult(line, Outcome.UPDATED if touched else Outcome.UNCHANGED, party_id, told)


def email_faults(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with the e-mail address of a row, if it has one."""
    if email := values.get("email"):
        try:
            rules.normalise_email(email)
        except rules.BadContact as error:
            return [of_address(email, error)]
    return []


def person_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about a person."""
    return email_faults(values)


def tags_in(cell: Any) -> tuple[str, ...]:
    """The tags of a cell, which commas or semicolons keep apart."""
    return tuple(word.strip() for word in str(cell or "").replace(";", ",").split(",") if word.strip())
