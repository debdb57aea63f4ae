"""Refusals: what the system will not do, and what the reader can do instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from headwater.platform.translated import gettext, grouped
from headwater.platform.translated import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise


class WhyNot(StrEnum):
    """Why a step is not open to a row, and what is, as rules say it: each member holds the words, in English."""

    @property
    def said(self) -> str:
        """It in the language of the moment."""
        return gettext(self.value)

    @property
    def code(self) -> str:
        """The stable name that the API and scripts see."""
        return self.name.lower()


class DomainError(Exception):
    """Somebody asked for something the rules do not allow.

    ``code`` is stable and machine-readable, ``status`` is the HTTP status, the message says what happened,
    what was kept and what to do. Anything that is not a ``DomainError`` is a bug.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[str | Promise] = _("This cannot be done now.")

    def __init__(self, message: str | Promise | None = None, **params: Any) -> None:
        self.params = params
        self.text = str(self.message).format(**params) if message is None else str(message)
        super().__init__(self.text)


class NotAllowed(DomainError):
    """The actor's role or visibility does not cover this."""

    code, status = "not_allowed", 403
    message = _("You may not do this. Ask an administrator for the right, or a colleague who has it.")


class OutOfScope(NotAllowed):
    """A person may, but the key a program came with does not reach so far."""

    message = _("The token's scope does not cover this. Make one with a wider scope under Settings → Tokens.")


class NotFound(DomainError):
    """No such record, or none that the actor may see: the answer is the same on purpose."""

    code, status = "not_found", 404
    message = _("There is no such record, or you may not see it.")


class Moved(DomainError):
    """The record became part of another one, which is the place to look."""

    code, status = "moved", 301
    message = _("This record is part of another one now.")

    def __init__(self, slug: str, pk: int) -> None:
        super().__init__()
        self.slug, self.pk = slug, pk


class Conflict(DomainError):
    """The record changed meanwhile, or its state forbids the step."""

    code, status = "conflict", 409


class Stale(DomainError):
    """The caller's picture of the record is not the record any more: somebody changed it meanwhile."""

    code, status = "stale", 412
    message = _("This record changed since you read it. Read it again, and decide with what it says now.")


class Invalid(DomainError):
    """Values that cannot be stored, told per field so that a form can show each beside its input."""

    code, status = "invalid", 422
    message = _("Some values need another look.")

    def __init__(self, fields: Mapping[str, Sequence[str]], message: str | None = None) -> None:
        self.fields = {name: list(reasons) for name, reasons in fields.items()}
        super().__init__(message or "; ".join(r for reasons in self.fields.values() for r in reasons) or None)


class NotUndoable(Conflict):
    """What happened since would be lost if this were taken back."""

    code = "not_undoable"
    message = _("This can no longer be undone: {reason}.")


class SomeRefused(Conflict):
    """A step for many rows is not possible for some of them: which, and why. Nothing was done with any of them.

    ``is_all`` says that it is possible for none of them.
    """

    code = "some_refused"

    def __init__(self, refusals: Mapping[int, DomainError], *, of: int) -> None:
        self.refusals, self.is_all = dict(refusals), len(refusals) == of
        first = next(iter(self.refusals.values()))
        words = gettext("{refusing} of {rows} rows refuse this, so nothing was changed. {reason}")
        super().__init__(words.format(refusing=grouped(len(refusals)), rows=grouped(of), reason=first.text))

    @property
    def reasons(self) -> dict[int, str]:
        """Why, in words, by row."""
        return {pk: refusal.text for pk, refusal in self.refusals.items()}

    def by_event(self, about: Mapping[int, int]) -> SomeRefused:
        """The same by the ids of events, given which row each event is about."""
        found = {event_id: self.refusals[pk] for event_id, pk in about.items() if pk in self.refusals}
        return SomeRefused(found, of=len(about))

    @property
    def one_reason(self) -> DomainError:
        """What every row says, where all say the same: then that is the answer; else this refusal."""
        first = next(iter(self.refusals.values()))
        same = self.is_all and len(set(self.reasons.values())) == 1
        return first if same else self


class Busy(DomainError):
    """Somebody else writes for longer than anybody can be let wait; nothing was changed."""

    code, status = "busy", 503
    message = _("Something large is being written just now. Try again in a few seconds.")
    retry_after = 5


class Unreachable(Busy):
    """The database does not answer, such as while it is started again; nothing of the request was kept."""

    code = "database_unreachable"
    message = _("The database cannot be reached just now. Nothing was changed. Try again in a few seconds.")


class DiskFull(Busy):
    """There is no room to write."""

    code = "disk_full"
    message = _("The disk of the server is full: nothing was saved. Whoever looks after the server has to make room.")
    retry_after = 60


class KnownAlready(Conflict):
    """What somebody enters by hand is known already. They open it, or say that theirs is another one.

    ``slug`` and ``pk`` lead to the record called ``title``; without them it is out of the actor's sight.
    """

    code = "known_already"

    def __init__(self, message: str, *, slug: str = "", pk: int | None = None, title: str = "") -> None:
        super().__init__(message)
        self.slug, self.pk, self.title = slug, pk, title
