"""Opportunities of a file: found again or added, a whole chunk with a few statements per table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from headwater.parties.actions.revival import revive_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import BY_HAND, deleted_by_hand
from headwater.platform.events import Fact, record_bulk
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.translated import gettext
from headwater.qualify.actions import convert_leads
from headwater.qualify.queries import by_ids as leads_by_ids
from headwater.qualify.queries import leads_by_external
from headwater.sell.actions.file_cells import (
    FileRow,
    check_amounts,
    check_email,
    faults_found,
    find_buyers,
    find_owners,
    find_products,
    left_open,
    own_id,
    touched_by_hand,
    waves,
)
from headwater.sell.actions.sales_rows import (
    Bought,
    RowChange,
    change_opportunities,
    change_orders,
    give_access_to,
    insert_opportunities,
    place_orders_of_wins,
    record_wins,
)
from headwater.sell.actions.steps import ROW, parties_of
from headwater.sell.events import (
    OpportunityDeleted,
    OpportunityLost,
    OpportunityMoved,
    OpportunityRestored,
    OpportunityWon,
    OrderRestored,
)
from headwater.sell.models import ForecastCategory, LostReason, Opportunity, OpportunityLine, Order, PipelineStage
from headwater.sell.models import Outcome as End
from headwater.sell.queries.visible import default_stages

OPEN = "OPEN"
TEXTS = ("name", "next_step", "competitor", "forecast_category")
VALUES = ("amount", "opened_at", "close_date", "probability")
# How a file without a column for the state calls a closed opportunity in its column for the stage.
ENDS = {"won": End.WON, "closed won": End.WON, "lost": End.LOST, "closed lost": End.LOST}
OF_ITS_END = ("outcome", "closed_at", "lost_reason")  # what a file only says of one that nobody worked on
CATEGORY = {"": ForecastCategory.PIPELINE, "WON": ForecastCategory.CLOSED, "LOST": ForecastCategory.OMITTED}


def opportunity_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about an opportunity, as far as the row itself tells."""
    return faults_found(_check_numbers, values)


def _check_numbers(row: FileRow) -> None:
    check_amounts(row, "amount")
    percent = row.get("probability")
    if percent is not None and not 0 <= percent <= 100:
        row.errors.append(gettext("Probability: {percent} is not between 0 and 100.").format(percent=percent))


