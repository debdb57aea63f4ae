"""What amounts in several currencies come to in the company's own, each at the rate of its day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import ngettext

from headwater.platform.clock import now
from headwater.platform.column import Column
from headwater.platform.installation import installation, rates_into
from headwater.platform.rates import Converted, total
from headwater.platform.resource import Resource, Rows
from headwater.web import format as words
from headwater.web.notation import counted, here


def worth_of(column: Column, resource: Resource, rows: Rows) -> Converted:
    """What a column of a list comes to in the company's currency, besides what is in it."""
    company, currency = installation(), resource.by_key["currency"].orm_path
    paths = [column.orm_path, currency, *([column.rated_on] if column.rated_on else [])]
    known = rows.order_by().exclude(**{f"{column.orm_path}__isnull": True})
    foreign = list(known.exclude(**{f"{currency}__in": [company.currency, ""]}).values_list(*paths))
    rates = rates_into(company.currency, {code for _amount, code, *_day in foreign})
    today = now().astimezone(company.zone).date()
    return total(rates, ((amount, code, _day(found, today)) for amount, code, *found in foreign))


def worth_in_words(found: Converted, own: Decimal) -> str:
    """≈ €1,234, and how many amounts it leaves out; ``own`` is what there is in the company's currency."""
    said = f"≈ {words.money(own + found.amount, installation().currency, here())}"
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
    day = _day([value] if column.rated_on else [], now().astimezone(company.zone).date())
    worth = rates.convert(amount, currency, day)
    return "" if worth is None else f"≈ {words.money(worth, company.currency, here())}"


def _day(found: list[Any], today: date) -> date:
    """The day whose rate holds: the company's calendar decides, so that everybody sees the same amount."""
    if not found or found[0] is None:
        return today
    return found[0].astimezone(installation().zone).date() if isinstance(found[0], datetime) else found[0]
