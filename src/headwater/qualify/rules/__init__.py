"""Decisions about leads that need only values: which steps are open, and how the answer clock stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from headwater.platform.errors import WhyNot
from headwater.platform.translated import noted

# --- Stages and exits -------------------------------------------------------------------------------------


# The codes of models.Stage and models.Exit. A lead keeps the stage it had when it leaves the funnel.
NEW, WORKING, MQL, SAL, SQL = FUNNEL = ("NEW", "WORKING", "MQL", "SAL", "SQL")
CONVERTED, DISQUALIFIED, RECYCLED, MERGED = EXITS = ("CONVERTED", "DISQUALIFIED", "RECYCLED", "MERGED")


class Refusal(WhyNot):
    """Why a step is not open to a lead, and what is."""

    ALREADY_THERE = noted("The lead is in this stage already.")
    HAS_LEFT = noted("The lead has left the funnel. Reopen it first.")
    NOT_A_STAGE = noted("Disqualify, recycle, convert or merge the lead to take it out of the funnel.")
    NEEDS_HANDOVER = noted("A lead becomes sales accepted when sales accepts its handover.")
    NEEDS_ACCEPTANCE = noted("Sales has to accept the lead before it can be sales qualified.")
    NEEDS_REASON = noted("Say why.")
    NOT_AN_MQL = noted("Only a marketing qualified lead is handed over to sales.")
    ALREADY_HANDED_OVER = noted("The lead waits for an answer of sales already.")
    NOT_HANDED_OVER = noted("No handover of this lead waits for an answer.")
    NOT_AN_SQL = noted("Only a sales qualified lead becomes an opportunity.")
    NEEDS_WAKE_UP = noted("Choose a day in the future on which the lead wakes up.")
    STILL_OPEN = noted("The lead is open.")
    STAYS_CONVERTED = noted("The lead has become an opportunity. Go on there, or reopen that.")
    STAYS_MERGED = noted("The lead was merged into another one. Go on there.")


def currency_kept(said: str, *, own: str, amount: Decimal | None) -> str:
    """What a lead's amounts are in; the company's ``own`` is not written down while its worth is not known.

    Another one is: amounts in fields that the company added are in it, too.
    """
    code = said or own
    return "" if amount is None and code == own else code


def position(stage: str) -> int:
    """How far down the funnel a stage is, from 0."""
    return FUNNEL.index(stage)


def why_not_move(stage: str, exit_code: str, *, target: str, reason: str = "") -> Refusal | None:
    """Why a lead cannot be put into another stage by hand, or nothing if it can.

    Forward in any stride up to MQL; sales accepted only by accepting a handover, sales qualified only after
    that; back to any stage, with a reason.
    """
    if exit_code:
        return Refusal.HAS_LEFT
    if target not in FUNNEL:
        return Refusal.NOT_A_STAGE
    if target == stage:
        return Refusal.ALREADY_THERE
    if is_back(stage, target):
        return None if reason.strip() else Refusal.NEEDS_REASON
    if target == SAL:
        return Refusal.NEEDS_HANDOVER
    if target == SQL and stage != SAL:
        return Refusal.NEEDS_ACCEPTANCE
    return None


def is_back(stage: str, target: str) -> bool:
    """Whether a move loses ground, for which there has to be a reason."""
    return position(target) < position(stage)


def moves(stage: str, exit_code: str) -> list[str]:
    """The stages a lead can be put into by hand, in order; those that lie back ask for a reason."""
    return [target for target in FUNNEL if why_not_move(stage, exit_code, target=target, reason="given") is None]


def why_not_hand_over(stage: str, exit_code: str, *, is_waiting: bool) -> Refusal | None:
    """Why marketing cannot give the lead to sales; ``is_waiting``: it has, and sales has not answered."""
    if exit_code:
        return Refusal.HAS_LEFT
    if is_waiting:
        return Refusal.ALREADY_HANDED_OVER
    return None if stage == MQL else Refusal.NOT_AN_MQL


def why_not_accept(stage: str, exit_code: str, *, is_waiting: bool) -> Refusal | None:
    """Why sales cannot accept the lead, which would make it SAL."""
    if exit_code:
        return Refusal.HAS_LEFT
    return None if is_waiting and stage == MQL else Refusal.NOT_HANDED_OVER


def why_not_send_back(stage: str, exit_code: str, *, is_waiting: bool, reason: str) -> Refusal | None:
    """Why sales cannot send the lead back to marketing."""
    refusal = why_not_accept(stage, exit_code, is_waiting=is_waiting)
    return refusal or (None if reason.strip() else Refusal.NEEDS_REASON)


def why_not_disqualify(exit_code: str, *, reason: str) -> Refusal | None:
    """Why the lead cannot be given up; it can from any stage, and from a nap in nurture."""
    if exit_code not in ("", RECYCLED):
        return Refusal.HAS_LEFT
    return None if reason.strip() else Refusal.NEEDS_REASON


def why_not_recycle(exit_code: str, *, wake_up_on: date | None, today: date) -> Refusal | None:
    """Why the lead cannot go back to nurture until a day; it can from any stage."""
    if exit_code:
        return Refusal.HAS_LEFT
    return None if wake_up_on is not None and wake_up_on > today else Refusal.NEEDS_WAKE_UP


def why_not_convert(stage: str, exit_code: str) -> Refusal | None:
    """Why no opportunity can be opened from the lead."""
    if exit_code:
        return Refusal.HAS_LEFT
    return None if stage == SQL else Refusal.NOT_AN_SQL


def why_not_reopen(exit_code: str) -> Refusal | None:
    """Why the lead cannot come back into the funnel; a disqualified or recycled one can."""
    if exit_code == CONVERTED:
        return Refusal.STAYS_CONVERTED
    if exit_code == MERGED:
        return Refusal.STAYS_MERGED
    return None if exit_code else Refusal.STILL_OPEN


def reopened_stage(left_from: str) -> str:
    """Where a reopened lead goes on: at most at MQL, because sales accepts it afresh; a new one is in work."""
    return MQL if position(left_from) >= position(MQL) else WORKING


# --- The answer clock -------------------------------------------------------------------------------------

# An older lead of an imported file was answered, or forgotten, long ago; a clock would only be red for ever.
OLDEST_IMPORT = timedelta(days=7)
WARN_LEFT, BAD_LEFT = 0.5, 0.3


@dataclass(frozen=True)
class OfficeHours:
    """When the company answers: where, ISO weekdays (Monday is 1), from when to when, and the days it is closed.

    Closing at 00:00 means at the end of the day; from 00:00 to 00:00 is round the clock.
    """

    zone: ZoneInfo
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    opens: time = time(8, 30)
    closes: time = time(17, 30)
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= frozenset(range(1, 8)):
            raise ValueError("Office hours need at least one weekday, from 1 (Monday) to 7.")
        if self.closes <= self.opens and self.closes != time(0):
            raise ValueError("The office closes after it opens, on the same day.")


class ClockState(StrEnum):
    """How urgent an answer is."""

    GOOD = "GOOD"
    WARN = "WARN"
    BAD = "BAD"
    LATE = "LATE"


@dataclass(frozen=True, slots=True)
class Clock:
    """How an answer clock stands: office seconds left (below zero: over), share of the time used, urgency."""

    seconds_left: int
    used: float
    state: ClockState


def clock_starts(arrived_at: datetime | None, *, imported_at: datetime | None = None) -> bool:
    """Whether a lead gets an answer clock: not if its arrival is unknown or an import brought it in too old."""
    if arrived_at is None:
        return False
    return imported_at is None or imported_at - arrived_at <= OLDEST_IMPORT


def is_answer(kind: str, *, is_outbound: bool) -> bool:
    """Whether an activity answers a lead: a call or e-mail of ours, or a meeting, whoever called it."""
    return kind == "MEETING" or (is_outbound and kind in ("CALL", "EMAIL"))


def answer_due(arrived_at: datetime, hours: OfficeHours, *, minutes: int) -> datetime:
    """When a lead has to be answered at the latest, in UTC: so many office minutes after its arrival."""
    left = timedelta(minutes=minutes)
    for opening, closing in _openings(arrived_at, hours):
        if left <= closing - opening:
            return opening + left
        left -= closing - opening
    raise AssertionError("an office opens again sooner or later")  # pragma: no cover


def office_seconds_between(start: datetime, end: datetime, hours: OfficeHours) -> int:
    """How many whole seconds the office is open from ``start`` to ``end``, below zero if that is the past."""
    if end < start:
        return -office_seconds_between(end, start, hours)
    open_for = timedelta(0)
    for opening, closing in _openings(start, hours):
        if opening >= end:
            break
        open_for += min(closing, end.astimezone(UTC)) - opening
    return int(open_for.total_seconds())


def clock_state(due: datetime, *, now: datetime, minutes: int, hours: OfficeHours) -> Clock:
    """How the answer clock of a lead stands that had so many office minutes and is due at ``due``."""
    left = office_seconds_between(now, due, hours)
    share_left = left / (minutes * 60) if minutes > 0 else 0.0
    if now > due:
        state = ClockState.LATE
    elif share_left < BAD_LEFT:
        state = ClockState.BAD
    elif share_left < WARN_LEFT:
        state = ClockState.WARN
    else:
        state = ClockState.GOOD
    return Clock(left, min(max(1 - share_left, 0.0), 1.0), state)


def _openings(start: datetime, hours: OfficeHours) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of time the office is open from ``start`` on, in UTC, without end."""
    if start.tzinfo is None:
        raise ValueError("A moment has a time zone.")
    start = start.astimezone(UTC)  # within one zone Python compares wall clocks, which jump twice a year
    day = start.astimezone(hours.zone).date()
    while True:
        opening, closing = _opening(hours, day)
        if closing > start and closing > opening:
            yield max(opening, start), closing
        day += timedelta(days=1)


