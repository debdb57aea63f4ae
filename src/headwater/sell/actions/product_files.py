"""Products of a file: found again or added, a whole chunk with a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import BY_HAND, deleted_by_hand, edits_of, worked_on_since
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.changes import Edit, change_row, change_rows, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Fact, record_bulk
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import Batch, CleanRow, Kept, Outcome, RowResult, UndoResult
from headwater.platform.translated import gettext
from headwater.platform.turns import take_turns
from headwater.sell.actions.file_cells import (
    FileRow,
    check_amounts,
    faults_found,
    left_open,
    touched_by_hand,
    waves,
)
from headwater.sell.actions.products import remove_product
from headwater.sell.actions.steps import PRODUCT_ROW
from headwater.sell.events import ProductAdded, ProductDeleted, ProductRestored
from headwater.sell.models import Product
from headwater.sell.rules import fold_name

COLUMNS = (
    "id", "name", "name_key", "family", "list_price", "cost", "currency", "created_at", "deleted_at", "extra",
    "batch_id",
)  # fmt: skip
FIELDS = ("family", "list_price", "cost", "currency")


@action
def import_products(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a chunk of the catalogue. A product is the same by its id in the system, else by its name.

    What a file leaves blank is kept; what somebody changed here by hand is left as it is. One result per row.

    Raises:
        NotAllowed: the actor may not import products.
    """
    by.require("sell.product.import")
    by = by.in_batch(batch.id)
    keys = {row.line: str(row.values.get("external_id") or "") or fold_name(row.values["name"]) for row in rows}
    results: dict[int, RowResult] = {}
    for wave in waves(rows, keys):
        read = [FileRow(row, str(row.values.get("external_id") or ""), extra=dict(row.extra)) for row in wave]
        _import_wave(read, batch=batch, by=by, at=at)
        results.update((row.row.line, row.result()) for row in read)
    return [results[row.line] for row in rows]


