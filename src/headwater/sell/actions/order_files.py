"""Orders of a file: of a lead, which is won by that, or of a person or company; a chunk with a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from headwater.parties.actions.revival import revive_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.qualify.actions import convert_leads
from headwater.qualify.queries import by_ids as leads_by_ids
from headwater.qualify.queries import leads_by_external
from headwater.sell.actions.file_cells import (
    BY_HAND,
    FileRow,
    check_amounts,
    find_buyers,
    find_owners,
    find_products,
    is_blank,
    own_id,
    touched_by_hand,
    waves,
)
from headwater.sell.actions.opportunity_files import revive_opportunities, revive_orders
from headwater.sell.actions.sales_rows import (
    Bought,
    RowChange,
    change_opportunities,
    change_orders,
    insert_opportunities,
    insert_orders,
    record_wins,
)
from headwater.sell.actions.steps import ORDER_ROW, ROW
from headwater.sell.events import OpportunityWon
from headwater.sell.models import ForecastCategory, Opportunity, Order
from headwater.sell.models import Outcome as End
from headwater.sell.queries.visible import default_stages

if TYPE_CHECKING:
    from headwater.qualify.models import Lead

OrderChange = tuple[Order, dict[str, list[Any]]]


@action
def import_orders(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a chunk of orders. The order of a lead wins the lead's open opportunity, or one is added as won.

    An order is the same by its id in the system or its number, else by who bought what when. A lead that is not
    known is a reason to hand the row back. Day and amount may be unknown. One result per row.

    Raises:
        NotAllowed: the actor may not import orders, or not add the people and companies they need.
    """
    by.require("sell.order.import")
    by = by.in_batch(batch.id)
    keys = {row.line: _key(row) for row in rows}
    results: dict[int, RowResult] = {}
    for wave in waves(rows, keys):
        read = [FileRow(row, keys[row.line], extra=dict(row.extra)) for row in wave]
        wave_of_rows = _Wave(read, batch, by, at)
        wave_of_rows.find()
        wave_of_rows.add()
        changes = wave_of_rows.changes()
        change_orders(changes, by=by, at=at)
        _correct_wins(changes, by=by, at=at)
        results.update((row.row.line, row.result()) for row in read)
    return [results[row.line] for row in rows]


def _key(row: CleanRow) -> str:
    if row.values.get("number") and not row.values.get("external_id"):
        return f"number:{row.values['number']}"
    return own_id(row, "lead", "organisation", "person", "email", "product", "ordered_at", "amount")


def _correct_wins(changes: Sequence[OrderChange], *, by: Actor, at: datetime) -> None:
    """The win of an order whose day or amount was corrected is corrected with it."""
    moved = {
        order.opportunity_id: (order, changed)
        for order, changed in changes
        if order.opportunity_id is not None and {"ordered_at", "amount"} & changed.keys()
    }
    corrected = []
    for won in Opportunity.objects.select_for_update().filter(pk__in=list(moved), outcome=End.WON):
        order, changed = moved[won.pk]
        values: dict[str, Any] = {}
        if "ordered_at" in changed and won.closed_at == changed["ordered_at"][0]:
            values["closed_at"] = [won.closed_at, order.ordered_at]
        if "amount" in changed and won.amount == changed["amount"][0]:
            values["amount"] = [won.amount, order.amount]
        for name, (_, new) in values.items():
            setattr(won, name, new)
        if values:
            corrected.append(RowChange(won, values))
    change_opportunities(corrected, by=by, at=at)