@lru_cache(maxsize=4096)
def _opening(hours: OfficeHours, day: date) -> tuple[datetime, datetime]:
    opening = datetime.combine(day, hours.opens, tzinfo=hours.zone).astimezone(UTC)
    if day.isoweekday() not in hours.weekdays or day in hours.holidays:
        return opening, opening
    closing_day = day + timedelta(days=1) if hours.closes == time(0) else day
    return opening, datetime.combine(closing_day, hours.closes, tzinfo=hours.zone).astimezone(UTC)


# --- The next best step -----------------------------------------------------------------------------------


class Advice(StrEnum):
    """What is best done next with a lead; the record says it in words, with the reason."""

    ANSWER_HANDOVER = "ANSWER_HANDOVER"
    WAIT_FOR_SALES = "WAIT_FOR_SALES"
    CLAIM = "CLAIM"
    ANSWER = "ANSWER"
    DO_WHAT_IS_DUE = "DO_WHAT_IS_DUE"
    COMPLETE = "COMPLETE"
    HAND_OVER = "HAND_OVER"
    OPEN_OPPORTUNITY = "OPEN_OPPORTUNITY"
    PLAN_NEXT_STEP = "PLAN_NEXT_STEP"
    KEEP_TO_PLAN = "KEEP_TO_PLAN"


