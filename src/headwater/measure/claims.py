"""What the report says in words: only what its numbers support, and that they are too few where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext, ngettext

from headwater.measure import wording
from headwater.measure.queries import SourceRow, SourcesReport
from headwater.measure.rules.periods import By
from headwater.web.channels import channel_look


@dataclass(frozen=True)
class Answer:
    """The sentence under the title: what was won, what stands out, what else is to know."""

    won: str
    strong: str = ""
    more: str = ""


@dataclass(frozen=True)
class Note:
    """One thing the picture says, with the colour of the lane it is about."""

    css: str
    name: str
    text: str


def answer(report: SourcesReport, *, period: str) -> Answer:
    """The answer to the page's title."""
    won = _won(report, period)
    rows = [row for row in report.rows if not row.unknown]
    if report.request.by in (By.MONTH, By.QUARTER) or not report.total.figures.won:
        return Answer(won)
    strong = _bargain(report, rows) or _often(report, rows) or _largest(report, rows)
    more = [*_not_paid_back(report, rows), *_too_early(rows)]
    return Answer(won, strong, " ".join(more))


def notes(report: SourcesReport) -> list[Note]:
    """Up to three things about the lanes of the picture."""
    if report.request.by not in (By.SOURCE, By.CHANNEL):
        return []
    rows = [row for row in report.rows if not row.unknown]
    found: list[Note] = []
    overall = report.total.conversion
    if overall is not None:
        above = [row for row in rows if _is_above(row, overall)]
        for row in sorted(above, key=lambda r: -(r.conversion or 0))[:1]:
            found.append(_note(row, _buys(row, overall)))
    most = max(rows, key=lambda row: row.figures.won, default=None)
    if most is not None and not most.too_few and most.label not in {note.name for note in found}:
        given = {"won": wording.number(most.figures.won), "all": wording.number(report.total.figures.won)}
        found.append(_note(most, gettext("brings the most customers: %(won)s of %(all)s.") % given))
    if overall is not None:
        below = [row for row in rows if row.conversion_range is not None and row.conversion_range.high < overall]
        for row in sorted(below, key=lambda r: -r.figures.leads)[:1]:
            found.append(_note(row, _buys_less(row, overall)))
    return found


def unknowns(report: SourcesReport) -> list[tuple[SourceRow, str]]:
    """The kinds of not knowing, each in words, so that none is dropped in silence."""
    return [(row, _unknown_words(row, report.currency)) for row in report.rows if row.unknown]


def _won(report: SourcesReport, period: str) -> str:
    total = report.total
    won, leads = total.figures.won, total.figures.leads
    given = {
        "worth": wording.money(total.revenue, report.currency),
        "won": wording.number(won),
        "leads": wording.number(leads),
        "when": period,
    }
    if not won and total.revenue is None:
        return (
            ngettext("%(leads)s lead, nothing won %(when)s.", "%(leads)s leads, nothing won %(when)s.", leads) % given
        )
    if total.revenue is None:
        return gettext("%(won)s of %(leads)s leads won %(when)s; what they were worth is not known.") % given
    return (
        ngettext(
            "%(worth)s won %(when)s, from %(won)s customer.", "%(worth)s won %(when)s, from %(won)s customers.", won
        )
        % given
    )


def _bargain(report: SourcesReport, rows: Sequence[SourceRow]) -> str:
    """Sources that surely pay back and bring far more of the revenue than they take of the money."""
    money, revenue = report.total.figures.spend, report.total.revenue
    if not money or not revenue:
        return ""
    paying = [row for row in rows if not row.too_few and row.return_range is not None and row.return_range.low > 0]
    best = sorted(paying, key=lambda row: -(row.return_ or 0))[:2]
    brought = sum((row.revenue or Decimal(0) for row in best), Decimal(0)) / revenue
    took = sum((row.figures.spend or Decimal(0) for row in best), Decimal(0)) / money
    if not best or brought < Decimal("0.1") or brought < took * Decimal("1.5"):
        return ""
    given = {
        "names": wording.names([row.label for row in best]),
        "took": wording.share(float(took)),
        "brought": wording.share(float(brought)),
    }
    if len(best) == 1:
        return gettext("%(names)s costs %(took)s of the money and brings %(brought)s of the revenue.") % given
    return gettext("%(names)s cost %(took)s of the money and bring %(brought)s of the revenue.") % given