@action
def import_opportunities(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a chunk of opportunities; a won one comes with its order.

    An opportunity is the same by its id in the system, else by who buys what since when. What the file leaves
    blank is kept. What somebody changed here by hand is left as it is, whatever the file says. One result per row.

    Raises:
        NotAllowed: the actor may not import opportunities, or not add the people and companies they need.
    """
    by.require("sell.opportunity.import")
    by = by.in_batch(batch.id)
    stages = default_stages()
    keys = {row.line: own_id(row, "organisation", "person", "email", "name", "product", "opened_at") for row in rows}
    results: dict[int, RowResult] = {}
    for wave in waves(rows, keys):
        read = [FileRow(row, keys[row.line], extra=dict(row.extra)) for row in wave]
        wave_of_rows = _Wave(read, stages, batch, by, at)
        wave_of_rows.find()
        wave_of_rows.add()
        _store_changes(wave_of_rows.changes(), by=by, at=at)
        results.update((row.row.line, row.result()) for row in read)
    return [results[row.line] for row in rows]


@dataclass
class _Changes:
    """What a wave changes: the rows, those that are won by it, and the wins whose value or day was corrected."""

    changes: list[RowChange] = field(default_factory=list)
    won: list[tuple[Opportunity, Sequence[Bought]]] = field(default_factory=list)
    revalued: dict[int, Opportunity] = field(default_factory=dict)


def _store_changes(found: _Changes, *, by: Actor, at: datetime) -> None:
    """Write what the file changes, with the orders of new wins and corrections of older ones."""
    rows = [row for row, _ in found.won]
    orders = place_orders_of_wins(rows, [what for _, what in found.won], by=by, at=at)
    for change in found.changes:
        if change.step is OpportunityWon and change.told is not None:
            change.told["order_id"] = orders.get(change.row.pk)
    change_opportunities(found.changes, by=by, at=at)
    corrected = []
    imported = Order.objects.select_for_update().filter(deleted_at=None, batch_id__isnull=False)
    for order in imported.filter(opportunity_id__in=list(found.revalued)):
        won = found.revalued[order.opportunity_id or 0]
        wanted = {"amount": won.amount, "currency": won.currency, "ordered_at": won.closed_at}
        changed = {n: [getattr(order, n), new] for n, new in wanted.items() if getattr(order, n) != new}
        for name, (_, new) in changed.items():
            setattr(order, name, new)
        if changed:
            corrected.append((order, changed))
    change_orders(corrected, by=by, at=at)


class _Wave:
    """Rows about different opportunities on their way into the tables."""

    def __init__(
        self, read: Sequence[FileRow], stages: Sequence[PipelineStage], batch: Batch, by: Actor, at: datetime
    ) -> None:
        self.read, self.stages, self.batch, self.by, self.at = read, stages, batch, by, at
        self.by_name = {stage.name.casefold(): stage for stage in stages}
        self.known: dict[str, Opportunity] = {}

    def find(self) -> None:
        """Check the rows and find everything they name."""
        for row in self.read:
            self._check(row)
        self._find_leads()
        find_owners(self.read)
        find_products(self.read, system=self.batch.system)
        self.known = self._known()
        self._leave_deleted()
        find_buyers(self.read, batch=self.batch, kind_key=ROW, by=self.by, at=self.at)

    def add(self) -> None:
        """Write the opportunities that are new."""
        self._add([row for row in self.read if row.ok and row.external_id not in self.known])

    def changes(self) -> _Changes:
        """What the file says differently about those that are here; brings back those that were deleted."""
        return self._change([(r, self.known[r.external_id]) for r in self.read if r.ok and r.external_id in self.known])

    # -- reading

    def _check(self, row: FileRow) -> None:
        _check_numbers(row)
        stage = row.text("stage").casefold()
        if stage and stage not in self.by_name and stage not in ENDS:
            there = ", ".join(stage.name for stage in self.stages)
            row.errors.append(
                gettext("Stage: there is no stage “{row}”. There are: {there}.").format(
                    row=row.text("stage"), there=there
                )
            )
        check_email(row)

    def _find_leads(self) -> None:
        wanted = sorted({row.text("lead") for row in self.read} - {""})
        if not wanted:
            return
        found = leads_by_external(self.batch.system, wanted)
        leads = {lead.pk: lead for lead in leads_by_ids(self.by, found.values())}
        for row in self.read:
            name = row.text("lead")
            if not name:
                continue
            lead = leads.get(found.get(name, 0))
            if lead is None:
                row.errors.append(
                    gettext("Lead: no lead “{name}” is known in {system}.").format(
                        name=name, system=self.batch.system or "this system"
                    )
                )
                continue
            row.lead_id, row.party_id, row.organisation_id = lead.pk, lead.party_id, lead.organisation_id

    def _known(self) -> dict[str, Opportunity]:
        found = known_ids(self.batch.system, ROW, [row.external_id for row in self.read if row.ok])
        rows = Opportunity.objects.select_for_update(of=("self",)).select_related("stage")
        there = rows.prefetch_related("lines").in_bulk(list(found.values()))
        return {external_id: there[pk] for external_id, pk in found.items() if pk in there}

    def _leave_deleted(self) -> None:
        """Rows about opportunities that people deleted change nothing, and bring nobody back."""
        gone = {known.pk: known.deleted_at for known in self.known.values()}
        stay = deleted_by_hand(ROW, gone, OpportunityDeleted.verb)
        for row in self.read:
            known = self.known.get(row.external_id)
            if known is not None and row.ok:
                row.object_id = known.pk
                if known.pk in stay:
                    row.leave(gettext("The opportunity"), known.pk, stay[known.pk], self.batch.zone)

    def _state(self, row: FileRow) -> str:
        said = row.text("state") or ENDS.get(row.text("stage").casefold(), "")
        return "" if said == OPEN else str(said)

    def _stage(self, row: FileRow) -> PipelineStage | None:
        return self.by_name.get(row.text("stage").casefold())

    # -- adding

    def _add(self, rows: Sequence[FileRow]) -> None:
        if not rows:
            return
        drafts = [self._draft(row) for row in rows]
        bought = [self._bought(row) for row in rows]
        insert_opportunities(drafts, bought, by=self.by, at=self.at)
        for row, draft in zip(rows, drafts, strict=True):
            row.object_id, row.outcome = draft.pk, Outcome.CREATED
        won = [(draft, what) for draft, what in zip(drafts, bought, strict=True) if draft.outcome == End.WON]
        self._close(won)
        lost: list[Fact] = [self._lost(draft) for draft in drafts if draft.outcome == End.LOST]
        moments = [draft.closed_at or self.at for draft in drafts if draft.outcome == End.LOST]
        record_bulk(lost, by=self.by, at=moments)
        remember_ids(self.batch.system, ROW, {row.external_id: row.object_id for row in rows if row.object_id})
        leads = {draft.lead_id: draft.opened_at or draft.closed_at for draft in drafts if draft.lead_id is not None}
        if leads:
            convert_leads(leads, by=self.by, at=self.at)

    def _close(self, won: Sequence[tuple[Opportunity, Sequence[Bought]]]) -> None:
        rows = [row for row, _ in won]
        orders = place_orders_of_wins(rows, [what for _, what in won], by=self.by, at=self.at)
        record_wins(rows, orders, by=self.by, at=self.at)

    def _draft(self, row: FileRow) -> Opportunity:
        state = self._state(row)
        # Through which stages a closed one went is not known: won stands at the end, lost at the beginning.
        stage = self._stage(row) or (self.stages[-1] if state == End.WON else self.stages[0])
        percent = row.get("probability")
        category = CATEGORY[state].value
        opened = row.get("opened_at")
        return Opportunity(
            name=self._name(row), lead_id=row.lead_id, party_id=row.party_id, organisation_id=row.organisation_id,
            stage=stage, stage_since=None if state else opened, outcome=state, amount=row.get("amount"),
            currency=row.text("currency") or self.batch.currency,
            probability=stage.probability if percent is None else int(percent),
            forecast_category=row.text("forecast_category") or category, close_date=row.get("close_date"),
            next_step=row.text("next_step")[:200], competitor=row.text("competitor")[:120],
            lost_reason=row.text("lost_reason") or LostReason.UNKNOWN.value if state == End.LOST else "",
            opened_at=opened, closed_at=row.get("closed_at") if state else None, owner_id=row.owner_id,
            team_id=row.team_id, extra=row.extra, created_at=self.at, batch_id=self.batch.id,
        )  # fmt: skip

    def _name(self, row: FileRow) -> str:
        given = row.text("name") or row.text("product") or row.text("organisation") or row.text("person")
        return (given or f"Opportunity {row.external_id[:12]}")[:200]

    @staticmethod
    def _bought(row: FileRow) -> Sequence[Bought]:
        text = row.text("product")
        if not text:
            return ()
        return (Bought(row.product_id, text[:160], row.get("quantity") or Decimal(1), row.get("unit_price")),)

    @staticmethod
    def _lost(row: Opportunity, fields: dict[str, list[Any]] | None = None) -> OpportunityLost:
        words = str(LostReason(row.lost_reason).label).lower()
        return OpportunityLost(
            opportunity_id=row.pk, fields=fields or {}, reason=row.lost_reason, words=words,
            competitor=row.competitor or None, party_id=row.party_id, organisation_id=row.organisation_id,
        )  # fmt: skip

    # -- changing

    def _change(self, pairs: Sequence[tuple[FileRow, Opportunity]]) -> _Changes:
        self._revive([(row, known) for row, known in pairs if known.deleted_at is not None])
        said = [(row, known, self._differences(row, known)) for row, known in pairs]
        by_hand = touched_by_hand(ROW, [known.pk for _, known, values in said if values])
        found = _Changes()
        for row, known, wanted in said:
            row.object_id = known.pk
            self._name_products(row, known)
            values = wanted
            if known.pk in by_hand:
                values = {n: new for n, new in left_open(known, wanted, "amount").items() if n not in OF_ITS_END}
                if values.keys() != wanted.keys():
                    row.notes.append(str(BY_HAND))
            if not values:
                continue
            found.changes.append(self._taken_over(known, values))
            if "outcome" in values and known.outcome == End.WON:
                found.won.append((known, self._bought(row)))
            elif known.outcome == End.WON and {"amount", "currency", "closed_at"} & values.keys():
                found.revalued[known.pk] = known
            if row.outcome is Outcome.UNCHANGED:
                row.outcome = Outcome.UPDATED
        return found

    def _differences(self, row: FileRow, known: Opportunity) -> dict[str, Any]:
        wanted: dict[str, Any] = {name: row.text(name) for name in TEXTS if row.text(name)}
        wanted |= {name: row.get(name) for name in VALUES if row.get(name) is not None}
        if row.text("currency"):
            wanted["currency"] = row.text("currency")
        for name in ("party_id", "organisation_id", "lead_id"):
            if getattr(row, name) is not None:
                wanted[name] = getattr(row, name)
        if known.owner_id is None and row.owner_id is not None:
            wanted |= {"owner_id": row.owner_id, "team_id": row.team_id}
        state = self._state(row)
        said_state = bool(row.text("state") or row.text("stage"))
        if state and not known.outcome:
            wanted |= {"outcome": state, "closed_at": row.get("closed_at")}
            wanted["forecast_category"] = CATEGORY[state].value
            if state == End.LOST:
                wanted["lost_reason"] = row.text("lost_reason") or LostReason.UNKNOWN.value
        elif known.outcome and said_state and state != known.outcome:
            says = (state or OPEN).lower()
            row.notes.append(
                gettext("Here it is {outcome}, the file says {says}: left as it is.").format(
                    outcome=known.outcome.lower(), says=says
                )
            )
        elif known.outcome and row.get("closed_at") is not None:
            wanted["closed_at"] = row.get("closed_at")
        stage = self._stage(row)
        if stage is not None and not state and not known.outcome and stage.pk != known.stage_id:
            wanted |= {"stage_id": stage.pk, "stage_since": self.at}
            if row.get("probability") is None:
                wanted["probability"] = stage.probability
        if row.extra and (extra := {**known.extra, **row.extra}) != known.extra:
            wanted["extra"] = extra
        return {name: new for name, new in wanted.items() if getattr(known, name) != new}

    def _taken_over(self, known: Opportunity, values: dict[str, Any]) -> RowChange:
        changed = {name: [getattr(known, name), new] for name, new in values.items()}
        before = known.stage.name
        for name, new in values.items():
            setattr(known, name, new)
        if known.outcome == End.WON and "outcome" in values:
            amount = None if known.amount is None else str(known.amount)
            told: dict[str, Any] = {"lead_id": known.lead_id, "amount": amount}
            told["currency"] = known.currency if amount is not None else None
            return RowChange(known, changed, OpportunityWon, told)
        if known.outcome == End.LOST and "outcome" in values:
            fact = self._lost(known)
            told = {"reason": fact.reason, "words": fact.words, "competitor": fact.competitor}
            return RowChange(known, changed, OpportunityLost, told)
        if "stage_id" in values:
            there = next(stage.name for stage in self.stages if stage.pk == known.stage_id)
            return RowChange(known, changed, OpportunityMoved, {"from_stage": before, "to_stage": there})
        return RowChange(known, changed)

    def _name_products(self, row: FileRow, known: Opportunity) -> None:
        """A text that was to decide and that the catalogue or the profile knows by now is decided."""
        text = row.text("product")
        if not text:
            return
        lines = list(known.lines.all())
        if not lines:
            line = OpportunityLine(opportunity=known, product_id=row.product_id, product_text=text[:160])
            line.save()
            row.outcome = Outcome.UPDATED if row.outcome is Outcome.UNCHANGED else row.outcome
        elif len(lines) == 1 and lines[0].is_to_decide and row.product_id is not None:
            OpportunityLine.objects.filter(pk=lines[0].pk).update(product_id=row.product_id)
            row.outcome = Outcome.UPDATED if row.outcome is Outcome.UNCHANGED else row.outcome

    def _revive(self, pairs: Sequence[tuple[FileRow, Opportunity]]) -> None:
        revive_opportunities([known for _, known in pairs], batch=self.batch, by=self.by, at=self.at)
        for row, _ in pairs:
            row.outcome = Outcome.CREATED


def revive_opportunities(rows: Sequence[Opportunity], *, batch: Batch, by: Actor, at: datetime) -> None:
    """Bring back what was deleted, with the orders that fell with it and the parties it is about."""
    if not rows:
        return
    fell: dict[int, list[int]] = {}
    deleted = {row.pk: row.deleted_at for row in rows}
    orders = [
        order
        for order in Order.objects.filter(opportunity_id__in=list(deleted), deleted_at__isnull=False)
        if order.deleted_at == deleted[order.opportunity_id or 0]
    ]
    for order in orders:
        fell.setdefault(order.opportunity_id or 0, []).append(order.pk)
    revive_orders(orders, batch=batch, by=by, at=at)
    Opportunity.objects.filter(pk__in=list(deleted)).update(deleted_at=None, batch_id=batch.id)
    for row in rows:
        row.deleted_at, row.batch_id = None, batch.id
    revive_parties(sorted({pk for row in rows for pk in parties_of(row)}), by=by, at=at)
    give_access_to([row for row in rows if row.owner_id is not None], by=by)
    facts: list[Fact] = [
        OpportunityRestored(
            opportunity_id=row.pk, order_ids=fell.get(row.pk), party_id=row.party_id,
            organisation_id=row.organisation_id,
        )
        for row in rows
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))
    leads = {row.lead_id: row.closed_at or row.opened_at for row in rows if row.lead_id is not None}
    if leads:
        convert_leads(leads, by=by, at=at)


def revive_orders(orders: Sequence[Order], *, batch: Batch, by: Actor, at: datetime) -> None:
    """Let deleted orders count again, as orders of the batch that names them now."""
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(deleted_at=None, batch_id=batch.id)
    facts: list[Fact] = [
        OrderRestored(order_id=order.pk, party_id=order.party_id, organisation_id=order.organisation_id)
        for order in orders
    ]
    record_bulk(facts, by=by, at=[at] * len(facts))
