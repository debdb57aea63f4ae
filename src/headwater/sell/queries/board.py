"""The pipeline as a board: its columns with sums and cards, and how long a stage usually takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Count, DecimalField, ExpressionWrapper, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from headwater.platform.actor import Actor
from headwater.platform.among import VALUES
from headwater.platform.clock import start_of_day
from headwater.platform.models import Span
from headwater.platform.rates import rated_day, total
from headwater.platform.spans import DaysBetween
from headwater.platform.values import row_id
from headwater.platform.written import MOMENT, TODAY, Given, written
from headwater.sell import rules
from headwater.sell.models import Opportunity, Outcome, PipelineStage
from headwater.sell.queries.visible import default_stages, shown_opportunities, visible_opportunities
from headwater.team.queries.rates import rates_of

if TYPE_CHECKING:
    from headwater.team.models import Company

Opportunities = QuerySet[Opportunity]
ROW = "sell.opportunity"
CARDS = 25
USUAL_OVER = timedelta(days=365)
MOST_SPANS = 20_000
ZERO = Decimal(0)


@dataclass(frozen=True)
class Card:
    """An opportunity as a card: how long it is in its stage against what is usual, and what needs attention."""

    row: Opportunity
    days: int | None = None
    usual: int | None = None
    age: rules.Age = rules.Age.FRESH
    is_overdue: bool = False
    days_to_win: int | None = None

    @property
    def title(self) -> str:
        """Who may buy: the company where there is one."""
        buyer = self.row.organisation or self.row.party
        return buyer.name if buyer is not None else self.row.name

    @property
    def what(self) -> str:
        """What they may buy, where the title does not say it already."""
        return self.row.name if self.row.name != self.title else ""


@dataclass
class StageColumn:
    """A stage on the board. Sums are in the company's currency, other amounts at the rate of today;
    ``other_currencies`` counts those without one, which they leave out; ``is_about`` says that some were converted.
    """

    stage: PipelineStage
    count: int = 0
    amount: Decimal = ZERO
    weighted: Decimal = ZERO
    other_currencies: int = 0
    is_about: bool = False
    usual: int | None = None
    cards: list[Card] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many opportunities have no card because there are so many."""
        return self.count - len(self.cards)

    @property
    def share(self) -> float:
        """The stage's probability as a share of one."""
        return self.stage.probability / 100


