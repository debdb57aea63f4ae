"""The command ``headwater``: names, options and exit codes that scripts depend on (see ``docs/cli.md``)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from headwater import __version__
from headwater.cli import accounts, data, mail, rates, report, serve, upkeep
from headwater.platform.errors import DomainError

DONE, REFUSED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done (also with rejected rows), 1 refused with one sentence, 2 not understood."""
    try:
        chosen = _parser().parse_args(arguments)
    except SystemExit as leaving:  # argparse has said why
        return leaving.code if isinstance(leaving.code, int) else USAGE
    if chosen.home:
        os.environ["HEADWATER_HOME"] = chosen.home
    try:
        code = chosen.run(chosen)
        sys.stdout.flush()
    except DomainError as refusal:
        return _refuse(refusal.text)
    except KeyboardInterrupt:
        return _refuse("Stopped.")
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough; nothing may be flushed into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if _is_database_trouble(error):
            return _refuse(f"The database cannot be used ({_first_line(error)}). “headwater doctor” says more.")
        raise
    return int(code or DONE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headwater",
        description="Know where every sale comes from, and lead every customer to the next one.",
        epilog="Exit codes: 0 done, 1 refused, 2 not understood. More: headwater COMMAND --help",
    )
    home = "the data folder; without it HEADWATER_HOME, or the user's data directory"
    parser.add_argument("--home", metavar="DIR", default="", help=home)
    parser.add_argument("--version", action="version", version=f"headwater {__version__}")
    # The same option after the command must not undo the one before it, hence no default there.
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=home)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (serve, data, report, accounts, mail, rates, upkeep):
        module.add_commands(commands, everywhere)
    return parser


def _refuse(sentence: str) -> int:
    print(f"headwater: {sentence}", file=sys.stderr)
    return REFUSED


def _is_database_trouble(error: Exception) -> bool:
    return any(f"{cls.__module__}.{cls.__qualname__}" == "django.db.utils.Error" for cls in type(error).__mro__) or any(
        cls.__module__ == "django.db.utils" for cls in type(error).__mro__
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
