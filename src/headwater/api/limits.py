"""How much one caller may ask for: a number of requests a minute, told with every answer.

Counted in memory that the web processes of one server have in common (ADR 0032).
"""

from __future__ import annotations

import mmap
import struct
import threading
import time
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from headwater.api.problems import problem
from headwater.platform.callers import address_of, network_of

WINDOW_SECONDS: Final = 60


class _Window:
    """Who asked how often in this minute; the next minute begins with nothing.

    A table of places that no process owns: those forked from the one that made it see the same. No process waits for
    another, since one that is killed would leave the rest waiting; of two that count the same caller within the same
    microsecond one may go uncounted.
    """

    PLACES = 8192
    LOOKED_AT = 16
    _PLACE = struct.Struct("<QII")  # the caller, the minute, how often

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places = mmap.mmap(-1, self.PLACES * self._PLACE.size)  # shared with forked processes

    def ask(self, caller: str) -> tuple[int, int]:
        """How often the caller has asked by now, this time included, and the seconds until the next minute."""
        now = time.time()
        number = int(now // WINDOW_SECONDS)
        who = int.from_bytes(blake2b(caller.encode(), digest_size=8).digest(), "little")
        with self._lock:
            at, owner, asked = self._place_of(who, number)
            self._PLACE.pack_into(self._places, at, owner, number, asked + 1)
        return asked + 1, max(1, round((number + 1) * WINDOW_SECONDS - now))

    def _place_of(self, who: int, minute: int) -> tuple[int, int, int]:
        """Where the caller is counted in this minute, under whose number, and how often by now.

        Where thousands ask within one minute some share a place and its count: more strict, never less.
        """
        free = None
        for step in range(self.LOOKED_AT):
            at = (who + step) % self.PLACES * self._PLACE.size
            owner, of, asked = self._PLACE.unpack_from(self._places, at)
            if of != minute:
                free = at if free is None else free
            elif owner == who:
                return at, who, asked
        return (at, owner, asked) if free is None else (free, who, 0)


_window = _Window()


def limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, refused (429) to callers who have asked too often; every answer says how much is left."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        most = settings.API_PER_MINUTE
        asked, seconds = _window.ask(_caller(request))
        if asked > most:
            words = _("More than {most} requests came within this minute. Go on in {seconds} seconds.").format(
                most=most, seconds=seconds
            )
            response = problem(request, 429, "too_many_requests", words)
            response["Retry-After"] = str(seconds)
        else:
            response = view(request, *args, **kwargs)
        response["RateLimit-Limit"] = str(most)
        response["RateLimit-Remaining"] = str(max(0, most - asked))
        response["RateLimit-Reset"] = str(seconds)
        return response

    return answered


def _caller(request: Any) -> str:
    """The token or person; the address of those who are neither, so that nobody guesses tokens at speed."""
    if request.actor.user_id is not None:
        return str(request.actor.ref)
    return f"address:{network_of(address_of(request))}"
