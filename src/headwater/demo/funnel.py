"""The life of a lead: who takes it, how soon it is answered, how far it comes and how it ends."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from headwater.demo import company
from headwater.demo.company import Way
from headwater.demo.desk import SYSTEM, Desk
from headwater.demo.records import History, Lead, Organisation, Step, Talk
from headwater.demo.season import Season, spread
from headwater.demo.words import words
from headwater.qualify.rules import office_seconds_between

NO_HANDOVER: dict[str, Any] = {
    "handed_over_at": None, "handed_by_id": None, "handed_to_id": None, "handover_due_at": None,
}  # fmt: skip
NO_EXIT: dict[str, Any] = {"exit": "", "exit_reason": "", "exit_note": "", "exited_at": None, "wake_up_on": None}
REASONS = {
    "EXTERNAL_LIST": {"NOT_REACHABLE": 40, "NO_NEED": 38, "WRONG_FIT": 14, "COMPETITOR": 6, "OTHER": 2},
    "PAID_ADVERTISING": {"WRONG_FIT": 28, "NO_BUDGET": 24, "NO_NEED": 24, "NOT_REACHABLE": 14, "COMPETITOR": 10},
    "TRADE_SHOW": {"NO_NEED": 42, "NO_BUDGET": 16, "WRONG_FIT": 18, "NOT_REACHABLE": 14, "COMPETITOR": 10},
    "": {"NO_NEED": 34, "NO_BUDGET": 20, "COMPETITOR": 17, "NOT_REACHABLE": 14, "WRONG_FIT": 12, "OTHER": 3},
}
# Who hears from us within half an hour buys more often than who waits a day.
PATIENCE = ((30, 1.3), (120, 0.95), (540, 0.75))
FORGOTTEN = 0.5
WEBSITE = ("form",)


class Funnel:
    """Leads their leads through the stages, with everything that is said on the way."""

    def __init__(self, history: History, season: Season, desk: Desk, rng: Random) -> None:
        self._history, self._season, self._desk, self._rng = history, season, desk, rng
        self._words = words("talk")

    def live(self, lead: Lead, way: Way, organisation: Organisation) -> tuple[datetime, int] | None:
        """Write the steps of a lead up to today; when and by whom it became an opportunity, if it did."""
        took = self._begin(lead, way)
        if took is None:
            return self._cut(lead, None)
        moment, owner, factor = took
        factor *= 1.3 if lead.interest == "QUOTE_REQUEST" else 0.85
        factor *= 1.12 if organisation.employees >= 40 else 0.93
        qualifies = self._rng.random() < min(way.sql * factor, 0.92)
        if qualifies:
            return self._cut(lead, self._sell(lead, organisation, owner, moment))
        self._give_up(lead, way, organisation, owner, moment)
        return self._cut(lead, None)

    # --- the beginning ------------------------------------------------------------------------------------

    def _begin(self, lead: Lead, way: Way) -> tuple[datetime, int, float] | None:
        """Owner and first answer: when, who, and what the wait did to the chances; None for spam."""
        rng, season, at = self._rng, self._season, lead.arrived_at
        if way.how in ("stand", "our call", "talk"):
            owner = self._desk.inside(at)
            self.assign(lead, owner, at, by=owner)
            kind = "CALL" if way.how == "our call" else "MEETING"
            subjects = self._words["stand" if way.how == "stand" else "meetings"]
            self.talk(lead, kind, "First call" if kind == "CALL" else rng.choice(subjects), at, owner)
            return self.answer(lead, at, owner), owner, 1.0
        if way.how == "list":
            taken = season.later(at, 1 + 2 * rng.random(), rng)
            owner = self._desk.inside(taken)
            self.assign(lead, owner, taken, by=self._desk.named("Sofia Lind"))
            called = season.later(taken, spread(rng, 14, 0.8, 80), rng)
            self.talk(lead, "CALL", "First call", called, owner)
            return self.answer(lead, called, owner), owner, 1.0
        minutes = self._wait(way, at)
        answered = season.after(at, minutes)
        claimed = season.after(at, max(minutes * (0.3 + 0.6 * rng.random()), 1))
        owner = self._desk.inside(claimed)
        if way.how == "introduction" and rng.random() < 0.5:
            self.assign(lead, owner, claimed, by=self._desk.named("Ines Duarte"))
        else:
            self.claim(lead, owner, claimed)
        if way.how in WEBSITE and rng.random() < 0.035:
            self.disqualify(lead, "SPAM", answered, owner)
            return None
        kind = "CALL" if rng.random() < 0.66 else "EMAIL"
        self.talk(lead, kind, rng.choice(self._words["calls" if kind == "CALL" else "mails"]), answered, owner)
        factor = next((f for limit, f in PATIENCE if minutes <= limit), FORGOTTEN)
        return self.answer(lead, answered, owner), owner, factor

    def _wait(self, way: Way, at: datetime) -> float:
        """Office minutes until the first answer; the desk has become faster over the years."""
        years = (self._season.at - at).days / 365.25
        median = 21 + 11 * years
        if way.how in ("call", "introduction"):
            median *= 0.55
        return spread(self._rng, median, 1.05, 2400)

    def answer(self, lead: Lead, at: datetime, owner: int) -> datetime:
        """The clock stops and the lead is in work."""
        told: dict[str, Any] = {}
        if lead.answer_due_at is not None:
            told["office_seconds"] = max(0, office_seconds_between(lead.arrived_at, at, self._season.hours))
            told["is_late"] = at > lead.answer_due_at
        lead.steps.append(Step(at, "LeadAnswered", owner, {"answered_at": at}, told))
        self.move(lead, "NEW", "WORKING", at, owner)
        return at

    def claim(self, lead: Lead, owner: int, at: datetime) -> None:
        """A colleague takes the lead out of the pool."""
        values = {"owner_id": owner, "team_id": self._desk.team(owner)}
        lead.steps.append(Step(at, "LeadClaimed", owner, values, {"owner_id": owner}))

    def assign(self, lead: Lead, owner: int, at: datetime, *, by: int) -> None:
        """A colleague gets the lead from another, or kept it from the talk they had."""
        values = {"owner_id": owner, "team_id": self._desk.team(owner)}
        lead.steps.append(Step(at, "LeadAssigned", by, values, {"owner_id": owner}))

    def move(self, lead: Lead, before: str, stage: str, at: datetime, by: int) -> None:
        """Into another stage."""
        values = {"stage": stage, "stage_since": at}
        lead.steps.append(Step(at, "LeadMoved", by, values, {"from_stage": before, "to_stage": stage}))

    # --- to a sale ----------------------------------------------------------------------------------------

    def _sell(self, lead: Lead, organisation: Organisation, owner: int, at: datetime) -> tuple[datetime, int]:
        rng, season = self._rng, self._season
        fast = 0.6 if lead.interest == "QUOTE_REQUEST" else 1.0
        qualified = season.later(at, spread(rng, 2.4 * fast, 0.8, 40), rng)
        self._follow_up(lead, at, qualified, owner, 0.45)
        self.move(lead, "WORKING", "MQL", qualified, owner)
        given = season.later(qualified, spread(rng, 0.7, 0.8, 9), rng)
        rep = self._desk.field(organisation.country, given)
        self.hand_over(lead, rep, given, owner)
        taken = season.after(given, spread(rng, 130, 1.0, 2600))
        if rng.random() < 0.1:
            self.send_back(lead, "NOT_ENOUGH", taken, rep)
            given = season.later(taken, spread(rng, 3, 0.6, 14), rng)
            self._follow_up(lead, taken, given, owner, 1.0)
            self.hand_over(lead, rep, given, owner)
            taken = season.after(given, spread(rng, 110, 0.9, 1600))
        self.accept(lead, rep, taken)
        sure = season.later(taken, spread(rng, 3.2 * fast, 0.8, 35), rng)
        kind = "MEETING" if rng.random() < 0.55 else "CALL"
        self.talk(lead, kind, rng.choice(self._words["meetings" if kind == "MEETING" else "follow_ups"]), sure, rep)
        self.move(lead, "SAL", "SQL", sure, rep)
        opened = season.after(sure, spread(rng, 90, 1.1, 2200))
        self.convert(lead, opened, rep)
        return opened, rep

    def hand_over(self, lead: Lead, rep: int, at: datetime, owner: int) -> None:
        """Inside sales gives the lead to a rep, who answers within the agreed hours."""
        due = self._season.after(at, 60 * company.HANDOVER_HOURS)
        values = {
            "handed_over_at": at, "handed_by_id": owner, "handed_to_id": rep, "handover_due_at": due,
            "sent_back_reason": "", "sent_back_note": "",
        }  # fmt: skip
        lead.steps.append(Step(at, "LeadHandedOver", owner, values, {"handed_to_id": rep, "due_at": due.isoformat()}))

    def accept(self, lead: Lead, rep: int, at: datetime) -> None:
        """The rep takes the lead."""
        values = {"stage": "SAL", "stage_since": at, **NO_HANDOVER, "owner_id": rep, "team_id": self._desk.team(rep)}
        lead.steps.append(Step(at, "LeadAccepted", rep, values, {"owner_id": rep}))

    def send_back(self, lead: Lead, reason: str, at: datetime, rep: int) -> None:
        """The rep does not take it."""
        note = self._rng.choice(self._words["send_back"])
        values = {**NO_HANDOVER, "sent_back_reason": reason, "sent_back_note": note}
        lead.steps.append(Step(at, "LeadSentBack", rep, values, {"reason": reason, "note": note}))

    def convert(self, lead: Lead, at: datetime, rep: int) -> None:
        """The lead leaves the funnel at its good end."""
        values = {"exit": "CONVERTED", "exit_reason": "", "exit_note": "", "exited_at": at, **NO_HANDOVER}
        lead.steps.append(Step(at, "LeadConverted", rep, values))

    # --- to nothing ---------------------------------------------------------------------------------------

    def _give_up(self, lead: Lead, way: Way, organisation: Organisation, owner: int, at: datetime) -> None:
        rng, season = self._rng, self._season
        last = at
        if rng.random() < (0.08 if way.how == "list" else 0.24):
            last = season.later(at, spread(rng, 4, 0.8, 40), rng)
            self._follow_up(lead, at, last, owner, 0.4)
            self.move(lead, "WORKING", "MQL", last, owner)
            if rng.random() < 0.55:
                given = season.later(last, spread(rng, 1, 0.8, 9), rng)
                rep = self._desk.field(organisation.country, given)
                self.hand_over(lead, rep, given, owner)
                last = season.after(given, spread(rng, 260, 1.0, 3000))
                if rng.random() < 0.5:
                    self.accept(lead, rep, last)
                    owner = rep
                else:
                    reason = rng.choice(("NOT_READY", "NOT_ENOUGH", "WRONG_PERSON", "WRONG_FIT", "NOT_REACHABLE"))
                    self.send_back(lead, reason, last, rep)
        end = season.later(last, spread(rng, 9, 0.85, 70), rng)
        self._follow_up(lead, last, end, owner, 0.35)
        if rng.random() < (0.12 if way.how == "list" else 0.26):
            self._recycle(lead, way, end, owner)
        else:
            self.disqualify(lead, self._reason(way), end, owner)

    def _reason(self, way: Way) -> str:
        reasons = REASONS.get(way.channel, REASONS[""])
        if way.name == company.FORUM:
            reasons = {"WRONG_FIT": 62, "NO_NEED": 28, "NOT_REACHABLE": 10}
        return self._rng.choices(list(reasons), list(reasons.values()))[0]

    def disqualify(self, lead: Lead, reason: str, at: datetime, owner: int) -> None:
        """The lead is given up."""
        values = {
            "exit": "DISQUALIFIED", "exit_reason": reason, "exit_note": "", "exited_at": at, **NO_HANDOVER,
            "wake_up_on": None,
        }  # fmt: skip
        lead.steps.append(Step(at, "LeadDisqualified", owner, values, {"reason": reason}))

    def _recycle(self, lead: Lead, way: Way, at: datetime, owner: int) -> None:
        rng, season = self._rng, self._season
        day = season.shifted(at.astimezone(season.zone).date(), rng.choice((45, 60, 90, 120, 180, 240)))
        values = {
            "exit": "RECYCLED", "exit_reason": "", "exit_note": "", "exited_at": at, **NO_HANDOVER, "wake_up_on": day,
        }  # fmt: skip
        lead.steps.append(Step(at, "LeadRecycled", owner, values, {"wake_up_on": day.isoformat()}))
        woken = datetime.combine(day, time(6, 0), tzinfo=season.zone).astimezone(season.at.tzinfo)
        if woken >= season.at:
            return
        due = season.after(woken, company.ANSWER_MINUTES)
        stage = {**NO_EXIT, "stage": "NEW", "stage_since": woken, "answer_due_at": due, "answered_at": None}
        lead.steps.append(Step(woken, "LeadWokenUp", SYSTEM, stage))
        owner = self._still_here(lead, owner, woken)
        called = season.after(woken, spread(rng, 30, 0.9, 900))
        self.talk(lead, "CALL", "Called again as agreed", called, owner)
        told = {"office_seconds": office_seconds_between(woken, called, season.hours), "is_late": called > due}
        lead.steps.append(Step(called, "LeadAnswered", owner, {"answered_at": called}, told))
        self.move(lead, "NEW", "WORKING", called, owner)
        self.disqualify(lead, self._reason(way), season.later(called, spread(rng, 11, 0.8, 60), rng), owner)

    def _still_here(self, lead: Lead, owner: int, at: datetime) -> int:
        if self._desk.is_here(owner, at):
            return owner
        successor = self._desk.inside(at)
        self.assign(lead, successor, at, by=self._desk.named("Ines Duarte"))
        return successor

    # --- what is said -------------------------------------------------------------------------------------

    def talk(self, lead: Lead, kind: str, subject: str, at: datetime, by: int) -> None:
        """Somebody of ours talks to somebody of theirs; what is still to come is not written down."""
        if at >= self._season.at:
            return
        body = self._rng.choice(self._words["bodies"]) if kind != "EMAIL" and self._rng.random() < 0.55 else ""
        self._history.talks.append(
            Talk(lead.party, lead.organisation, kind, self.spoken(subject, lead.party), at, by, body)
        )

    def spoken(self, text: str, party: int) -> str:
        """A sentence with the name of whom it is about."""
        if "{first}" not in text:
            return text
        who = self._history.person(party).first if self._history.is_person(party) else "them"
        return text.replace("{first}", who)

    def _follow_up(self, lead: Lead, start: datetime, end: datetime, by: int, chance: float) -> None:
        """A talk some time between two steps."""
        rng = self._rng
        if rng.random() < chance and end - start > timedelta(hours=20):
            days = (end - start).total_seconds() / 86_400
            moment = self._season.later(start, days * rng.uniform(0.2, 0.8), rng)
            if moment < end:
                kind = "CALL" if rng.random() < 0.6 else "EMAIL"
                subjects = self._words["follow_ups" if kind == "CALL" else "mails"]
                self.talk(lead, kind, rng.choice(subjects), moment, by)

    def _cut(self, lead: Lead, converted: tuple[datetime, int] | None) -> tuple[datetime, int] | None:
        """Forget what has not happened yet."""
        lead.steps = [step for step in lead.steps if step.at < self._season.at]
        return converted if converted is not None and converted[0] < self._season.at else None
