"""Refusals: what the system will not do, and what the reader can do instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DomainError(Exception):
    """Somebody asked for something the rules do not allow.

    ``code`` is stable and machine-readable, ``status`` is the HTTP status, the message says what happened,
    what was kept and what to do. Anything that is not a ``DomainError`` is a bug.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[str] = "This cannot be done now."

    def __init__(self, message: str | None = None, **params: Any) -> None:
        self.params = params
        self.text = message if message is not None else str(self.message).format(**params)
        super().__init__(self.text)


class NotAllowed(DomainError):
    """The actor's role or visibility does not cover this."""

    code, status = "not_allowed", 403
    message = "You may not do this. Ask an administrator for the right, or a colleague who has it."


class NotFound(DomainError):
    """No such record, or none that the actor may see: the answer is the same on purpose."""

    code, status = "not_found", 404
    message = "There is no such record, or you may not see it."


class Moved(DomainError):
    """The record became part of another one, which is the place to look."""

    code, status = "moved", 301
    message = "This record is part of another one now."

    def __init__(self, slug: str, pk: int) -> None:
        super().__init__()
        self.slug, self.pk = slug, pk


class Conflict(DomainError):
    """The record changed meanwhile, or its state forbids the step."""

    code, status = "conflict", 409


class Stale(DomainError):
    """The caller's picture of the record is not the record any more: somebody changed it meanwhile."""

    code, status = "stale", 412
    message = "This record changed since you read it. Read it again, and decide with what it says now."


class Invalid(DomainError):
    """Values that cannot be stored, told per field so that a form can show each beside its input."""

    code, status = "invalid", 422
    message = "Some values need another look."

    def __init__(self, fields: Mapping[str, Sequence[str]], message: str | None = None) -> None:
        self.fields = {name: list(reasons) for name, reasons in fields.items()}
        super().__init__(message or "; ".join(r for reasons in self.fields.values() for r in reasons) or None)


class NotUndoable(Conflict):
    """What happened since would be lost if this were taken back."""

    code = "not_undoable"
    message = "This can no longer be undone: {reason}."


class KnownAlready(Conflict):
    """What somebody enters by hand is known already. They open it, or say that theirs is another one.

    ``slug`` and ``pk`` lead to the record called ``title``; without them it is out of the actor's sight.
    """

    code = "known_already"

    def __init__(self, message: str, *, slug: str = "", pk: int | None = None, title: str = "") -> None:
        super().__init__(message)
        self.slug, self.pk, self.title = slug, pk, title
