"""How much one caller may ask for: a number of requests a minute, told with every answer.

Counted in the memory of the web process. Where several serve (PostgreSQL), each counts those that it gets.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from headwater.api.problems import problem

WINDOW_SECONDS: Final = 60


class _Window:
    """Who asked how often in this minute; the next minute begins with nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number, self._asked = -1, Counter[str]()

    def ask(self, caller: str) -> tuple[int, int]:
        """How often the caller has asked by now, this time included, and the seconds until the next minute."""
        now = time.time()
        number = int(now // WINDOW_SECONDS)
        with self._lock:
            if number != self._number:
                self._number, self._asked = number, Counter()
            self._asked[caller] += 1
            return self._asked[caller], max(1, round((number + 1) * WINDOW_SECONDS - now))


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
    return f"address:{request.META.get('REMOTE_ADDR', '')}"
