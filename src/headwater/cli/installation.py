"""Opening the installation a command works on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from headwater.config.home import Home
    from headwater.platform.actor import Actor

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def the_home() -> Home:
    """The data folder this command was given."""
    from headwater.config.home import current_home

    return current_home()


@contextmanager
def opened(_chosen: Any = None) -> Iterator[Actor]:
    """The installation, ready to be worked on, and who works: whoever may use the data folder may do everything.

    Raises:
        DomainError: there is none, or it cannot be used now.
    """
    from headwater.config.lifecycle import open_home

    lock = open_home(the_home())
    try:
        from headwater.platform.actor import job_actor

        yield job_actor("command line")
    finally:
        lock.release()


def json_option(parser: argparse.ArgumentParser) -> None:
    """The option ``--json`` of everything that prints data."""
    parser.add_argument("--json", action="store_true", help="print JSON (its shape: docs/cli.md)")
