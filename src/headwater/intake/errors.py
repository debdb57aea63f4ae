"""What intake says when a file, a value or a profile cannot be used."""

from __future__ import annotations

from headwater.platform.errors import DomainError
from headwater.platform.translated import Wording

OF_COLUMN = Wording("{column}: {why}")


class UnreadableFile(DomainError):
    """A file cannot be read as a table; the message says where and what to do about it.

    ``line`` counts from 1 as an editor shows it, ``column`` counts the cells of the row from 1; either is
    None where the trouble is not in one place (a damaged archive, for instance).
    """

    code, status = "unreadable_file", 422

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        self.line, self.column = line, column
        place = ", ".join(
            f"{name} {number}" for name, number in (("line", line), ("column", column)) if number is not None
        )
        super().__init__(f"{place.capitalize()}: {message}" if place else message)


class BadValue(ValueError):
    """A cell does not hold what its column promises; the text is meant for the person who sent the file."""


def quoted(text: str) -> str:
    """A cell as a message names it, cut where it is long."""
    return f"“{text}”" if len(text) <= 60 else f"“{text[:57]}…”"
