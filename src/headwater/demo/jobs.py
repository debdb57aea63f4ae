"""Loading the demo company in the background, asked for on the first run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.platform.clock import now
from headwater.platform.job import JobRun, job


@job("demo.load")
def load(run: JobRun) -> Mapping[str, Any]:
    """Load the demo company; started again after a crash, it begins anew."""
    from headwater.demo.load import load_demo  # three years of words and rules that nothing else needs

    def say(done: int, total: int, message: str) -> None:
        run.report(done=done, total=total, message=message)

    return load_demo(at=now(), on_progress=say)
