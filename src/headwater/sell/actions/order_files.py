"""Orders of a file: of a lead, which is won by that, or of a person or company; a chunk with a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from headwater.parties.actions.revival import revive_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import BY_HAND, deleted_by_hand
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.money import in_cents
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
    touched_by_hand,
)
from headwater.sell.actions.file_orders import FileOrder, gathered, order_key
from headwater.sell.actions.opportunity_files import revive_opportunities, revive_orders
from headwater.sell.actions.order_lines import OrderLines, bought_of, find_lines, write_lines
from headwater.sell.actions.sales_rows import (
    Bought,
    RowChange,
    change_opportunities,
    change_orders,
    insert_opportunities,
    insert_orders,
    record_wins,
    sum_known,
)
from headwater.sell.actions.steps import ORDER_ROW, ROW
from headwater.sell.events import OpportunityDeleted, OpportunityWon, OrderDeleted
from headwater.sell.models import ForecastCategory, Opportunity, Order
from headwater.sell.models import Outcome as End
from headwater.sell.queries.visible import default_stages, visible_opportunities

if TYPE_CHECKING:
    from headwater.qualify.models import Lead

OrderChange = tuple[Order, dict[str, list[Any]]]


@action
def import_orders(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a chunk of orders. The order of a lead wins the lead's open opportunity, or one is added as won.

    An order is the same by its id in the system or its number, else by who bought when, and what if the row gives
    the value of a whole order. All rows about one order are its lines, wherever in the file they stand; a row that
    contradicts the first one's head is handed back, as is one whose lead is not known or whose opportunity was lost.
    Day and amount may be unknown. One result per row.

    Raises:
        NotAllowed: the actor may not import orders, or not add the people and companies they need.
    """
    by.require("sell.order.import")
    by = by.in_batch(batch.id)
    read = [FileRow(row, order_key(row), extra=dict(row.extra)) for row in rows]
    chunk = _Chunk(read, batch, by, at)
    chunk.find()
    chunk.add()
    changes = chunk.changes()
    change_orders(changes, by=by, at=at)
    _correct_wins(changes, by=by, at=at)
    chunk.remember_heads()
    return [row.result() for row in read]


