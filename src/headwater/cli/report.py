"""Commands that give numbers: report sources, report funnel."""

from __future__ import annotations

import argparse
from datetime import date

from headwater.cli.console import print_json, print_table
from headwater.cli.installation import Commands, json_option, opened

BY = ("channel", "source", "campaign", "month", "quarter")


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    report = commands.add_parser("report", help="numbers").add_subparsers(metavar="REPORT", required=True)

    sources = report.add_parser("sources", parents=[common], help="where our sales come from")
    sources.add_argument("--by", choices=BY, default="source", help="what a row is")
    sources.add_argument("--basis", choices=("arrived", "closed"), default="arrived", help="what a period means: "
                         "leads that arrived in it, or orders placed in it")  # fmt: skip
    sources.add_argument("--model", choices=("first", "last"), default="first", help="which touch gets the revenue")
    _period(sources)
    json_option(sources)
    sources.set_defaults(run=run_sources)

    funnel = report.add_parser("funnel", parents=[common], help="how far leads come, and how long it takes")
    _period(funnel)
    json_option(funnel)
    funnel.set_defaults(run=run_funnel)


def _period(parser: argparse.ArgumentParser) -> None:
    for name, dest, what in (
        ("--from", "start", "first day of the period; without it since ever"),
        ("--to", "end", "last day of the period; without it until now"),
        ("--as-of", "as_of", "the day whose state is shown; without it today"),
    ):
        parser.add_argument(name, dest=dest, type=_day, metavar="D", help=f"{what} (YYYY-MM-DD)")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is not a day; write it as 2026-03-31") from error


def run_sources(chosen: argparse.Namespace) -> int:
    """Where our sales come from, over all data, brought up to this moment first."""
    with opened() as actor:
        from headwater.measure import queries, schema
        from headwater.measure.rules.periods import Basis, By, ReportRequest
        from headwater.platform.clock import now

        request = ReportRequest(
            By(chosen.by), Basis(chosen.basis), chosen.model, chosen.start, chosen.end, chosen.as_of
        )
        report = schema.sources_json(queries.fresh_sources_report(actor, request, at=now()))
    if chosen.json:
        print_json(report)
        return 0
    rows = [*report["rows"], report["total"]]
    for row in rows:
        row["conversion"] = _range(row["conversion"])
        row["days to win"] = row["days_to_win"]["median"]
        row["return"] = row["return"]["value"]
    columns = ("label", "leads", "mql", "sql", "won", "revenue", "spend", "conversion", "days to win", "return")
    print_table(rows, columns)
    if foreign := report["total"]["orders_other_currency"]:
        print(f"{foreign:,} order{'s' * (foreign != 1)} in another currency: counted, but in no sum of money.")
    print(f"Money in {report['currency']}. Ranges hold the true value {report['level']:.0%} of the time.")
    return 0


def run_funnel(chosen: argparse.Namespace) -> int:
    """How far leads come."""
    with opened() as actor:
        from headwater.measure import queries, schema
        from headwater.measure.rules.periods import ReportRequest
        from headwater.platform.clock import now

        request = ReportRequest(from_=chosen.start, to=chosen.end, as_of=chosen.as_of)
        report = schema.funnel_json(queries.fresh_funnel_report(actor, request, at=now()))
    if chosen.json:
        print_json(report)
    else:
        print_table(report["steps"], ("label", "leads", "pass_rate", "median_days"))
    return 0


def _range(share: dict[str, float | None]) -> str:
    if share["share"] is None:
        return "-"
    ends = f" ({share['low']:.1%} to {share['high']:.1%})" if share["low"] is not None else ""
    return f"{share['share']:.1%}{ends}"
