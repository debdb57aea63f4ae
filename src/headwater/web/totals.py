"""How many rows a list has and what its amounts come to: asked for when the list is there, and counted to a limit.

The list itself never counts, so that it is there at once however many rows match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from headwater.platform.column import Column
from headwater.platform.lists.totals import Sums, Total, summed_columns, totals_of
from headwater.platform.paging import COUNT_LIMIT, Page, in_order
from headwater.platform.resource import Resource, Rows
from headwater.platform.translated import inside
from headwater.web import format as words
from headwater.web.http import Request
from headwater.web.layout import shown_columns
from headwater.web.liststate import ListState, address
from headwater.web.notation import counted, here
from headwater.web.worth import Written, worth_in_words, worth_of

LONGEST_SHOWN = 3  # digits


@dataclass(frozen=True)
class Sum:
    """What the amounts of a column come to, currency by currency."""

    column: Column
    words: str


def totals_context(request: Request, state: ListState) -> dict[str, Any]:
    """The total of a list in words: its rows, all of them counted if the address says ``exact``, and its amounts."""
    is_exact = counts_exactly(request)
    told = request.GET.get("shown", "")
    shown = int(told) if told.isascii() and told.isdecimal() and len(told) <= LONGEST_SHOWN else None
    count = state.count_all(request) if is_exact else state.count(request)
    is_more = count > COUNT_LIMIT
    columns = summed_columns(shown_columns(state))
    sums: list[Sum] = []
    if columns and count:
        rows = state.rows(request)
        looked_at = in_order(rows, state.resource, sort=state.order) if is_more else rows.order_by()
        [total] = totals_of([looked_at], state.resource, columns, limit=COUNT_LIMIT)
        if is_more:
            sums = sums_in_words(request, columns, total.sums)
        else:
            [sums] = sums_of_each(request, state.resource, columns, [rows], [total])
    return {
        "counted": True,
        "summed": columns,
        "is_whole": count == shown,
        "summary": summary(state.resource, shown, count, is_exact=is_exact),
        "matching": counted(count) if is_exact else spoken_count(count),
        "exact_url": totals_url(state, shown=str(shown or ""), exact="1") if is_more and not is_exact else "",
        "sums": sums,
        "sums_of_first": counted(COUNT_LIMIT) if is_more else "",
    }


def counts_exactly(request: Request) -> bool:
    """Whether the reader wants every row counted."""
    return bool(request.GET.get("exact"))


def sums_of_each(
    request: Request,
    resource: Resource,
    columns: list[Column],
    parts: Sequence[Rows],
    totals: Sequence[Total],
    *,
    written: Written = words.money,
) -> list[list[Sum]]:
    """The sums of each part in words, amounts as they are ``written``, and what all of it is worth in the company's
    currency where some is in another and has a rate. Nothing is asked of parts in the company's currency alone; parts
    that are too many have no sums."""
    own = request.company.currency
    totals = [total if total.count <= COUNT_LIMIT else Total() for total in totals]
    worths: dict[tuple[int, str], str] = {}
    for column in columns:
        mixed = [at for at, total in enumerate(totals) if set(total.sums.get(column.key, ())) - {own, ""}]
        for at, found in zip(mixed, worth_of(column, resource, [parts[at] for at in mixed]), strict=True):
            by_currency = totals[at].sums[column.key]
            ours = by_currency.get(own, Decimal(0)) + by_currency.get("", Decimal(0))
            if found.known:
                worths[at, column.key] = f" {worth_in_words(found, ours, written)}"
    return [
        [replace(each, words=each.words + worths.get((at, each.column.key), "")) for each in said]
        for at, said in enumerate(sums_in_words(request, columns, total.sums, written) for total in totals)
    ]


def awaited(state: ListState, page: Page | None, columns_shown: list[Column]) -> dict[str, Any]:
    """What stands in the place of the total until it is there; a list on one page without amounts has it at once."""
    columns = summed_columns(columns_shown)
    shown = len(page.rows) if page is not None else 0
    is_whole = page is not None and page.next is None and page.previous is None
    nouns = inside(state.resource.label_plural)
    told = {"shown": counted(shown), "nouns": nouns}
    return {
        "summed": columns,
        "is_whole": is_whole,
        "summary": (
            summary(state.resource, shown, shown, is_exact=True)
            if is_whole
            else _("%(shown)s %(nouns)s on this page") % told
            if page is not None
            else nouns
        ),
        "totals_url": totals_url(state, shown=str(shown or "")) if columns or not is_whole else "",
    }


def totals_url(state: ListState, **besides: str) -> str:
    """Where the total of a list comes from."""
    return address(f"{state.path}/totals", {**state.params(), **{k: v for k, v in besides.items() if v}})


def summary(resource: Resource, shown: int | None, total: int, *, is_exact: bool = False) -> str:
    """How many rows are shown of how many; without ``shown`` how many there are."""
    is_more = total > COUNT_LIMIT and not is_exact
    told = {"total": counted(COUNT_LIMIT if is_more else total), "nouns": inside(resource.label_plural)}
    if shown is None or shown == total:
        if is_more:
            return _("more than %(total)s %(nouns)s") % told
        return f"{counted(total)} {inside(resource.label if total == 1 else resource.label_plural)}"
    told["shown"] = counted(shown)
    if is_more:
        return _("%(shown)s of more than %(total)s %(nouns)s") % told
    return _("%(shown)s of %(total)s %(nouns)s") % told


def spoken_count(count: int) -> str:
    """A number of rows that was counted to the limit."""
    return f"{counted(COUNT_LIMIT)}+" if count > COUNT_LIMIT else counted(count)


def sums_in_words(request: Request, columns: list[Column], sums: Sums, written: Written = words.money) -> list[Sum]:
    """The sums as a reader sees them: the company's currency first, then the others; what has no amounts is left out.

    Amounts of different currencies are never added up.
    """
    locale, own = here(), request.company.currency
    found: list[Sum] = []
    for column in columns:
        by_currency: dict[str, Decimal] = {}
        for currency, amount in sums.get(column.key, {}).items():
            by_currency[currency or own] = by_currency.get(currency or own, Decimal(0)) + amount
        told = sorted(by_currency.items(), key=lambda pair: (pair[0] != own, pair[0]))
        if told:
            found.append(Sum(column, " · ".join(written(amount, currency, locale) for currency, amount in told)))
    return found