@dataclass
class WonColumn:
    """What was won this month."""

    since: datetime
    count: int = 0
    amount: Decimal = ZERO
    is_about: bool = False
    cards: list[Card] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many wins have no card because there are so many."""
        return self.count - len(self.cards)


@dataclass
class Board:
    """The whole board and the sentence above it."""

    stages: list[StageColumn]
    won: WonColumn
    stuck: int = 0

    @property
    def count(self) -> int:
        """How many opportunities are open."""
        return sum(column.count for column in self.stages)

    @property
    def amount(self) -> Decimal:
        """What they are worth together."""
        return sum((column.amount for column in self.stages), start=ZERO)

    @property
    def weighted(self) -> Decimal:
        """What they are worth, each by its probability."""
        return sum((column.weighted for column in self.stages), start=ZERO)

    @property
    def is_about(self) -> bool:
        """Whether amounts in other currencies are among them, at the rate of today."""
        return any(column.is_about for column in self.stages)


def board(actor: Actor, rows: Opportunities, *, stuck_only: bool = False, company: Company, at: datetime) -> Board:
    """Of these opportunities, the open ones of the default pipeline by stage, and what was won this month.

    The same few queries however many opportunities there are.
    """
    stages = default_stages()
    usual = usual_days_in_stages(actor, at=at)
    columns = [StageColumn(stage, usual=_whole(usual.get(stage.pk))) for stage in stages]
    stuck = _stuck(stages, usual, at)
    waiting = rows.filter(outcome="", stage__in=stages)
    narrowed = waiting.filter(stuck) if stuck_only else waiting
    found = Board(columns, WonColumn(_start_of_month(at, company.zone)))
    found.stuck = _fill_sums(found, narrowed, company, at, stuck)
    _sum_won(found.won, rows, company)
    _fill_cards(found, actor, narrowed, rows, company.zone, at)
    return found


def column_sums(
    actor: Actor, rows: Opportunities, *, stuck_only: bool = False, company: Company, at: datetime
) -> Board:
    """The board without cards, for the heads of its columns after a card has moved."""
    waiting = waiting_among(rows, actor, stuck_only=stuck_only, at=at)
    found = Board([StageColumn(stage) for stage in default_stages()], WonColumn(_start_of_month(at, company.zone)))
    _fill_sums(found, waiting, company, at, Q())
    _sum_won(found.won, rows, company)
    return found


def waiting_among(rows: Opportunities, actor: Actor, *, stuck_only: bool, at: datetime) -> Opportunities:
    """Those of these opportunities that stand in a column of a stage."""
    stages = default_stages()
    waiting = rows.filter(outcome="", stage__in=stages)
    return waiting.filter(_stuck(stages, usual_days_in_stages(actor, at=at), at)) if stuck_only else waiting


def card_of(actor: Actor, opportunity_id: int, *, company: Company, at: datetime) -> Card | None:
    """One card anew, after it has moved; None when the actor does not see it."""
    row = _shown(visible_opportunities(actor)).filter(pk=opportunity_id).first()
    if row is None:
        return None
    if row.outcome:
        return _won_card(row, company.zone)
    usual = usual_days_in_stages(actor, at=at).get(row.stage_id)
    return _card(row, usual, at, company.zone)


def usual_days_in_stages(actor: Actor, *, at: datetime) -> dict[int, float]:
    """How many days an opportunity usually stood in each stage: the median of those won in the last twelve months.

    Stages with too few cases are left out: nothing is called usual before there are five.
    """
    of_stage: dict[int, list[float]] = defaultdict(list)
    for _, stage, days in _stood_in_stages(actor, since=at - USUAL_OVER):
        if (stage_id := row_id(stage)) is not None:
            of_stage[stage_id].append(days)
    usual = {stage: rules.usual_days(days) for stage, days in of_stage.items()}
    return {stage: days for stage, days in usual.items() if days is not None}


@written
def _stood_in_stages(actor: Actor) -> QuerySet[Span, tuple[int, str, float]]:
    won = visible_opportunities(actor).filter(outcome=Outcome.WON, closed_at__gt=Given("since", MOMENT))
    spans = Span.objects.filter(
        subject_type=ROW, kind="stage", from_at__isnull=False, until_at__isnull=False,
        subject_id__in=won.values("pk"),
    )  # fmt: skip
    stood = spans.values("subject_id", "value").annotate(days=Sum(DaysBetween("from_at", "until_at")))
    return stood.order_by("-subject_id").values_list("subject_id", "value", "days")[:MOST_SPANS]


def pipeline_to_move(actor: Actor, *, company: Company, at: datetime, limit: int) -> tuple[list[Card], int, int]:
    """The actor's own opportunities that need a push, the most urgent first; how many there are, and how many late.

    A push needs who is older than usual in its stage, has no next step, or whose close date has passed.
    """
    if actor.user_id is None:
        return [], 0, 0
    stages = default_stages()
    usual = usual_days_in_stages(actor, at=at)
    today = at.astimezone(company.zone).date()
    mine = visible_opportunities(actor).filter(outcome="", owner_id=actor.user_id, archived_at=None)
    overdue = Q(close_date__lt=today)
    needing = mine.filter(overdue | Q(next_step="") | _stuck(stages, usual, at))
    counted = needing.aggregate(count=Count("pk"), late=Count("pk", filter=overdue))
    rows = _shown(needing).order_by(F("close_date").asc(nulls_last=True), "stage_since", "pk")[:limit]
    cards = [_card(row, usual.get(row.stage_id), at, company.zone) for row in rows]
    return cards, counted["count"], counted["late"]


def own_open(actor: Actor) -> QuerySet[Opportunity]:
    """The open opportunities that the actor owns."""
    mine = visible_opportunities(actor).filter(outcome="", owner_id=actor.user_id, archived_at=None)
    return mine if actor.user_id is not None else mine.none()


def own_late(actor: Actor) -> QuerySet[Opportunity]:
    """Those of them that should have closed by now."""
    return own_open(actor).filter(close_date__lt=TODAY)


# ---------------------------------------------------------------- pieces


def _stuck(stages: Sequence[PipelineStage], usual: dict[int, float], at: datetime) -> Q:
    """Older than usual in its stage; nothing is, where nothing is known to be usual."""
    condition = Q(pk__in=())
    for stage in stages:
        if stage.pk in usual:
            condition |= Q(stage=stage, stage_since__lt=at - timedelta(days=max(usual[stage.pk], 1.0)))
    return condition


def _fill_sums(found: Board, rows: Opportunities, company: Company, at: datetime, stuck: Q) -> int:
    """The sums above the columns, and how many opportunities are stuck, counted along with them."""
    ours = Q(currency=company.currency)
    weighted = ExpressionWrapper(
        F("amount") * F("probability") / 100, output_field=DecimalField(max_digits=17, decimal_places=2)
    )
    sums = rows.order_by().values("stage_id").annotate(
        count=Count("pk"), total=Sum("amount", filter=ours), likely=Sum(weighted, filter=ours),
        other=Count("pk", filter=~ours & Q(amount__isnull=False)), stuck=Count("pk", filter=stuck),
    )  # fmt: skip
    by_stage = {row["stage_id"]: row for row in sums}
    for column in found.stages:
        if row := by_stage.get(column.stage.pk):
            column.count, column.other_currencies = row["count"], row["other"]
            column.amount, column.weighted = row["total"] or ZERO, row["likely"] or ZERO
    if any(row["other"] for row in sums):
        _add_other_currencies(found, rows, company.currency, at.astimezone(company.zone).date())
    return sum(row["stuck"] for row in sums)


def _add_other_currencies(found: Board, rows: Opportunities, currency: str, today: date) -> None:
    """Add what is in other currencies at the rates of today; what has none stays left out, and counted."""
    foreign = rows.order_by().exclude(currency=currency).exclude(amount=None)
    told = list(foreign.values_list("stage_id", "amount", "currency", "probability"))
    rates = rates_of(currency, {code for _stage, _amount, code, _likely in told})
    columns = {column.stage.pk: column for column in found.stages}
    for stage_id, amount, code, likely in told:
        worth = rates.convert(amount or ZERO, code, today)
        if worth is not None and stage_id in columns:
            column = columns[stage_id]
            column.amount += worth
            column.weighted += worth * likely / 100
            column.other_currencies -= 1
            column.is_about = True


def _fill_cards(
    found: Board, actor: Actor, open_ones: Opportunities, rows: Opportunities, zone: ZoneInfo, at: datetime
) -> None:
    """Which opportunities have a card is asked first, what cards show of them then: in words written once."""
    order = [F("close_date").asc(nulls_last=True), F("pk").asc()]
    place = Window(RowNumber(), partition_by=[F("stage_id")], order_by=order)
    first = open_ones.annotate(place=place).filter(place__lte=CARDS).order_by("stage_id", "place")
    waiting = list(first.values_list("pk", flat=True))
    of_month = rows.filter(outcome=Outcome.WON, closed_at__gte=found.won.since).order_by("-closed_at", "-pk")
    won = list(of_month.values_list("pk", flat=True)[:CARDS]) if found.won.count else []
    shown = {row.pk: row for row in _on_cards(actor, ids=[*waiting, *won])}
    columns = {column.stage.pk: column for column in found.stages}
    for row in (shown[pk] for pk in waiting if pk in shown):
        column = columns[row.stage_id]
        column.cards.append(_card(row, column.usual, at, zone))
    found.won.cards = [_won_card(shown[pk], zone) for pk in won if pk in shown]


_CARD = (
    "name", "amount", "currency", "stage_id", "stage_since", "close_date", "next_step", "forecast_category", "outcome",
    "opened_at", "closed_at", "party__name", "organisation__name", "lead__arrived_at", "lead__source__name",
    "lead__source__channel", "owner__name",
)  # fmt: skip


@written
def _on_cards(actor: Actor) -> QuerySet[Opportunity]:
    rows = visible_opportunities(actor).filter(pk__among=Given("ids", VALUES))
    return rows.select_related("party", "organisation", "lead__source", "owner").only(*_CARD)


def _sum_won(won: WonColumn, rows: Opportunities, company: Company) -> None:
    of_month = rows.filter(outcome=Outcome.WON, closed_at__gte=won.since)
    ours = Q(currency=company.currency)
    sums = of_month.aggregate(count=Count("pk"), total=Sum("amount", filter=ours), other=Count("pk", filter=~ours))
    foreign = of_month.order_by().exclude(ours).exclude(amount=None) if sums["other"] else of_month.none()
    told = list(foreign.values_list("amount", "currency", "closed_at"))
    rates = rates_of(company.currency, {code for _amount, code, _at in told})
    first = won.since.astimezone(company.zone).date()
    days = [(amount or ZERO, code, rated_day(at, company.zone, first)) for amount, code, at in told]
    worth = total(rates, days)
    won.count, won.amount, won.is_about = sums["count"], (sums["total"] or ZERO) + worth.amount, bool(worth.known)


def _shown(rows: Opportunities) -> Opportunities:
    """Cards tell nothing of lines and products, which lists fetch."""
    return shown_opportunities(rows.prefetch_related(None))


def _card(row: Opportunity, usual: float | None, at: datetime, zone: ZoneInfo) -> Card:
    today = at.astimezone(zone).date()
    days = (today - row.stage_since.astimezone(zone).date()).days if row.stage_since is not None else None
    return Card(
        row, days=days, usual=_whole(usual), age=rules.age_of(days, usual),
        is_overdue=row.close_date is not None and row.close_date < today,
    )  # fmt: skip


def _won_card(row: Opportunity, zone: ZoneInfo) -> Card:
    start = row.lead.arrived_at if row.lead is not None and row.lead.arrived_at is not None else row.opened_at
    return Card(row, days_to_win=rules.days_to_win(start, row.closed_at, zone))


def _whole(days: float | None) -> int | None:
    return None if days is None else max(1, round(days))


def _start_of_month(at: datetime, zone: ZoneInfo) -> datetime:
    return start_of_day(at.astimezone(zone).date().replace(day=1), zone)