@dataclass(frozen=True, slots=True)
class Situation:
    """A lead as its next best step sees it; moments are compared with ``now``."""

    stage: str
    exit: str
    now: datetime
    in_pool: bool = False
    is_answered: bool = False
    is_handed_over: bool = False
    is_handed_to_me: bool = False
    was_sent_back: bool = False
    next_step_due_at: datetime | None = None


def next_best_step(lead: Situation) -> Advice | None:
    """What to do next with a lead; nothing once it has left the funnel. The first that holds wins:
    what somebody waits for comes before what was planned, and what was planned before the next stage."""
    if lead.exit:
        return None
    if lead.is_handed_over:
        return Advice.ANSWER_HANDOVER if lead.is_handed_to_me else Advice.WAIT_FOR_SALES
    if lead.in_pool:
        return Advice.CLAIM
    if not lead.is_answered and lead.stage == NEW:
        return Advice.ANSWER
    if lead.next_step_due_at is not None and lead.next_step_due_at <= lead.now:
        return Advice.DO_WHAT_IS_DUE
    if lead.stage == MQL:
        return Advice.COMPLETE if lead.was_sent_back else Advice.HAND_OVER
    if lead.stage == SQL:
        return Advice.OPEN_OPPORTUNITY
    return Advice.PLAN_NEXT_STEP if lead.next_step_due_at is None else Advice.KEEP_TO_PLAN
