"""Commands about exchange rates: rates list, rates add, rates import."""

from __future__ import annotations

import argparse
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.cli.console import print_json, print_table
from headwater.cli.installation import Commands, json_option, opened

if TYPE_CHECKING:
    from headwater.platform.models import Event

SHOWN = 100


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    rates = commands.add_parser("rates", help="what other currencies are worth in the company's, day by day")
    actions = rates.add_subparsers(metavar="ACTION", required=True)

    shown = actions.add_parser("list", parents=[common], help="print rates, the newest day first")
    shown.add_argument("--currency", default="", metavar="CODE", help="of one currency only, such as USD")
    shown.add_argument("--limit", type=int, default=SHOWN, metavar="N", help=f"how many at most ({SHOWN})")
    json_option(shown)
    shown.set_defaults(run=run_list)

    added = actions.add_parser("add", parents=[common], help="say what one unit of a currency was worth on a day")
    added.add_argument("currency", metavar="CODE", help="such as USD")
    added.add_argument("day", metavar="DAY", type=date.fromisoformat, help="such as 2026-12-31")
    added.add_argument("rate", metavar="RATE", type=_rate, help="such as 0.94858661")
    json_option(added)
    added.set_defaults(run=run_add)

    brought = actions.add_parser("import", parents=[common], help="bring in a CSV file of rates")
    brought.add_argument("file", metavar="FILE", type=Path, help="the European Central Bank's, or currency,date,rate")
    json_option(brought)
    brought.set_defaults(run=run_import)


def run_list(chosen: argparse.Namespace) -> int:
    """Print the newest rates."""
    with opened():
        from headwater.team.queries.rates import newest_rates

        rows = [
            {"currency": row.currency, "day": row.day.isoformat(), "rate": f"{row.rate:f}", "source": row.source}
            for row in newest_rates(chosen.currency.upper())[: max(chosen.limit, 0)]
        ]
    if chosen.json:
        print_json(rows)
    else:
        print_table(rows, ("day", "currency", "rate", "source"))
    return 0


def run_add(chosen: argparse.Namespace) -> int:
    """Say what a currency was worth; a rate of the same day is replaced."""
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.platform.rates import Quote
        from headwater.team.actions.rates import set_rates

        quote = Quote(chosen.currency.upper(), chosen.day, chosen.rate)
        event = set_rates(quotes=[quote], source="command line", by=actor, at=now())
    return _told(chosen, event)


def run_import(chosen: argparse.Namespace) -> int:
    """Bring in a file; all of it, or with a line that is wrong nothing of it."""
    from headwater.platform.errors import DomainError
    from headwater.platform.rates import UnreadableRates, read_rates

    try:
        text = chosen.file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError(f"{chosen.file} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team.actions.rates import set_rates
        from headwater.team.queries import company

        try:
            quotes = read_rates(text, own=company().currency)
        except UnreadableRates as problem:
            raise DomainError(str(problem)) from problem
        event = set_rates(quotes=quotes, source=chosen.file.name, by=actor, at=now())
    return _told(chosen, event)


def _told(chosen: argparse.Namespace, event: Event | None) -> int:
    count = event.data["count"] if event is not None else 0
    if chosen.json:
        print_json({"count": count})
    elif event is None:
        print("All of it was known already.")
    else:
        print(f"{count:,} set: {event.data['said']}.")
    return 0


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError("a rate is a decimal number, such as 0.94858661") from error