def order_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row of an order."""
    return faults_found(lambda row: _check(row, batch, at), values)


def _check(row: FileRow, batch: Batch, at: datetime) -> None:
    quantity = row.get("quantity")
    if quantity is not None and quantity < 0:
        row.errors.append(
            gettext("Quantity: {quantity:f} is a return or credit note, not something bought.").format(
                quantity=quantity.normalize()
            )
        )
        row.row.values.pop("quantity")
    check_amounts(row, "amount", "cost", "unit_price", "unit_cost", "line_amount")
    price = row.get("unit_price")
    if price is not None and price != in_cents(price):
        row.notes.append(
            gettext(
                "Price each: {price:f} is kept as {kept}; the line comes to what it says with all decimals."
            ).format(price=price.normalize(), kept=in_cents(price))
        )
    discount = row.get("discount")
    if discount is not None and not 0 <= discount <= 100:
        row.errors.append(gettext("Discount: {discount} is not between 0 and 100 percent.").format(discount=discount))
    ordered = row.get("ordered_at")
    if ordered is not None and ordered > at:
        row.errors.append(
            gettext("Ordered: {zone:%Y-%m-%d} has not come yet.").format(zone=ordered.astimezone(ZoneInfo(batch.zone)))
        )


def _correct_wins(changes: Sequence[OrderChange], *, by: Actor, at: datetime) -> None:
    """The win of an order whose day, amount or currency was corrected is corrected with it."""
    moved = {
        order.opportunity_id: (order, changed)
        for order, changed in changes
        if order.opportunity_id is not None and {"ordered_at", "amount", "currency"} & changed.keys()
    }
    corrected = []
    for won in Opportunity.objects.select_for_update().filter(pk__in=list(moved), outcome=End.WON):
        order, changed = moved[won.pk]
        values: dict[str, Any] = {}
        if "ordered_at" in changed and won.closed_at == changed["ordered_at"][0]:
            values["closed_at"] = [won.closed_at, order.ordered_at]
        worth = {name: changed[name][0] if name in changed else getattr(order, name) for name in ("amount", "currency")}
        if all(getattr(won, name) == old for name, old in worth.items()):  # an amount is nothing without its currency
            values |= {name: [old, getattr(order, name)] for name, old in worth.items() if name in changed}
        for name, (_, new) in values.items():
            setattr(won, name, new)
        if values:
            corrected.append(RowChange(won, values))
    change_opportunities(corrected, by=by, at=at)


class _Chunk:
    """Rows on their way into the tables of orders and their lines."""

    def __init__(self, read: Sequence[FileRow], batch: Batch, by: Actor, at: datetime) -> None:
        self.read, self.batch, self.by, self.at = read, batch, by, at
        self.leads: dict[int, Lead] = {}
        self.opportunities: dict[int, int] = {}
        self.lost: set[int] = set()
        self.known: dict[str, Order] = {}
        self.orders: list[FileOrder] = []
        self.heads: list[Order] = []
        self.new: list[Opportunity] = []
        self.closing: dict[int, RowChange] = {}
        self.last_stage = default_stages()[-1]

    def find(self) -> None:
        """Check the rows, find everything they name, and gather them by their orders."""
        for row in self.read:
            _check(row, self.batch, self.at)
            check_email(row)
        self._find_leads()
        self._find_opportunities()
        find_owners(self.read)
        find_products(self.read, system=self.batch.system)
        self.known = self._known()
        self._leave_deleted()
        self.orders = gathered(self.read, self.known, self.batch)
        self._find_buyers()

    def add(self) -> None:
        """Write the orders that are new, and the wins that come of them."""
        self._add([about for about in self.orders if about.key not in self.known])

    def changes(self) -> list[OrderChange]:
        """What the file says differently about those that are here; brings back those that were deleted."""
        return self._change([(about, self.known[about.key]) for about in self.orders if about.key in self.known])

    def remember_heads(self) -> None:
        """Keep what was said of each order, for those of its rows that stand further down in the file."""
        of = {about.key: about for about in self.orders}
        for key, order in self.known.items():
            if key in of:
                order.head = of[key].head(self.batch.id)
                self.heads.append(order)
        Order.objects.bulk_update(self.heads, ["head"], batch_size=500)

    # -- reading

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
                row.errors.append(
                    gettext("No lead “{name}” is known{where}. Import the leads first.").format(name=name, where=where)
                )

    def _find_opportunities(self) -> None:
        wanted = sorted({row.text("opportunity") for row in self.read} - {""})
        if not wanted:
            return
        found = known_ids(self.batch.system, ROW, wanted)
        live = {row.pk: row for row in visible_opportunities(self.by).filter(pk__in=found.values())}
        for row in self.read:
            name = row.text("opportunity")
            opportunity = live.get(found.get(name, 0)) if name else None
            if opportunity is not None:
                self.opportunities[row.row.line] = opportunity.pk
                self.lost |= {row.row.line} if opportunity.outcome == End.LOST else set()
                row.lead_id = row.lead_id or opportunity.lead_id
                row.party_id = row.party_id or opportunity.party_id
                row.organisation_id = row.organisation_id or opportunity.organisation_id
            elif name:
                row.errors.append(
                    gettext("No opportunity “{name}” is known. Import the opportunities first.").format(name=name)
                )

    def _known(self) -> dict[str, Order]:
        keys = list(dict.fromkeys(row.external_id for row in self.read if row.ok))
        found = known_ids(self.batch.system, ORDER_ROW, keys)
        there = Order.objects.select_for_update().in_bulk(list(found.values()))
        return {external_id: there[pk] for external_id, pk in found.items() if pk in there}

    def _leave_deleted(self) -> None:
        """Rows about orders that people deleted, with their opportunity or by themselves, change nothing."""
        gone = {order.pk: order.deleted_at for order in self.known.values()}
        stay = deleted_by_hand(ORDER_ROW, gone, OrderDeleted.verb)
        for row in self.read:
            order = self.known.get(row.external_id)
            if order is not None and order.pk in stay and row.ok:
                row.leave(gettext("The order"), order.pk, stay[order.pk], self.batch.zone)

    def _find_buyers(self) -> None:
        new = [about for about in self.orders if about.key not in self.known]
        for about in new:
            if about.speaker.row.line in self.lost:
                about.speaker.errors.append(
                    gettext("The opportunity “{about}” was lost. Reopen it first.").format(
                        about=about.text("opportunity")
                    )
                )
        find_buyers([about.speaker for about in new], batch=self.batch, kind_key=ORDER_ROW, by=self.by, at=self.at)
        for about in new:
            speaker = about.speaker
            if speaker.ok and speaker.party_id is None:
                speaker.errors.append(gettext("The row does not say who bought: no lead, company, person or e-mail."))
            for row in about.rows:
                if not speaker.ok and row is not speaker:
                    row.errors.extend(speaker.errors)
        self.orders = [about for about in self.orders if about.rows[0].ok]

    # -- adding

    def _add(self, found: Sequence[FileOrder]) -> None:
        if not found:
            return
        rows = [about.speaker for about in found]
        bought = [self._bought(about, about.rows[0].extra, about.text("note")) for about in found]
        self._win(found, bought)
        orders = [self._draft(about) for about in found]
        insert_orders(orders, bought, by=self.by, at=self.at)
        for about, order in zip(found, orders, strict=True):
            for row in about.rows:
                row.object_id = order.pk
                is_told = row is about.rows[0] or (about.takes_lines and bought_of(row) is not None)
                row.outcome = Outcome.CREATED if is_told else Outcome.UNCHANGED
        self._record_wins(orders)
        remember_ids(self.batch.system, ORDER_ROW, {row.external_id: row.object_id for row in rows if row.object_id})
        leads = {order.lead_id: order.ordered_at for order in reversed(orders) if order.lead_id is not None}
        if leads:
            convert_leads(leads, by=self.by, at=self.at)

    def _win(self, found: Sequence[FileOrder], bought: Sequence[Sequence[Bought]]) -> None:
        """Find the opportunity each order belongs to: one that is won already, an open one, or else a new one."""
        pairs = [
            (about.speaker, about, whats)
            for about, whats in zip(found, bought, strict=True)
            if about.speaker.lead_id is not None or about.speaker.row.line in self.opportunities
        ]
        lead_ids = {row.lead_id for row, _, _ in pairs if row.lead_id is not None}
        there = Opportunity.objects.select_for_update().filter(deleted_at=None).exclude(outcome=End.LOST)
        of_lead: dict[int, Opportunity] = {}
        for one in there.filter(lead_id__in=lead_ids).order_by("-outcome", "pk"):
            of_lead.setdefault(one.lead_id or 0, one)
        named = there.in_bulk(list(self.opportunities.values()))
        drafts: dict[int, tuple[Opportunity, Sequence[Bought]]] = {}
        for row, about, whats in pairs:
            opportunity = named.get(self.opportunities.get(row.row.line, 0)) or of_lead.get(row.lead_id or 0)
            if opportunity is None and row.lead_id is not None and row.lead_id not in drafts:
                drafts[row.lead_id] = (self._won_opportunity(about, whats), whats)
            elif opportunity is not None and not opportunity.outcome:
                self.closing[opportunity.pk] = self._close(opportunity, about, whats)
            if opportunity is not None:
                self.opportunities[row.row.line] = opportunity.pk
        self.new = [opportunity for opportunity, _ in drafts.values()]
        insert_opportunities(self.new, [whats for _, whats in drafts.values()], by=self.by, at=self.at)
        for row, _, _ in pairs:
            if row.row.line not in self.opportunities and row.lead_id in drafts:
                self.opportunities[row.row.line] = drafts[row.lead_id][0].pk

    def _won_opportunity(self, about: FileOrder, whats: Sequence[Bought]) -> Opportunity:
        stage, row = self.last_stage, about.speaker
        lead = self.leads[row.lead_id or 0]
        name = about.text("product") or lead.title or f"Opportunity from {self.batch.system or 'a file'}"
        return Opportunity(
            name=name[:200], lead_id=lead.pk, party_id=lead.party_id, organisation_id=lead.organisation_id, stage=stage,
            outcome=End.WON.value, amount=_value(about, whats), currency=about.text("currency") or self.batch.currency,
            probability=stage.probability, forecast_category=ForecastCategory.CLOSED.value,
            closed_at=about.get("ordered_at"), owner_id=row.owner_id or lead.owner_id,
            team_id=row.team_id if row.owner_id else lead.team_id, created_at=self.at, batch_id=self.batch.id,
        )  # fmt: skip

    def _close(self, opportunity: Opportunity, about: FileOrder, whats: Sequence[Bought]) -> RowChange:
        values: dict[str, Any] = {
            "outcome": End.WON.value, "closed_at": about.get("ordered_at"),
            "forecast_category": ForecastCategory.CLOSED.value,
        }  # fmt: skip
        if (amount := _value(about, whats)) is not None:
            values |= {"amount": amount, "currency": about.text("currency") or self.batch.currency}
        changed = {n: [getattr(opportunity, n), new] for n, new in values.items() if getattr(opportunity, n) != new}
        for name, (_, new) in changed.items():
            setattr(opportunity, name, new)
        told: dict[str, Any] = {"lead_id": opportunity.lead_id}
        told["amount"] = None if opportunity.amount is None else str(opportunity.amount)
        told["currency"] = None if opportunity.amount is None else opportunity.currency
        return RowChange(opportunity, changed, OpportunityWon, told)

    def _record_wins(self, orders: Sequence[Order]) -> None:
        of = {order.opportunity_id: order.pk for order in reversed(orders) if order.opportunity_id is not None}
        record_wins(self.new, of, by=self.by, at=self.at)
        for change in self.closing.values():
            if change.told is not None:
                change.told["order_id"] = of.get(change.row.pk)
        change_opportunities(list(self.closing.values()), by=self.by, at=self.at)

    def _draft(self, about: FileOrder) -> Order:
        row = about.speaker
        lead = self.leads.get(row.lead_id or 0)
        owner_id, team_id = row.owner_id, row.team_id
        if owner_id is None and lead is not None:
            owner_id, team_id = lead.owner_id, lead.team_id
        return Order(
            number=about.text("number")[:60], party_id=row.party_id, organisation_id=row.organisation_id,
            lead_id=row.lead_id, opportunity_id=self.opportunities.get(row.row.line),
            ordered_at=about.get("ordered_at"), amount=about.get("amount"), cost=about.get("cost"),
            currency=about.text("currency") or self.batch.currency, owner_id=owner_id, team_id=team_id,
            note=about.text("note")[:300], extra=about.rows[0].extra, head=about.head(self.batch.id),
            created_at=self.at, batch_id=self.batch.id,
        )  # fmt: skip

    @staticmethod
    def _bought(about: FileOrder, extra: dict[str, str], note: str) -> Sequence[Bought]:
        """The lines of an order that is new."""
        rows = about.rows if about.takes_lines else about.rows[:1]
        found = (bought_of(row, beyond=_beyond(row, extra, note)) for row in rows)
        return [what for what in found if what is not None]

    # -- changing

    def _change(self, pairs: Sequence[tuple[FileOrder, Order]]) -> list[OrderChange]:
        self._revive([(about, order) for about, order in pairs if order.deleted_at is not None])
        said = [(about, order, self._differences(about, order)) for about, order in pairs]
        lines = self._lines(pairs)
        by_hand = touched_by_hand(ORDER_ROW, [order.pk for _, order, values in said if values])
        changes: list[OrderChange] = []
        for (about, order, wanted), of_order in zip(said, lines, strict=True):
            first = about.rows[0]
            values = wanted
            if order.pk in by_hand:
                values = left_open(order, wanted, "amount", "cost")
                if values.keys() != wanted.keys():
                    first.notes.append(str(BY_HAND))
            values = {**_sums(about, order, of_order), **values}
            if values:
                changed = {name: [getattr(order, name), new] for name, new in values.items()}
                for name, new in values.items():
                    setattr(order, name, new)
                changes.append((order, changed))
            self._tell(about, order, of_order, is_changed=bool(values.keys() & wanted.keys()))
        write_lines(lines, by=self.by, at=self.at)
        return changes

    def _lines(self, pairs: Sequence[tuple[FileOrder, Order]]) -> list[OrderLines]:
        lines = []
        for about, order in pairs:
            rows = about.rows if about.takes_lines else about.rows[:1]
            extra = order.extra if about.is_continued else {**order.extra, **about.rows[0].extra}
            found = [(row, bought_of(row, beyond=_beyond(row, extra, order.note))) for row in rows]
            told = [(row, what) for row, what in found if what is not None]
            lines.append(OrderLines(order, told, each_its_own=about.takes_lines))
        find_lines(lines, batch=self.batch)
        return lines

    def _tell(self, about: FileOrder, order: Order, lines: OrderLines, *, is_changed: bool) -> None:
        """What became of the rows: part of an order that this import brought, or of one that was here before."""
        added = {row.row.line for row, _ in lines.added}
        for row in about.rows:
            row.object_id = order.pk
            line = lines.found.get(row.row.line)
            is_new = row.row.line in added
            if order.batch_id == self.batch.id and (is_new or line is not None or row.outcome is Outcome.CREATED):
                row.outcome = Outcome.CREATED
            elif is_new or (line is not None and line.pk in lines.changed) or (is_changed and row is about.rows[0]):
                row.outcome = Outcome.UPDATED

    def _differences(self, about: FileOrder, order: Order) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            name: about.get(name) for name in ("ordered_at", "amount", "cost") if about.get(name) is not None
        }
        wanted |= {name: about.text(name) for name in ("number", "note", "currency") if about.text(name)}
        if order.lead_id is None and about.speaker.lead_id is not None:
            wanted["lead_id"] = about.speaker.lead_id
        if about.is_continued:
            # The first row of this import spoke for the whole order; later ones only fill what it left open.
            return left_open(order, _differing(order, wanted), "amount", "cost")
        if about.rows[0].extra and (extra := {**order.extra, **about.rows[0].extra}) != order.extra:
            wanted["extra"] = extra
        return _differing(order, wanted)

    def _revive(self, pairs: Sequence[tuple[FileOrder, Order]]) -> None:
        if not pairs:
            return
        deleted = Opportunity.objects.filter(pk__in=[o.opportunity_id for _, o in pairs], deleted_at__isnull=False)
        stay = deleted_by_hand(ROW, dict(deleted.values_list("pk", "deleted_at")), OpportunityDeleted.verb)
        revive_opportunities(list(deleted.exclude(pk__in=list(stay))), batch=self.batch, by=self.by, at=self.at)
        orders = [order for _, order in pairs]
        gone = Order.objects.filter(pk__in=[order.pk for order in orders], deleted_at__isnull=False)
        revive_orders(list(gone), batch=self.batch, by=self.by, at=self.at)
        parties = {pk for order in orders for pk in (order.party_id, order.organisation_id) if pk is not None}
        revive_parties(sorted(parties), by=self.by, at=self.at)
        for about, order in pairs:
            order.deleted_at, order.batch_id, about.rows[0].outcome = None, self.batch.id, Outcome.CREATED
        leads = {order.lead_id: order.ordered_at for order in orders if order.lead_id is not None}
        if leads:
            convert_leads(leads, by=self.by, at=self.at)


def _value(about: FileOrder, whats: Sequence[Bought]) -> Decimal | None:
    """What a new order is worth: what the file says, else what its lines come to."""
    amount: Decimal | None = about.get("amount")
    return amount if amount is not None else sum_known(what.total for what in whats)


def _differing(order: Order, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: new for name, new in wanted.items() if getattr(order, name) != new}


def _beyond(row: FileRow, extra: dict[str, str], note: str) -> dict[str, str]:
    """What a row says that is not said of its whole order."""
    own = {name: text for name, text in row.extra.items() if extra.get(name) != text}
    return {**own, "note": row.text("note")} if row.text("note") not in ("", note) else own


def _sums(about: FileOrder, order: Order, lines: OrderLines) -> dict[str, Decimal]:
    """Value and cost as the lines now come to, unless the file or a person said another sum."""
    if not lines.added and not lines.changed:
        return {}
    values: dict[str, Decimal] = {}
    for name, before, after in (
        ("amount", lines.total_before, lines.total), ("cost", lines.cost_before, lines.cost)
    ):  # fmt: skip
        if name in about.said or after is None or after == getattr(order, name):
            continue
        if getattr(order, name) in (None, before):
            values[name] = after
    return values
