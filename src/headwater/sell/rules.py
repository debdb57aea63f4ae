"""Decisions about opportunities and orders that need only values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from headwater.platform.errors import WhyNot
from headwater.platform.money import in_cents
from headwater.platform.translated import noted

# Fewer cases than this are too few to call anything usual.
ENOUGH_CASES = 5

# The right that makes somebody one who sells, and so one who may hold an opportunity.
SELLS = "sell.opportunity.win"

# The right to know what goods cost us, and so the margin.
SEE_COST = "sell.cost.see"
CHANGE_COST = "sell.cost.change"

# The codes of models.Outcome; an open opportunity has none.
WON, LOST = "WON", "LOST"


class Refusal(WhyNot):
    """Why a step is not open to an opportunity, and what is."""

    ALREADY_WON = noted("This opportunity is won. Reopen it first.")
    ALREADY_LOST = noted("This opportunity is lost. Reopen it first.")
    STILL_OPEN = noted("This opportunity is open.")
    ALREADY_THERE = noted("The opportunity is in this stage already.")
    OTHER_PIPELINE = noted("This stage belongs to another pipeline.")
    NEEDS_REASON = noted("Say why.")


def why_not_win(outcome: str) -> Refusal | None:
    """Why an opportunity cannot be closed as won; from any stage it can, as customers skip stages."""
    return {WON: Refusal.ALREADY_WON, LOST: Refusal.ALREADY_LOST}.get(outcome)


def why_not_lose(outcome: str, *, reason: str) -> Refusal | None:
    """Why an opportunity cannot be closed as lost."""
    return why_not_win(outcome) or (None if reason.strip() else Refusal.NEEDS_REASON)


def why_not_reopen(outcome: str) -> Refusal | None:
    """Why an opportunity cannot be opened again; a won or lost one can."""
    return None if outcome else Refusal.STILL_OPEN


def why_not_move(
    outcome: str, *, from_position: int, to_position: int, same_pipeline: bool = True, reason: str = ""
) -> Refusal | None:
    """Why an opportunity cannot be put into another stage: forward in any stride, back with a reason."""
    if refusal := why_not_win(outcome):
        return refusal
    if not same_pipeline:
        return Refusal.OTHER_PIPELINE
    if from_position == to_position:
        return Refusal.ALREADY_THERE
    return Refusal.NEEDS_REASON if to_position < from_position and not reason.strip() else None


class Origin(StrEnum):
    """Where a probability comes from, which screens say beside it."""

    BY_HAND = "BY_HAND"
    BY_STAGE = "BY_STAGE"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Probability:
    """How likely an opportunity is won, in percent, and who says so."""

    percent: int
    origin: Origin


def probability(outcome: str, *, percent: int, stage_percent: int) -> Probability:
    """How likely an opportunity with a stored ``percent`` is won: won is certain and lost is out, at once.

    Worked out from the outcome each time, so that no stored 100 can outlive a reopening.
    """
    if outcome:
        return Probability(100 if outcome == WON else 0, Origin.CLOSED)
    return Probability(percent, Origin.BY_STAGE if percent == stage_percent else Origin.BY_HAND)


def percent_after_reopening(percent: int, *, stage_percent: int) -> int:
    """The percent to store when an opportunity is reopened: the stage's, or less if a person doubted it."""
    return min(percent, stage_percent)


def weighted(amount: Decimal | None, chance: Probability) -> Decimal | None:
    """What an opportunity adds to the forecast: a lost one 0, a won one all; unknown if its amount is."""
    if chance.origin is Origin.CLOSED and chance.percent == 0:
        return Decimal(0)
    return None if amount is None else amount * chance.percent / 100


def line_total(quantity: Decimal, unit_price: Decimal | None, discount: Decimal | None = None) -> Decimal | None:
    """What a line comes to: quantity times price, less the discount in percent; unknown without a price."""
    if unit_price is None:
        return None
    return in_cents(quantity * unit_price * (100 - (discount or 0)) / 100)


def margin(revenue: Decimal | None, cost: Decimal | None) -> Decimal | None:
    """What is left of the revenue after what the goods cost us; unknown if either is."""
    return None if revenue is None or cost is None else revenue - cost


def margin_share(revenue: Decimal | None, cost: Decimal | None) -> Decimal | None:
    """The margin as a share of the revenue; none without revenue."""
    left = margin(revenue, cost)
    return left / revenue if left is not None and revenue else None


def days_to_win(arrived_at: datetime | None, ordered_at: datetime | None, zone: ZoneInfo) -> int | None:
    """Whole calendar days from the lead's arrival to the order, where the company is; unknown if either is.

    Two moments of one day are 0 days apart, one minute either side of midnight 1. An order before the arrival
    gives a negative number, which is kept and flagged: it says that something was entered wrongly.
    """
    if arrived_at is None or ordered_at is None:
        return None
    return (ordered_at.astimezone(zone).date() - arrived_at.astimezone(zone).date()).days


_GAPS = re.compile(r"[\s_]+")


def fold_name(name: str) -> str:
    """The form in which two names are the same product: case, the kind of spacing and underscores do not matter.

    "GTXPro" and "GTX Pro" stay two names: only a person or a profile decides that they are one product.
    """
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()[:160]


def usual_days(durations: Iterable[float]) -> float | None:
    """How long a stage usually takes: the median, or nothing while there are fewer than five cases to go by."""
    known = sorted(durations)
    if len(known) < ENOUGH_CASES:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2


class Age(StrEnum):
    """How long an opportunity is in its stage, against what is usual for those that are won."""

    FRESH = ""
    OLDER = "age"
    TWICE = "rot"


def age_of(days: int | None, usual: float | None) -> Age:
    """Whether an opportunity is older than usual in its stage, or twice as old; nothing known, nothing said."""
    if days is None or usual is None:
        return Age.FRESH
    usual = max(usual, 1.0)
    if days >= 2 * usual and days > 2:
        return Age.TWICE
    return Age.OLDER if days > usual else Age.FRESH
