"""The demo company in the background: loaded when the first run asks for it, removed when Settings do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.platform.clock import now
from headwater.platform.installation import actor_by_ref
from headwater.platform.job import JobRun, job
from headwater.platform.phrases import phrase


@job("demo.load")
def load(run: JobRun) -> Mapping[str, Any]:
    """Load the demo company; started again after a crash, it begins anew."""
    from headwater.demo.load import load_demo  # three years of words and rules that nothing else needs

    def say(done: int, total: int, message: str) -> None:
        run.report(done=done, total=total, message=phrase(message) if message else "")

    return load_demo(at=now(), on_progress=say)


@job("demo.remove")
def remove(run: JobRun) -> Mapping[str, Any]:
    """Take the demo company off; started again after a crash, it goes on where it was."""
    from headwater.demo.remove import can_remove_demo, remove_demo

    def say(done: int, total: int, message: str) -> None:
        run.report(done=done, total=total, message=phrase(message) if message else "")

    if not can_remove_demo():  # a process that died at the very end
        return {}
    return remove_demo(by=actor_by_ref(run.args["by"]), at=now(), on_progress=say).as_json()
