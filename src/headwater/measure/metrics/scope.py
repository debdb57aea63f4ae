"""What every number of a report has in common: who asks, which days, and what is known as of when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from headwater.measure.rules.periods import Basis, By, ReportRequest
from headwater.platform.actor import Actor, Visibility


@dataclass(frozen=True)
class Scope:
    """A report's request as SQL parameters. ``known_until`` is the first moment no longer known, UTC without zone."""

    request: ReportRequest
    known_until: datetime
    known_day: date
    owner_id: int | None
    team_ids: list[int]
    sees_company: bool
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

    def lead_key(self, table: str) -> str:
        """What the rows of the report group leads by, NULL where it was left blank."""
        return _keys(f"{table}.source_id", f"{table}.campaign_id", f"{table}.arrived_on")[self.request.by]

    def sale_key(self) -> str:
        """What they group sales ``s`` by: the credited touch ``c``, or the day of the lead or order."""
        day = "s.ordered_on" if self.request.basis is Basis.CLOSED else "coalesce(l.arrived_on, s.ordered_on)"
        return _keys("c.source_id", "c.campaign_id", day)[self.request.by]

    def spend_key(self) -> str:
        """What they group spend entries ``e`` by."""
        return _keys("e.source_id", "e.campaign_id", "e.spent_on")[self.request.by]

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
        team_ids=sorted(actor.team_ids) if actor.visibility is Visibility.TEAM else [],
        sees_company=actor.may("measure.see_company"),
        currency=currency,
    )


def _keys(source: str, campaign: str, day: str) -> dict[By, str]:
    return {
        By.CHANNEL: f"(SELECT x.channel FROM source x WHERE x.id = {source})",
        By.SOURCE: f"CAST({source} AS VARCHAR)",
        By.CAMPAIGN: f"CAST({campaign} AS VARCHAR)",
        By.MONTH: f"strftime({day}, '%Y-%m')",
        By.QUARTER: f"(CAST(year({day}) AS VARCHAR) || '-Q' || CAST(quarter({day}) AS VARCHAR))",
    }