def product_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about a product."""
    return faults_found(_check_prices, values)


def _check_prices(row: FileRow) -> None:
    check_amounts(row, "list_price", "cost")


def _import_wave(read: Sequence[FileRow], *, batch: Batch, by: Actor, at: datetime) -> None:
    for row in read:
        _check_prices(row)
    good = [row for row in read if row.ok]
    by_external = known_ids(batch.system, PRODUCT_ROW, [row.external_id for row in good if row.external_id])
    products = Product.objects.select_for_update().in_bulk(list(by_external.values()))
    names = {fold_name(row.text("name")) for row in good}
    take_turns(PRODUCT_ROW, names)
    by_name: dict[str, Product] = {}
    for product in Product.objects.filter(name_key__in=names).order_by("deleted_at", "-pk"):
        if product.name_key not in by_name or product.deleted_at is None:
            by_name[product.name_key] = product
    new: dict[str, FileRow] = {}
    changes: list[tuple[FileRow, Product, dict[str, Any]]] = []
    external: dict[str, int] = {}
    for row in good:
        key = fold_name(row.text("name"))
        there = products.get(by_external.get(row.external_id, 0)) or by_name.get(key)
        if there is None:
            if key in new:
                row.errors.append(gettext("Another row of this file gives the same name to another id."))
            else:
                new[key] = row
            continue
        if row.external_id and row.external_id not in by_external:
            external[row.external_id] = there.pk
        row.object_id = there.pk
        changes.append((row, there, _differences(row, there, key, by_name)))
    _leave_deleted(changes, batch)
    _add(new, batch=batch, by=by, at=at)
    external |= {row.external_id: row.object_id for row in new.values() if row.external_id and row.object_id}
    remember_ids(batch.system, PRODUCT_ROW, external)
    _change([each for each in changes if each[0].ok], batch=batch, by=by, at=at)


def _leave_deleted(changes: Sequence[tuple[FileRow, Product, dict[str, Any]]], batch: Batch) -> None:
    stay = deleted_by_hand(PRODUCT_ROW, {there.pk: there.deleted_at for _, there, _ in changes}, ProductDeleted.verb)
    for row, there, _ in changes:
        if there.pk in stay:
            row.errors.clear()
            row.leave(gettext("The product"), there.pk, stay[there.pk], batch.zone)


def _differences(row: FileRow, product: Product, key: str, by_name: dict[str, Product]) -> dict[str, Any]:
    wanted = {name: row.get(name) for name in FIELDS if row.get(name) is not None}
    if product.name_key != key:
        other = by_name.get(key)
        if other is not None and other.pk != product.pk:
            row.errors.append(gettext("Another product is called “{row}” already.").format(row=row.text("name")))
            return {}
        wanted |= {"name": row.text("name"), "name_key": key}
    if row.extra and (extra := {**product.extra, **row.extra}) != product.extra:
        wanted["extra"] = extra
    return {name: new for name, new in wanted.items() if getattr(product, name) != new}


def _add(new: dict[str, FileRow], *, batch: Batch, by: Actor, at: datetime) -> None:
    table: list[Sequence[Any]] = []
    facts: list[Fact] = []
    for (key, row), pk in zip(new.items(), reserve_ids(Product, len(new)), strict=True):
        row.object_id, row.outcome = pk, Outcome.CREATED
        name = " ".join(row.text("name").split())[:160]
        table.append(
            (
                pk, name, key, row.text("family")[:80], row.get("list_price"), row.get("cost"),
                row.text("currency") or batch.currency, at, None, row.extra, batch.id,
            )
        )  # fmt: skip
        facts.append(ProductAdded(product_id=pk, name=name))
    if table:
        insert_rows(Product, COLUMNS, table)
        record_bulk(facts, by=by, at=[at] * len(facts))


def _change(
    changes: Sequence[tuple[FileRow, Product, dict[str, Any]]], *, batch: Batch, by: Actor, at: datetime
) -> None:
    by_hand = touched_by_hand(PRODUCT_ROW, [product.pk for _, product, values in changes if values])
    edits: list[Edit] = []
    for row, product, said in changes:
        values = said
        if product.pk in by_hand and product.deleted_at is None:
            values = left_open(product, said, "list_price", "cost")
            if values != said:
                row.notes.append(str(BY_HAND))
        if product.deleted_at is not None:
            product.deleted_at, product.batch_id = None, batch.id
            product.save(update_fields=["deleted_at", "batch_id"])
            record_bulk([ProductRestored(product_id=product.pk, name=product.name)], by=by, at=[at])
            row.outcome = Outcome.CREATED
        if values and row.outcome is Outcome.UNCHANGED:
            row.outcome = Outcome.UPDATED
        edits.append(Edit(product, values, PRODUCT_ROW))
    change_rows(edits, by=by, at=at)


@action
def undo_product_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the products a batch added and the changes it made; what was worked on or sold since stays.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, products.
    """
    by.require("sell.product.import")
    by = by.in_batch(batch_id)
    added = list(Product.objects.select_for_update().filter(batch_id=batch_id, deleted_at=None).order_by("pk"))
    touched = worked_on_since(PRODUCT_ROW, [product.pk for product in added], batch_id)
    kept = [Kept(p.pk, p.name, gettext("it was changed since")) for p in added if p.pk in touched]
    for product in added:
        if product.pk not in touched:
            remove_product(product, by=by, at=at)
    restored: set[int] = set()
    for pk, fact in edits_of(PRODUCT_ROW, batch_id):
        changed = Product.objects.select_for_update().filter(pk=pk, deleted_at=None).first()
        if changed is None:
            continue
        try:
            values = old_values(changed, fact)
        except NotUndoable as refusal:  # asked before anything was written
            kept.append(Kept(pk, changed.name, str(refusal.params["reason"])))
            continue
        change_row(changed, values, row_type=PRODUCT_ROW, by=by, at=at)
        restored.add(pk)
    return UndoResult(removed=len(added) - len(touched), restored=len(restored), kept=kept)
