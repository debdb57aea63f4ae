"""An end to talking with another server: one that says a letter now and then would keep us for ever."""

from __future__ import annotations

import socket
import threading
from typing import Self


class Deadline:
    """After some seconds the connection that is watched breaks, whatever is being done with it, and none begins."""

    def __init__(self, seconds: float) -> None:
        self._over, self._lock = threading.Event(), threading.Lock()
        self._handle: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._handle is not None:
                self._handle.close()

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._over.is_set()

    def watch(self, sock: socket.socket) -> socket.socket:
        """The connection, which breaks when the time is up.

        Raises:
            TimeoutError: it is up already: a name can take long to be looked up.
        """
        with self._lock:
            # A second handle: TLS takes the first one over, and its beginning could not be ended.
            self._handle = sock.dup()
        if self.is_over:
            sock.close()
            raise TimeoutError
        return sock

    def _end(self) -> None:
        self._over.set()
        with self._lock:
            if self._handle is not None:
                try:
                    self._handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return
