"""What other currencies are worth in the company's, day by day: entered, brought in from a file, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import ngettext

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.money import CURRENCIES
from headwater.platform.rates import Quote, rounded
from headwater.platform.translated import gettext as _
from headwater.platform.translated import grouped
from headwater.platform.undo import undoes
from headwater.team.events import RatesRemoved, RatesSet
from headwater.team.models import Company, ExchangeRate

RIGHT = "team.rate.change"
YEARS = range(1900, 2101)
MOST = 400_000  # the whole history of the European Central Bank, and some
MOST_REPLACED = 2_000
CHUNK = 2_000


@action
def set_rates(*, quotes: Sequence[Quote], source: str, by: Actor, at: datetime) -> Event | None:
    """Say what currencies were worth on days; what was said of the same day before is replaced.

    None if all of it was known already.

    Raises:
        Invalid: a currency, day or rate that cannot be, or more than can be kept or replaced at once.
    """
    by.require(RIGHT)
    company, _made = Company.objects.select_for_update().get_or_create(pk=1, defaults={"name": ""})
    wanted = _checked(quotes, own=company.currency, source=source)
    there = _known(wanted)
    new = [quote for key, quote in wanted.items() if key not in there]
    other = [quote for key, quote in wanted.items() if key in there and there[key].rate != quote.rate]
    if len(other) > MOST_REPLACED:
        raise Invalid({"file": [_("That replaces too many rates at once. Remove the currencies first.")]})
    if not new and not other:
        return None
    before = {_key(quote): str(there[quote.currency, quote.day].rate) for quote in other}
    for quote in other:
        ExchangeRate.objects.filter(currency=quote.currency, day=quote.day).update(
            rate=quote.rate, source=source, added_at=at
        )
    rows = [ExchangeRate(currency=q.currency, day=q.day, rate=q.rate, source=source, added_at=at) for q in new]
    ExchangeRate.objects.bulk_create(rows, batch_size=CHUNK)
    fact = RatesSet(company_id=1, said=_said([*new, *other]), count=len(new) + len(other), before=before)
    return record(fact, by=by, at=at)


@action
def remove_rates(*, currency: str, day: date | None = None, by: Actor, at: datetime) -> Event:
    """Forget the rates of a currency, or the one of a day: amounts of days that no rate is left for are not known.

    Raises:
        NotFound: there are none.
    """
    by.require(RIGHT)
    rows = ExchangeRate.objects.filter(currency=currency, **({"day": day} if day is not None else {}))
    quotes = [Quote(currency, *found) for found in rows.order_by("day").values_list("day", "rate")]
    if not quotes:
        raise NotFound()
    rows.delete()
    kept = {_key(quote): str(quote.rate) for quote in quotes} if len(quotes) <= MOST_REPLACED else {}
    fact = RatesRemoved(company_id=1, said=_said(quotes), count=len(quotes), rates=kept)
    return record(fact, by=by, at=at)


@undoes(RatesSet)
@action
def take_back_setting(fact: RatesSet, *, event: Event, by: Actor, at: datetime) -> None:
    """Forget the rates that were set, and put back those they replaced; what was set anew since stays."""
    by.require(RIGHT)
    rows = ExchangeRate.objects.filter(added_at=event.occurred_at)
    for key, rate in fact.before.items():
        currency, day = key.split()
        rows.filter(currency=currency, day=date.fromisoformat(day)).update(rate=Decimal(rate), added_at=at)
    rows.delete()
    record(RatesRemoved(company_id=1, said=fact.said, count=fact.count, rates={}), by=by, at=at)


@undoes(RatesRemoved)
@action
def take_back_removing(fact: RatesRemoved, *, event: Event, by: Actor, at: datetime) -> None:
    """Bring back the rates that were removed; those set anew since stay as they are.

    Raises:
        Invalid: there were too many to be kept; bring the file in again.
    """
    by.require(RIGHT)
    if len(fact.rates) != fact.count:
        raise Invalid({"currency": [_("There were too many. Bring the file in again.")]})
    keyed = [(*key.split(), rate) for key, rate in fact.rates.items()]
    quotes = [Quote(code, date.fromisoformat(day), Decimal(rate)) for code, day, rate in keyed]
    there = _known({(quote.currency, quote.day): quote for quote in quotes})
    set_rates(
        quotes=[quote for quote in quotes if (quote.currency, quote.day) not in there], source=_("undone removal"),
        by=by, at=at,
    )  # fmt: skip


def _checked(quotes: Sequence[Quote], *, own: str, source: str) -> dict[tuple[str, date], Quote]:
    if not 0 < len(quotes) <= MOST:
        raise Invalid({"file": [_("Between 1 and %(most)s rates can be set at once.") % {"most": grouped(MOST)}]})
    if len(source) > 120:
        raise Invalid({"source": [_("Say where it is from in 120 letters at most.")]})
    found: dict[tuple[str, date], Quote] = {}
    for quote in quotes:
        if quote.currency not in CURRENCIES or quote.currency == own:
            raise Invalid({"currency": [_("Choose a currency other than %(own)s.") % {"own": own}]})
        if quote.day.year not in YEARS:
            raise Invalid({"day": [_("Check the year.")]})
        try:
            rate = rounded(quote.rate)
        except ValueError as error:
            raise Invalid({"rate": [_("A rate is above zero and below a thousand million.")]}) from error
        found[quote.currency, quote.day] = Quote(quote.currency, quote.day, rate)
    return found


def _known(wanted: Mapping[tuple[str, date], Quote]) -> dict[tuple[str, date], ExchangeRate]:
    if not wanted:
        return {}
    days = [day for _currency, day in wanted]
    rows = ExchangeRate.objects.filter(
        currency__in={currency for currency, _day in wanted}, day__gte=min(days), day__lte=max(days)
    )
    return {(row.currency, row.day): row for row in rows.iterator()}


def _key(quote: Quote) -> str:
    return f"{quote.currency} {quote.day.isoformat()}"


def _said(quotes: Sequence[Quote]) -> str:
    if len(quotes) == 1:
        return f"{quotes[0].currency}, {quotes[0].day.isoformat()}: {quotes[0].rate.normalize():f}"
    return ngettext("%(count)s rate", "%(count)s rates", len(quotes)) % {"count": grouped(len(quotes))}
