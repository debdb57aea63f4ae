"""Amounts on their way into the mirror: those in other currencies become what they are worth in the company's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from headwater.platform.rates import Rates, rated_day
from headwater.team import queries as team_queries
from headwater.team.queries.rates import rates_of

if TYPE_CHECKING:
    from headwater.measure.extract import Mirrored

Row = Sequence[Any]


def in_own_currency(table: Mirrored, rows: Sequence[Row], *, at: datetime) -> Sequence[Row]:
    """The rows with their money in the company's currency, each at the rate of its day as the company counts days.

    What has no known rate stays as it is: reports count it and leave it out of sums. Asks for rates only if there is
    money in another currency.
    """
    if not table.rated_on:
        return rows
    names = [name for name, _kind, _sql in table.columns]
    code = names.index("currency")
    company = team_queries.company()
    foreign = {row[code] for row in rows} - {"", company.currency}
    if not foreign:
        return rows
    rates = rates_of(company.currency, foreign)
    money = [place for place, (_name, kind, _sql) in enumerate(table.columns) if kind.startswith("DECIMAL")]
    dated = names.index(table.rated_on)

    return [
        _worth(row, code, money, _day(row[dated], company.zone, at), rates) if row[code] in foreign else row
        for row in rows
    ]


def _worth(row: Row, code: int, money: Sequence[int], day: date, rates: Rates) -> Row:
    if rates.rate(row[code], day) is None:
        return row
    found = list(row)
    for place in money:
        if row[place] is not None:
            found[place] = str(rates.convert(Decimal(row[place]), row[code], day))
    found[code] = rates.own
    return found


def _day(text: str | None, zone: ZoneInfo, at: datetime) -> date:
    """The day whose rate holds for a moment or day as the database writes it; without one, that of ``at``."""
    moment: datetime | date | None = None
    if text is not None:
        is_day = len(text) == len("2026-01-31")
        moment = date.fromisoformat(text) if is_day else datetime.fromisoformat(text).replace(tzinfo=UTC)
    return rated_day(moment, zone, at.astimezone(zone).date())
