"""What amounts in several currencies come to in the company's own, each at the rate of its day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale
from django.db.models import Value
from django.utils.translation import ngettext

from headwater.platform.clock import now
from headwater.platform.column import Column
from headwater.platform.installation import installation, rates_into
from headwater.platform.rates import Converted, rated_day, total
from headwater.platform.resource import Resource, Rows
from headwater.web import format as words
from headwater.web.notation import counted, here

Written = Callable[[Decimal, str, Locale], str]


def worth_of(column: Column, resource: Resource, parts: Sequence[Rows]) -> list[Converted]:
    """What a column of each part of a list comes to in the company's currency, besides what is in it. Two queries."""
    company, currency = installation(), resource.by_key["currency"].orm_path
    paths = [column.orm_path, currency, *([column.rated_on] if column.rated_on else [])]
    asked = [
        rows.order_by()
        .exclude(**{f"{column.orm_path}__isnull": True})
        .exclude(**{f"{currency}__in": [company.currency, ""]})
        .annotate(worth_part=Value(at))
        .values_list("worth_part", *paths)
        for at, rows in enumerate(parts)
    ]
    foreign = list(asked[0].union(*asked[1:], all=True)) if asked else []
    rates = rates_into(company.currency, {code for _part, _amount, code, *_day in foreign})
    today = now().astimezone(company.zone).date()
    found: list[list[tuple[Decimal, str, date]]] = [[] for _rows in parts]
    for part, amount, code, *moment in foreign:
        found[part].append((amount, code, rated_day(moment[0] if moment else None, company.zone, today)))
    return [total(rates, rows) for rows in found]


def worth_in_words(found: Converted, own: Decimal, written: Written = words.money) -> str:
    """≈ €1,234, and how many amounts it leaves out; ``own`` is what there is in the company's currency."""
    said = f"≈ {written(own + found.amount, installation().currency, here())}"
    if not found.unknown:
        return said
    left = ngettext(
        "without %(count)s amount of no known rate", "without %(count)s amounts of no known rate", found.unknown
    )
    return f"{said} ({left % {'count': counted(found.unknown)}})"


def worth_of_row(row: Any, column: Column, amount: Decimal, currency: str) -> str:
    """≈ €1,234 beside one amount in another currency; empty if its rate is not known."""
    company = installation()
    rates = rates_into(company.currency, [currency])
    value: Any = row
    for part in column.rated_on.split("__") if column.rated_on else ():
        value = getattr(value, part, None)
    day = rated_day(value if column.rated_on else None, company.zone, now().astimezone(company.zone).date())
    worth = rates.convert(amount, currency, day)
    return "" if worth is None else f"≈ {words.money(worth, company.currency, here())}"
