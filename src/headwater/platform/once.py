"""Doing what a program asks for once, however often it asks: a key names the request, the answer is kept with it.

A program that loses the connection cannot know whether its request was carried out. It sends the request again with the
same key, and gets the answer of the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import DomainError, Invalid
from headwater.platform.models import Answer
from headwater.platform.schedule import every
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.turns import take_turns

LONGEST_KEY = 200
KEPT = timedelta(days=1)


class KeyUsed(DomainError):
    """The key belongs to another request."""

    code, status = "key_used", 422
    message = lazy("This key was sent with another request before. Every new request needs a new key.")


@dataclass(frozen=True)
class Answered:
    """What a request came to, and whether that was now or before."""

    status: int
    headers: Mapping[str, str]
    body: str
    is_repeated: bool = False


@action
def once(*, key: str, request: str, by: Actor, at: datetime, step: Callable[[], Answered]) -> Answered:
    """Carry out ``step`` and keep its answer, or give the answer kept under ``key``; both or neither.

    ``request`` is a digest of what is asked for. A refusal keeps nothing, so that the corrected request may have the
    same key. Two who send one key at the same moment take turns.

    Raises:
        Invalid: the key is too long, or holds other than visible letters.
        KeyUsed: the key belongs to another request.
    """
    require_key(key)
    take_turns("answer", [f"{by.ref} {key}"])
    Answer.objects.filter(caller=by.ref, key=key, at__lt=at - KEPT).delete()
    kept = Answer.objects.filter(caller=by.ref, key=key).first()
    if kept is not None:
        if kept.request != request:
            raise KeyUsed()
        return Answered(kept.status, kept.headers, kept.body, is_repeated=True)
    made = step()
    Answer.objects.create(
        caller=by.ref, key=key, request=request, status=made.status, headers=made.headers, body=made.body, at=at
    )
    return made


def require_key(key: str) -> None:
    """Refuse what cannot be a key.

    Raises:
        Invalid: it is too long, or holds other than visible letters.
    """
    if not 0 < len(key) <= LONGEST_KEY or not all("!" <= letter <= "~" for letter in key):
        raise Invalid(
            {
                "Idempotency-Key": [
                    _("A key has 1 to {longest_key} visible ASCII letters.").format(longest_key=LONGEST_KEY)
                ]
            }
        )


@every(timedelta(hours=1), "platform.answers")
def forget_answers(at: datetime) -> None:
    """Answers to requests that programs repeat are kept for a day: they hold what records say, personal data too."""
    Answer.objects.filter(at__lt=at - KEPT).delete()