def _often(report: SourcesReport, rows: Sequence[SourceRow]) -> str:
    overall = report.total.conversion
    if overall is None:
        return ""
    above = [row for row in rows if _is_above(row, overall)]
    best = max(above, key=lambda row: row.figures.won, default=None)
    if best is None:
        return ""
    given = {"name": best.label, "share": wording.share(best.conversion), "all": wording.share(overall)}
    return gettext("Leads from %(name)s win more often: %(share)s so far, all together %(all)s.") % given


def _largest(report: SourcesReport, rows: Sequence[SourceRow]) -> str:
    revenue = report.total.revenue
    known = [row for row in rows if row.revenue and not row.too_few]
    if not revenue or not known:
        return ""
    best = max(known, key=lambda row: row.revenue or 0)
    given = {"name": best.label, "share": wording.share(float((best.revenue or 0) / revenue))}
    return gettext("%(name)s brings the most: %(share)s of the revenue.") % given


def _not_paid_back(report: SourcesReport, rows: Sequence[SourceRow]) -> list[str]:
    found = []
    losing = [row for row in rows if not row.too_few and row.return_range is not None and row.return_range.high < 0]
    if losing:
        dearest = sorted(losing, key=lambda row: -(row.figures.spend or 0))[:2]
        given = {"names": wording.names([row.label for row in dearest])}
        found.append(ngettext("%(names)s has not paid back.", "%(names)s have not paid back.", len(dearest)) % given)
    nothing = [row for row in rows if row.figures.spend and row.figures.leads and not row.figures.won]
    for row in sorted(nothing, key=lambda row: -(row.figures.spend or 0))[:1]:
        given = {"name": row.label, "cost": wording.money(row.figures.spend, report.currency)}
        found.append(gettext("%(name)s cost %(cost)s and has not won anybody yet.") % given)
    return found


def _too_early(rows: Sequence[SourceRow]) -> list[str]:
    if rows and all(row.too_few for row in rows):
        return [gettext("Fewer than 5 wins each: too few to compare.")]
    return []


def _is_above(row: SourceRow, overall: float) -> bool:
    return not row.too_few and row.conversion_range is not None and row.conversion_range.low > overall


def _buys(row: SourceRow, overall: float) -> str:
    given = {"share": wording.share(row.conversion), "all": wording.share(overall)}
    return gettext("turns %(share)s of its leads into customers; the average is %(all)s.") % given


def _buys_less(row: SourceRow, overall: float) -> str:
    given = {
        "share": wording.share(row.conversion),
        "leads": wording.number(row.figures.leads),
        "all": wording.share(overall),
    }
    if not row.figures.won:
        return gettext("%(leads)s leads, and nobody bought yet.") % given
    return gettext("%(share)s of its %(leads)s leads bought, the average is %(all)s.") % given


def _note(row: SourceRow, text: str) -> Note:
    return Note(channel_look(row.channel).css, row.label, text)


def _unknown_words(row: SourceRow, currency: str) -> str:
    found = row.figures
    parts = []
    if found.leads:
        parts.append(ngettext("%(n)s lead", "%(n)s leads", found.leads) % {"n": wording.number(found.leads)})
    if found.won:
        parts.append(gettext("%(n)s won") % {"n": wording.number(found.won)})
    if row.revenue is not None:
        parts.append(gettext("%(worth)s revenue") % {"worth": wording.money(row.revenue, currency)})
    return ", ".join(parts)
