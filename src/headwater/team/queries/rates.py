"""What amounts in other currencies are worth in the company's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Max, Min, QuerySet

from headwater.platform.rates import Quote, Rates
from headwater.team.models import ExchangeRate


@dataclass(frozen=True)
class Known:
    """What is known of a currency: its newest rate and the days there are rates for."""

    currency: str
    rate: Decimal
    source: str
    first: date
    last: date
    count: int


def rates_of(own: str, currencies: Iterable[str]) -> Rates:
    """The rates of these currencies into the company's own. One query, none if there is nothing to ask."""
    wanted = {currency for currency in currencies if currency and currency != own}
    if not wanted:
        return Rates.of(own, ())
    rows = ExchangeRate.objects.filter(currency__in=wanted).values_list("currency", "day", "rate")
    return Rates.of(own, (Quote(*row) for row in rows.iterator()))


def known_currencies() -> list[Known]:
    """The currencies that have rates. Two queries."""
    spans = ExchangeRate.objects.values("currency").annotate(first=Min("day"), last=Max("day"), count=Count("pk"))
    found = {row["currency"]: row for row in spans.order_by("currency")}
    newest = {
        row.currency: row
        for row in ExchangeRate.objects.filter(day__in={row["last"] for row in found.values()}).order_by("day")
    }
    return [
        Known(code, newest[code].rate, newest[code].source, row["first"], row["last"], row["count"])
        for code, row in found.items()
    ]


def rates_on_record(currency: str) -> QuerySet[ExchangeRate]:
    """The rates of one currency, newest day first."""
    return ExchangeRate.objects.filter(currency=currency).order_by("-day")


def newest_rates(currency: str = "") -> QuerySet[ExchangeRate]:
    """All rates, or those of one currency, newest day first."""
    rows = ExchangeRate.objects.order_by("-day", "currency")
    return rows.filter(currency=currency) if currency else rows
