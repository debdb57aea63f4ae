"""Children of ``headwater up`` do not outlive it, however it ended."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

LOOK_EVERY = 0.5


def when_orphaned(act: Callable[[], None], *, parent: int) -> None:
    """Call ``act`` once the process ``parent`` that started this one is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        act()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
