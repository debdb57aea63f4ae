"""What every number of a report has in common: who asks, which days, and what is known as of when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from headwater.measure.rules.periods import Basis, By, ReportRequest
from headwater.platform.actor import Actor


@dataclass(frozen=True)
class Scope:
    """A report's request as SQL parameters. ``known_until`` is the first moment no longer known, UTC without zone."""

    request: ReportRequest
    known_until: datetime
    known_day: date
    owner_id: int | None
    team_ids: list[int]
    sees_company: bool
    sees_margin: bool
    currency: str
    extra: dict[str, Any] = field(default_factory=dict)

    def params(self, *names: str) -> dict[str, Any]:
        """The parameters a statement uses; DuckDB refuses those it does not."""
        every = {
            "until": self.known_until,
            "known_day": self.known_day,
            "from_day": self.request.from_,
            "to_day": self.request.to,
            "owner": self.owner_id,
            "teams": self.team_ids,
            "model": self.request.model,
            "currency": self.currency,
            **self.extra,
        }
        return {name: every[name] for name in names}

    def bind(self, sql: str) -> tuple[str, dict[str, Any]]:
        """The statement with just the parameters it names."""
        every = ("until", "known_day", "from_day", "to_day", "owner", "teams", "model", "currency", *self.extra)
        return sql, self.params(*(name for name in every if f"${name}" in sql))

    # ---- pieces of SQL that read the parameters above

    def visible(self, table: str) -> str:
        """Rows the actor may count: all with the right to company numbers, else those within their visibility."""
        if self.sees_company:
            return "TRUE"
        return f"({table}.owner_id = $owner OR list_contains($teams, {table}.team_id))"

    def in_period(self, day: str) -> str:
        """Days of the period; a day that is not known lies outside every period but all time."""
        parts = []
        if self.request.from_:
            parts.append(f"{day} >= $from_day")
        if self.request.to:
            parts.append(f"{day} <= $to_day")
        return " AND ".join(parts) or "TRUE"

    def known(self, moment: str) -> str:
        """Whether something had happened as of the day; what happened at an unknown time had."""
        return f"({moment} IS NULL OR {moment} < $until)"

    def stood(self, sale: str) -> str:
        """Whether an order had been placed as of the day and had not fallen with its opportunity."""
        return f"{self.known(f'{sale}.ordered_at')} AND ({sale}.fell_at IS NULL OR {sale}.fell_at >= $until)"

    def held(self, lead: str) -> str:
        """Which of a lead's rows is the one that held as of the day."""
        return f"{lead}.held_from < $until AND {lead}.held_until >= $until"

    def rows(self, fact: str) -> str:
        """Leads or sales with what rows are grouped by: a source's channel stands with the source alone."""
        if self.request.by is not By.CHANNEL:
            return fact
        return f"(SELECT f.*, x.channel FROM {fact} f LEFT JOIN source x ON x.id = f.source_id)"

    def lead_key(self, table: str) -> str:
        """What the rows of the report group leads by, NULL where it was left blank."""
        return _key(self.request.by, table, f"{table}.arrived_on")

    def sale_key(self) -> str:
        """What they group sales ``s`` by: the credited way in, or the day of the lead or order."""
        day = "s.ordered_on" if self.request.basis is Basis.CLOSED else "coalesce(s.arrived_on, s.ordered_on)"
        return _key(self.request.by, "s", day)

    def spend_key(self) -> str:
        """What they group spend entries ``e`` by."""
        return _key(self.request.by, "e", "e.spent_on")

    def key_text(self, key: Any) -> str:
        """A grouped value as the key of its row: 5, TRADE_SHOW, 2017-03, 2017-Q1."""
        match self.request.by:
            case By.MONTH:
                return f"{key // 100:04}-{key % 100:02}"
            case By.QUARTER:
                return f"{key // 10:04}-Q{key % 10}"
            case _:
                return str(key)

    def key_value(self, text: str) -> int | str:
        """The grouped value that the key of a row stands for; one that no row can have for a key nobody gave.

        The inverse of :meth:`key_text`.
        """
        if self.request.by is By.CHANNEL:
            return text
        digits = text.replace("-Q", "").replace("-", "")
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else -1

    @property
    def asker(self) -> tuple[Any, ...]:
        """Whoever shares this gets the same numbers out of the same mirror."""
        seen = () if self.sees_company else (self.owner_id, *self.team_ids)
        return self.request, self.known_day, self.sees_company, self.sees_margin, seen

    @property
    def is_by_time(self) -> bool:
        """Whether rows are months or quarters rather than ways in."""
        return self.request.by in (By.MONTH, By.QUARTER)


def scope_of(actor: Actor, request: ReportRequest, *, zone: ZoneInfo, currency: str, at: datetime) -> Scope:
    """The scope of ``request`` for ``actor``; without an as-of day everything until ``at`` is known."""
    until = request.known_until(zone) or at
    return Scope(
        request=request,
        known_until=until.astimezone(UTC).replace(tzinfo=None),
        known_day=request.as_of or at.astimezone(zone).date(),
        owner_id=actor.user_id,
        team_ids=sorted(actor.team_ids) if actor.visibility.is_of_teams else [],
        sees_company=actor.may("measure.company.see"),
        sees_margin=actor.may("measure.company.see") and actor.may("measure.margin.see"),
        currency=currency,
    )


def _key(by: By, table: str, day: str) -> str:
    # Whole numbers: grouping a million texts takes several times as long.
    match by:
        case By.CHANNEL:
            return f"{table}.channel"
        case By.SOURCE:
            return f"{table}.source_id"
        case By.CAMPAIGN:
            return f"{table}.campaign_id"
        case By.MONTH:
            return f"(year({day}) * 100 + month({day}))"
        case By.QUARTER:
            return f"(year({day}) * 10 + quarter({day}))"