class _Wave:
    """Rows about different orders on their way into the tables."""

    def __init__(self, read: Sequence[FileRow], batch: Batch, by: Actor, at: datetime) -> None:
        self.read, self.batch, self.by, self.at = read, batch, by, at
        self.leads: dict[int, Lead] = {}
        self.opportunities: dict[int, int] = {}
        self.known: dict[str, Order] = {}
        self.new: list[Opportunity] = []
        self.closing: dict[int, RowChange] = {}
        self.last_stage = default_stages()[-1]

    def find(self) -> None:
        """Check the rows and find everything they name."""
        for row in self.read:
            self._check(row)
        self._find_leads()
        self._find_opportunities()
        find_owners(self.read)
        find_products(self.read, system=self.batch.system)
        self.known = self._known()
        find_buyers(self.read, batch=self.batch, kind_key=ORDER_ROW, by=self.by, at=self.at)
        for row in self.read:
            if row.ok and row.party_id is None and row.external_id not in self.known:
                row.errors.append("The row does not say who bought: no lead, company, person or e-mail.")

    def add(self) -> None:
        """Write the orders that are new, and the wins that come of them."""
        self._add([row for row in self.read if row.ok and row.external_id not in self.known])

    def changes(self) -> list[OrderChange]:
        """What the file says differently about those that are here; brings back those that were deleted."""
        return self._change([(r, self.known[r.external_id]) for r in self.read if r.ok and r.external_id in self.known])

    # -- reading

    def _check(self, row: FileRow) -> None:
        check_amounts(row, "amount", "cost", "unit_price")
        ordered = row.get("ordered_at")
        if ordered is not None and ordered > self.at:
            row.errors.append(f"Ordered: {ordered:%Y-%m-%d} has not come yet.")

    def _find_leads(self) -> None:
        wanted = sorted({row.text("lead") for row in self.read} - {""})
        if not wanted:
            return
        found = leads_by_external(self.batch.system, wanted)
        self.leads = {lead.pk: lead for lead in leads_by_ids(self.by, found.values())}
        for row in self.read:
            name = row.text("lead")
            lead = self.leads.get(found.get(name, 0)) if name else None
            if lead is not None:
                row.lead_id, row.party_id, row.organisation_id = lead.pk, lead.party_id, lead.organisation_id
            elif name:
                where = f" in {self.batch.system}" if self.batch.system else ""
                row.errors.append(f"No lead “{name}” is known{where}. Import the leads first.")

    def _find_opportunities(self) -> None:
        wanted = sorted({row.text("opportunity") for row in self.read} - {""})
        if not wanted:
            return
        found = known_ids(self.batch.system, ROW, wanted)
        live = {row.pk: row for row in Opportunity.objects.filter(pk__in=found.values(), deleted_at=None)}
        for row in self.read:
            name = row.text("opportunity")
            opportunity = live.get(found.get(name, 0)) if name else None
            if opportunity is not None:
                self.opportunities[row.row.line] = opportunity.pk
                row.lead_id = row.lead_id or opportunity.lead_id
                row.party_id = row.party_id or opportunity.party_id
                row.organisation_id = row.organisation_id or opportunity.organisation_id
            elif name:
                row.errors.append(f"No opportunity “{name}” is known. Import the opportunities first.")

    def _known(self) -> dict[str, Order]:
        found = known_ids(self.batch.system, ORDER_ROW, [row.external_id for row in self.read if row.ok])
        there = Order.objects.select_for_update().in_bulk(list(found.values()))
        return {external_id: there[pk] for external_id, pk in found.items() if pk in there}

    # -- adding

    def _add(self, rows: Sequence[FileRow]) -> None:
        if not rows:
            return
        self._win([row for row in rows if row.lead_id is not None or row.row.line in self.opportunities])
        orders = [self._draft(row) for row in rows]
        insert_orders(orders, [self._bought(row) for row in rows], by=self.by, at=self.at)
        for row, order in zip(rows, orders, strict=True):
            row.object_id, row.outcome = order.pk, Outcome.CREATED
        self._record_wins(orders)
        remember_ids(self.batch.system, ORDER_ROW, {row.external_id: row.object_id for row in rows if row.object_id})
        leads = {order.lead_id: order.ordered_at for order in reversed(orders) if order.lead_id is not None}
        if leads:
            convert_leads(leads, by=self.by, at=self.at)

    def _win(self, rows: Sequence[FileRow]) -> None:
        """Find the opportunity each order belongs to: one that is won already, an open one, or else a new one."""
        lead_ids = {row.lead_id for row in rows if row.lead_id is not None}
        there = Opportunity.objects.select_for_update().filter(deleted_at=None).exclude(outcome=End.LOST)
        of_lead: dict[int, Opportunity] = {}
        for found in there.filter(lead_id__in=lead_ids).order_by("-outcome", "pk"):
            of_lead.setdefault(found.lead_id or 0, found)
        named = there.in_bulk(list(self.opportunities.values()))
        drafts: dict[int, tuple[Opportunity, Bought | None]] = {}
        for row in rows:
            opportunity = named.get(self.opportunities.get(row.row.line, 0)) or of_lead.get(row.lead_id or 0)
            if opportunity is None and row.lead_id is not None and row.lead_id not in drafts:
                drafts[row.lead_id] = (self._won_opportunity(row), self._bought(row))
            elif opportunity is not None and not opportunity.outcome:
                self.closing[opportunity.pk] = self._close(opportunity, row)
            if opportunity is not None:
                self.opportunities[row.row.line] = opportunity.pk
        self.new = [opportunity for opportunity, _ in drafts.values()]
        insert_opportunities(self.new, [bought for _, bought in drafts.values()], by=self.by, at=self.at)
        for row in rows:
            if row.row.line not in self.opportunities and row.lead_id in drafts:
                self.opportunities[row.row.line] = drafts[row.lead_id][0].pk

    def _won_opportunity(self, row: FileRow) -> Opportunity:
        stage = self.last_stage
        lead = self.leads[row.lead_id or 0]
        name = row.text("product") or lead.title or f"Opportunity from {self.batch.system or 'a file'}"
        return Opportunity(
            name=name[:200], lead_id=lead.pk, party_id=lead.party_id, organisation_id=lead.organisation_id, stage=stage,
            outcome=End.WON.value, amount=row.get("amount"), currency=row.text("currency") or self.batch.currency,
            probability=stage.probability, forecast_category=ForecastCategory.CLOSED.value,
            closed_at=row.get("ordered_at"), owner_id=row.owner_id or lead.owner_id,
            team_id=row.team_id if row.owner_id else lead.team_id, created_at=self.at, batch_id=self.batch.id,
        )  # fmt: skip

    def _close(self, opportunity: Opportunity, row: FileRow) -> RowChange:
        values: dict[str, Any] = {
            "outcome": End.WON.value, "closed_at": row.get("ordered_at"),
            "forecast_category": ForecastCategory.CLOSED.value,
        }  # fmt: skip
        if row.get("amount") is not None:
            values["amount"] = row.get("amount")
        changed = {n: [getattr(opportunity, n), new] for n, new in values.items() if getattr(opportunity, n) != new}
        for name, (_, new) in changed.items():
            setattr(opportunity, name, new)
        amount = None if opportunity.amount is None else str(opportunity.amount)
        told: dict[str, Any] = {"lead_id": opportunity.lead_id, "amount": amount}
        told["currency"] = None if amount is None else opportunity.currency
        return RowChange(opportunity, changed, OpportunityWon, told)

    def _record_wins(self, orders: Sequence[Order]) -> None:
        of = {order.opportunity_id: order.pk for order in reversed(orders) if order.opportunity_id is not None}
        record_wins(self.new, of, by=self.by, at=self.at)
        for change in self.closing.values():
            if change.told is not None:
                change.told["order_id"] = of.get(change.row.pk)
        change_opportunities(list(self.closing.values()), by=self.by, at=self.at)

    def _draft(self, row: FileRow) -> Order:
        lead = self.leads.get(row.lead_id or 0)
        owner_id, team_id = row.owner_id, row.team_id
        if owner_id is None and lead is not None:
            owner_id, team_id = lead.owner_id, lead.team_id
        return Order(
            number=row.text("number")[:60], party_id=row.party_id, organisation_id=row.organisation_id,
            lead_id=row.lead_id, opportunity_id=self.opportunities.get(row.row.line), ordered_at=row.get("ordered_at"),
            amount=row.get("amount"), cost=row.get("cost"), currency=row.text("currency") or self.batch.currency,
            owner_id=owner_id, team_id=team_id, note=row.text("note")[:300], extra=row.extra, created_at=self.at,
            batch_id=self.batch.id,
        )  # fmt: skip

    @staticmethod
    def _bought(row: FileRow) -> Bought | None:
        text = row.text("product")
        if not text:
            return None
        return Bought(row.product_id, text[:160], row.get("quantity") or Decimal(1), row.get("unit_price"))

    # -- changing

    def _change(self, pairs: Sequence[tuple[FileRow, Order]]) -> list[OrderChange]:
        self._revive([(row, order) for row, order in pairs if order.deleted_at is not None])
        said = [(row, order, self._differences(row, order)) for row, order in pairs]
        by_hand = touched_by_hand(ORDER_ROW, [order.pk for _, order, values in said if values])
        changes: list[OrderChange] = []
        for row, order, wanted in said:
            row.object_id = order.pk
            values = wanted
            if order.pk in by_hand:
                values = {n: new for n, new in wanted.items() if n == "extra" or is_blank(getattr(order, n))}
                if values.keys() != wanted.keys():
                    row.notes.append(BY_HAND)
            if values:
                changed = {name: [getattr(order, name), new] for name, new in values.items()}
                for name, new in values.items():
                    setattr(order, name, new)
                changes.append((order, changed))
                row.outcome = Outcome.UPDATED if row.outcome is Outcome.UNCHANGED else row.outcome
        return changes

    def _differences(self, row: FileRow, order: Order) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            name: row.get(name) for name in ("ordered_at", "amount", "cost") if row.get(name) is not None
        }
        wanted |= {name: row.text(name) for name in ("number", "note", "currency") if row.text(name)}
        if order.lead_id is None and row.lead_id is not None:
            wanted["lead_id"] = row.lead_id
        if row.extra and (extra := {**order.extra, **row.extra}) != order.extra:
            wanted["extra"] = extra
        return {name: new for name, new in wanted.items() if getattr(order, name) != new}

    def _revive(self, pairs: Sequence[tuple[FileRow, Order]]) -> None:
        if not pairs:
            return
        deleted = Opportunity.objects.filter(pk__in=[o.opportunity_id for _, o in pairs], deleted_at__isnull=False)
        revive_opportunities(list(deleted), batch=self.batch, by=self.by, at=self.at)
        orders = [order for _, order in pairs]
        gone = Order.objects.filter(pk__in=[order.pk for order in orders], deleted_at__isnull=False)
        revive_orders(list(gone), batch=self.batch, by=self.by, at=self.at)
        parties = {pk for order in orders for pk in (order.party_id, order.organisation_id) if pk is not None}
        revive_parties(sorted(parties), by=self.by, at=self.at)
        for row, order in pairs:
            order.deleted_at, order.batch_id, row.outcome = None, self.batch.id, Outcome.CREATED
        leads = {order.lead_id: order.ordered_at for order in orders if order.lead_id is not None}
        if leads:
            convert_leads(leads, by=self.by, at=self.at)
