"""Slowing down whoever guesses passwords, without locking out whoever forgot one.

Tries are no facts of the business and change nothing in it: each is one statement of its own, outside the log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import ngettext

from headwater.platform.errors import DomainError
from headwater.team.models import SignInAttempt
from headwater.team.rules import SIGN_IN_WINDOW_MINUTES, TRIES_PER_ADDRESS, TRIES_PER_EMAIL, TRIES_PER_PAIR

WINDOW = timedelta(minutes=SIGN_IN_WINDOW_MINUTES)
KEPT = timedelta(days=30)


class TooManyTries(DomainError):
    """Too many wrong passwords; waiting helps."""

    code, status = "too_many_tries", 429

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        words = ngettext(
            "Too many tries. Wait %(minutes)s minute, then try again.",
            "Too many tries. Wait %(minutes)s minutes, then try again.",
            minutes,
        )
        super().__init__(words % {"minutes": minutes})


def note_try(*, email: str, address: str, at: datetime) -> SignInAttempt:
    """Count a try before the password is looked at, so that many at once do not slip through.

    Raises:
        TooManyTries: too many failed lately for this e-mail from this address, for the e-mail, or from the address.
    """
    attempt = _store_try(email=email.strip().casefold()[:254], address=address[:45], at=at)
    wait = _wait(attempt, at)
    if wait is not None:
        _forget_try(attempt)
        raise TooManyTries(wait)
    return attempt


def note_success(*, attempt_id: int) -> None:
    """The password was right: earlier failures of this e-mail from this address count no more."""
    SignInAttempt.objects.filter(pk=attempt_id).update(succeeded=True)


def tries_left(attempt: SignInAttempt, *, at: datetime) -> int:
    """How many tries this e-mail has left from this address after a wrong password."""
    return max(0, TRIES_PER_PAIR - len(_failures_of_pair(attempt, at)))


def sweep_tries(*, at: datetime) -> int:
    """Forget tries that are too old to matter."""
    removed, _ = SignInAttempt.objects.filter(at__lt=at - KEPT).delete()
    return removed


def _store_try(*, email: str, address: str, at: datetime) -> SignInAttempt:
    return SignInAttempt.objects.create(email=email, address=address, at=at, succeeded=False)


def _forget_try(attempt: SignInAttempt) -> None:
    # A try that was refused unseen must not make the wait longer.
    attempt.delete()


def _wait(attempt: SignInAttempt, at: datetime) -> timedelta | None:
    """How long until the next try, or None when this one may go on."""
    failed = SignInAttempt.objects.filter(succeeded=False, at__gt=at - WINDOW, pk__lt=attempt.pk).order_by("at", "pk")
    pair = [t for t in _failures_of_pair(attempt, at) if t.pk < attempt.pk]
    waits = []
    for tries, allowed in (
        (pair, TRIES_PER_PAIR),
        (list(failed.filter(email=attempt.email)[: 2 * TRIES_PER_EMAIL]), TRIES_PER_EMAIL),
        (list(failed.filter(address=attempt.address)[: 2 * TRIES_PER_ADDRESS]), TRIES_PER_ADDRESS),
    ):
        if len(tries) >= allowed:
            waits.append(tries[len(tries) - allowed].at + WINDOW - at)
    return max(waits) if waits else None


def _failures_of_pair(attempt: SignInAttempt, at: datetime) -> list[SignInAttempt]:
    pair = SignInAttempt.objects.filter(email=attempt.email, address=attempt.address, at__gt=at - WINDOW)
    last_success = pair.filter(succeeded=True).order_by("-pk").values_list("pk", flat=True).first() or 0
    return list(pair.filter(succeeded=False, pk__gt=last_success).order_by("at", "pk"))
