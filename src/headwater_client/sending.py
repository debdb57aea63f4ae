"""How a request goes out: one connection a thread, tried again where that is safe."""

from __future__ import annotations

import http.client
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

from headwater_client.errors import Unreachable

TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LONGEST_WAIT: Final = 120.0  # that a server may ask for


@dataclass(frozen=True)
class Asked:
    """A request: ``path`` begins with ``/api/v1`` and holds the query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What came back; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Brings a request to Headwater and the answer back.

    Raises:
        OSError: no answer came.
    """

    def __call__(self, asked: Asked) -> Answer: ...


class Http:
    """Over the network, with a connection for each thread that stays open."""

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address such as https://crm.example")
        self._host, self._port, self._is_secure = parts.hostname, parts.port, parts.scheme == "https"
        self._before, self._timeout, self._kept = parts.path.rstrip("/"), timeout, threading.local()

    def __call__(self, asked: Asked) -> Answer:
        """Send it, on the open connection if there is one."""
        connection = getattr(self._kept, "connection", None) or self._connect()
        self._kept.connection = None
        try:
            connection.request(asked.method, self._before + asked.path, body=asked.body, headers=dict(asked.headers))
            answer = connection.getresponse()
            found = Answer(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
        except http.client.HTTPException as error:
            connection.close()
            raise ConnectionError(str(error) or type(error).__name__) from error
        except OSError:
            connection.close()
            raise
        self._kept.connection = connection
        return found

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)


def persistently(
    transport: Transport, asked: Asked, *, attempts: int, key: str | None, sleep: Callable[[float], None] = time.sleep
) -> Answer:
    """The answer to a request that may be sent several times: it reads, or has an idempotency key.

    Where Headwater says when to go on (``Retry-After``), that is when; else after growing pauses.

    Raises:
        Unreachable: no answer came.
    """
    for attempt in range(1, attempts + 1):
        try:
            answer = transport(asked)
        except OSError as error:
            if attempt == attempts:
                raise Unreachable(str(error), key=key) from error
            sleep(_pause(attempt))
            continue
        if answer.status not in TRY_AGAIN or attempt == attempts:
            return answer
        sleep(_told(answer) or _pause(attempt))
    raise AssertionError("the last attempt answers or raises")


def _told(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdecimal() else None


def _pause(attempt: int) -> float:
    """Longer each time, and not the same for all who were refused at the same moment."""
    longest = min(FIRST_PAUSE * 2.0 ** (attempt - 1), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  (no secret)
