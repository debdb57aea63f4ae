"""What was counted lately: the same question to the same mirror is answered from memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from headwater.measure.queries import PageData

T = TypeVar("T")


class Recent(Generic[T]):
    """The last few answers of this process by their question; the oldest makes room for the newest."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, question: Hashable, count: Callable[[], T]) -> T:
        """The answer, counted now if nobody asked lately. Two at once may both count; that harms nothing."""
        with self._lock:
            if question in self._found:
                self._found.move_to_end(question)
                return self._found[question]
        answer = count()
        with self._lock:
            self._found[question] = answer
            while len(self._found) > self._size:
                self._found.popitem(last=False)
        return answer

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()


PAGES: Recent[PageData] = Recent(16)
