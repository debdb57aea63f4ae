"""Slowing down whoever guesses passwords, without locking out whoever forgot one; and the sign-in log.

Tries are no facts of the business and change nothing in it: each is one statement of its own, outside the log.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import ngettext

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.callers import LONGEST, network_of
from headwater.platform.errors import DomainError
from headwater.platform.events import record
from headwater.team.events import SignInUnlocked
from headwater.team.models import Outcome, SignInAttempt, User, Way
from headwater.team.queries import colleague, user_by_email
from headwater.team.rules import (
    CODES_PER_DAY,
    RESETS_PER_ADDRESS,
    SIGN_IN_LOG_DAYS,
    SIGN_IN_WINDOW_MINUTES,
    TRIES_PER_ADDRESS,
    TRIES_PER_CODE,
    TRIES_PER_EMAIL,
    TRIES_PER_PAIR,
)

# Wrong passwords that still count; wrong codes are counted on their own.
WRONG = Q(succeeded=False, counts=True) & ~Q(outcome=Outcome.WRONG_CODE)
DAY = timedelta(days=1)
WINDOW = timedelta(minutes=SIGN_IN_WINDOW_MINUTES)
KEPT = timedelta(days=SIGN_IN_LOG_DAYS)


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


def note_try(*, email: str, address: str, at: datetime, agent: str = "") -> SignInAttempt:
    """Count a try before the password is looked at, so that many at once do not slip through.

    Raises:
        TooManyTries: too many failed lately for this e-mail from this address, for the e-mail, or from the address.
    """
    user = user_by_email(email)
    outcome = Outcome.LEFT if user is not None and not user.is_active else Outcome.WRONG_PASSWORD
    attempt = _keep(email=email.strip(), address=address, at=at, agent=agent, user=user, outcome=outcome)
    wait = _wait(attempt, at)
    if wait is not None:
        _refuse_try(attempt, at)
        raise TooManyTries(wait)
    return attempt


def note_arrival(*, way: Way, address: str, at: datetime, agent: str = "", user: User | None = None) -> SignInAttempt:
    """Keep a try without a password: there is nothing to guess, so that it makes nobody else wait; an address that
    sends very many has to.

    Raises:
        TooManyTries: so many came from this address lately and failed.
    """
    wrong = Outcome.WRONG_PASSKEY if way == Way.PASSKEY else Outcome.PROVIDER_REFUSED
    failed = SignInAttempt.objects.filter(
        network=network_of(address), at__gt=at - WINDOW, outcome__in=(Outcome.WRONG_PASSKEY, Outcome.PROVIDER_REFUSED)
    ).order_by("-at", "-pk")
    latest = list(failed[:TRIES_PER_ADDRESS])
    outcome = Outcome.LEFT if user is not None and not user.is_active else wrong
    attempt = _keep(
        email=user.email if user is not None else "", address=address, at=at, agent=agent, user=user, counts=False,
        way=way, outcome=outcome,
    )  # fmt: skip
    if len(latest) == TRIES_PER_ADDRESS:
        _refuse_try(attempt, at)
        raise TooManyTries(latest[-1].at + WINDOW - at)
    return attempt


def note_who(*, attempt_id: int, email: str, user: User | None) -> None:
    """Keep who it was that came, once that is known."""
    values = {"email": email.casefold()[:254], "user": user}
    if user is not None and not user.is_active:
        values["outcome"] = Outcome.LEFT
    SignInAttempt.objects.filter(pk=attempt_id).update(**values)


def note_success(*, attempt_id: int) -> None:
    """Somebody is in: earlier failures of this e-mail from this address count no more."""
    SignInAttempt.objects.filter(pk=attempt_id).update(succeeded=True, outcome=Outcome.SUCCEEDED)


def note_password(*, attempt_id: int) -> None:
    """The first step was right, and a second is asked for: no failure, and no success that forgives earlier ones."""
    SignInAttempt.objects.filter(pk=attempt_id).update(counts=False, outcome=Outcome.CODE_ASKED)


def note_code(*, user: User, address: str, at: datetime, agent: str = "") -> SignInAttempt:
    """Count a try of a code before it is looked at. Few are allowed, from wherever, and a success frees none:
    who comes this far knows the password.

    Raises:
        TooManyTries: too many were wrong lately.
    """
    attempt = _keep(email=user.email, address=address, at=at, agent=agent, user=user, outcome=Outcome.WRONG_CODE)
    waits = []
    wrong = SignInAttempt.objects.filter(user=user, outcome=Outcome.WRONG_CODE, counts=True, pk__lt=attempt.pk)
    for allowed, within in ((TRIES_PER_CODE, WINDOW), (CODES_PER_DAY, DAY)):
        latest = list(wrong.filter(at__gt=at - within).order_by("-at", "-pk")[:allowed])
        if len(latest) == allowed:
            waits.append(latest[-1].at + within - at)
    if waits:
        _refuse_try(attempt, at)
        raise TooManyTries(max(waits))
    return attempt


def note_forgotten(*, email: str, address: str, at: datetime, agent: str = "") -> SignInAttempt:
    """Keep that somebody asked for a new password by mail, whether or not anybody signs in with this e-mail.

    Raises:
        TooManyTries: so many were asked for from this address lately.
    """
    asked = SignInAttempt.objects.filter(network=network_of(address), outcome=Outcome.RESET_ASKED, at__gt=at - WINDOW)
    latest = list(asked.order_by("-at", "-pk")[:RESETS_PER_ADDRESS])
    attempt = _keep(
        email=email.strip(), address=address, at=at, agent=agent, user=user_by_email(email), counts=False,
        outcome=Outcome.RESET_ASKED,
    )  # fmt: skip
    if len(latest) == RESETS_PER_ADDRESS:
        _refuse_try(attempt, at)
        raise TooManyTries(latest[-1].at + WINDOW - at)
    return attempt


def forget_try(*, attempt_id: int) -> None:
    """It was no try to sign in."""
    SignInAttempt.objects.filter(pk=attempt_id).delete()


@action
def unlock_user(*, user_id: int, by: Actor, at: datetime) -> int:
    """Let a colleague try again at once who has to wait after too many wrong tries; how many are forgiven.

    Raises:
        NotFound: there is no such user.
    """
    by.require("team.user.change")
    user = colleague(user_id)
    forgiven = SignInAttempt.objects.filter(
        email=user.email.casefold(), succeeded=False, counts=True, at__gt=at - DAY
    ).update(counts=False)
    if forgiven:
        record(SignInUnlocked(user_id=user.pk, tries=forgiven), by=by, at=at)
    return forgiven


def forgive_passwords(user: User, *, at: datetime) -> None:
    """Forget wrong passwords, for who chose a new one by a link; wrong codes of the second factor still count."""
    failed = SignInAttempt.objects.filter(WRONG, email=user.email.casefold(), at__gt=at - WINDOW)
    failed.update(counts=False)


def is_waiting(user: User, *, at: datetime) -> bool:
    """Whether somebody has to wait before the next try, from some address or from all."""
    failed = SignInAttempt.objects.filter(email=user.email.casefold(), counts=True, at__gt=at - WINDOW)
    pairs = Counter(failed.filter(WRONG).values_list("network", flat=True))
    wrong = SignInAttempt.objects.filter(user=user, outcome=Outcome.WRONG_CODE, counts=True, at__gt=at - DAY)
    codes = [each > at - WINDOW for each in wrong.values_list("at", flat=True)]
    return (
        max(pairs.values(), default=0) >= TRIES_PER_PAIR
        or pairs.total() >= TRIES_PER_EMAIL
        or sum(codes) >= TRIES_PER_CODE
        or len(codes) >= CODES_PER_DAY
    )


def tries_left(attempt: SignInAttempt, *, at: datetime) -> int:
    """How many tries this e-mail has left from this address after a wrong password."""
    return max(0, TRIES_PER_PAIR - len(_failures_of_pair(attempt, at)))


def sweep_tries(*, at: datetime) -> int:
    """Forget tries that are too old to matter."""
    removed, _ = SignInAttempt.objects.filter(at__lt=at - KEPT).delete()
    return removed


def _keep(*, email: str, address: str, agent: str, **values: Any) -> SignInAttempt:
    return SignInAttempt.objects.create(
        email=email.casefold()[:254], address=address[:LONGEST], network=network_of(address), agent=agent[:80],
        succeeded=False, **values,
    )  # fmt: skip


def _refuse_try(attempt: SignInAttempt, at: datetime) -> None:
    # A try that was refused unseen must not make the wait longer; the log tells of the first one only.
    told = SignInAttempt.objects.filter(
        email=attempt.email, network=attempt.network, outcome=Outcome.TOO_MANY, at__gt=at - WINDOW
    )
    if told.exists():
        attempt.delete()
    else:
        SignInAttempt.objects.filter(pk=attempt.pk).update(counts=False, outcome=Outcome.TOO_MANY)


def _wait(attempt: SignInAttempt, at: datetime) -> timedelta | None:
    """How long until the next try, or None when this one may go on."""
    failed = SignInAttempt.objects.filter(WRONG, at__gt=at - WINDOW, pk__lt=attempt.pk).order_by("at", "pk")
    pair = [t for t in _failures_of_pair(attempt, at) if t.pk < attempt.pk]
    waits = []
    for tries, allowed in (
        (pair, TRIES_PER_PAIR),
        (list(failed.filter(email=attempt.email)[: 2 * TRIES_PER_EMAIL]), TRIES_PER_EMAIL),
        (list(failed.filter(network=attempt.network)[: 2 * TRIES_PER_ADDRESS]), TRIES_PER_ADDRESS),
    ):
        if len(tries) >= allowed:
            waits.append(tries[len(tries) - allowed].at + WINDOW - at)
    return max(waits) if waits else None


def _failures_of_pair(attempt: SignInAttempt, at: datetime) -> list[SignInAttempt]:
    pair = SignInAttempt.objects.filter(email=attempt.email, network=attempt.network, at__gt=at - WINDOW)
    last_success = pair.filter(succeeded=True).order_by("-pk").values_list("pk", flat=True).first() or 0
    return list(pair.filter(WRONG, pk__gt=last_success).order_by("at", "pk"))
