"""Writes for products."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import Changed, record
from headwater.platform.money import UnknownCurrency
from headwater.platform.shelf import Shelf, archive_of
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.turns import take_turns
from headwater.platform.undo import undoes, undoes_changes_of
from headwater.sell.actions.steps import PRODUCT_ROW, require_cost, require_cost_currency
from headwater.sell.events import ProductAdded, ProductDeleted, ProductRestored
from headwater.sell.models import Product
from headwater.sell.rules import fold_name
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event

LONGEST = 160


class ProductExists(Conflict):
    """Another product has this name already."""

    code: ClassVar[str] = "product_exists"
    message = lazy("There is a product “{name}” already.")


class ProductValues(TypedDict, total=False):
    """What can be corrected on a product; what is not named stays."""

    name: str
    family: str
    list_price: Decimal | None
    cost: Decimal | None
    currency: str


@action
def add_product(
    *,
    name: str,
    by: Actor,
    at: datetime,
    family: str = "",
    list_price: Decimal | None = None,
    cost: Decimal | None = None,
    currency: str = "",
) -> Product:
    """Put a product into the catalogue.

    Raises:
        NotAllowed: the actor may not add products.
        Invalid: no name, a negative price, or no such currency.
        ProductExists: a product of this name is there already.
    """
    by.require("sell.product.create")
    require_cost(by, cost)
    values = _checked({"name": name, "list_price": list_price, "cost": cost, "currency": currency})
    _check_free(values["name"])
    product = Product.objects.create(
        name=values["name"], name_key=fold_name(values["name"]), family=family.strip(), list_price=list_price,
        cost=cost, currency=values["currency"], created_at=at, batch_id=by.batch_id,
    )  # fmt: skip
    record(ProductAdded(product_id=product.pk, name=product.name), by=by, at=at)
    return product


@action
def change_product(*, product_id: int, by: Actor, at: datetime, **values: Unpack[ProductValues]) -> Product:
    """Correct a product's name, family, price or cost; what was sold before keeps its prices.

    Raises:
        NotAllowed: the actor may not change products.
        NotFound: it was deleted.
        Invalid: a value that cannot be right.
        ProductExists: another product has the new name.
    """
    by.require("sell.product.change")
    require_cost(by, "cost" if "cost" in values else None)  # emptying it counts, too
    product = _locked(product_id)
    new = _checked(dict(values))
    require_cost_currency(by, product, new)
    if "name" in new and new["name"] != product.name:
        _check_free(new["name"], except_id=product.pk)
        new["name_key"] = fold_name(new["name"])
    change_row(product, new, row_type=PRODUCT_ROW, by=by, at=at)
    return product


@action
def delete_product(*, product_id: int, by: Actor, at: datetime) -> Product:
    """Take a product out of the catalogue; opportunities and orders that name it still do."""
    return SHELF.put_away(pk=product_id, by=by, at=at)


@action
def restore_product(*, product_id: int, by: Actor, at: datetime) -> Product:
    """Bring a deleted product back into the catalogue.

    Raises:
        ProductExists: another product has taken its name meanwhile.
    """
    return SHELF.bring_back(pk=product_id, by=by, at=at)


def remove_product(product: Product, *, by: Actor, at: datetime) -> None:
    """Delete a product whose right to be deleted was checked."""
    SHELF.away(product, by=by, at=at)


@undoes(ProductAdded, ProductRestored)
@action
def take_back_product(fact: ProductAdded | ProductRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the adding of a product by deleting it; whoever added it may."""
    if isinstance(fact, ProductAdded):
        SHELF.take_back_adding(pk=fact.product_id, event=event, verb="sell.product.create", by=by, at=at)
    else:
        SHELF.put_away(pk=fact.product_id, by=by, at=at)


@undoes(ProductDeleted)
@action
def bring_back_product(fact: ProductDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the deletion of a product."""
    restore_product(product_id=fact.product_id, by=by, at=at)


@undoes_changes_of(PRODUCT_ROW)
@action
def take_back_product_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give a product its old values back.

    Raises:
        NotUndoable: one of them changed again since, or another product has the old name.
    """
    by.require("sell.product.change")
    product = _locked(fact.row_id, also_deleted=True)
    values = old_values(product, fact)
    if "name_key" in values and _same_name(values["name_key"], product.pk):
        raise NotUndoable(reason=_("another product has the old name now"))
    change_row(product, values, row_type=PRODUCT_ROW, by=by, at=at)


def _locked(product_id: int, *, also_deleted: bool = False) -> Product:
    product = Product.objects.select_for_update().filter(pk=product_id).first()
    if product is None or (product.deleted_at and not also_deleted):
        raise NotFound()
    return product


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    wrong: dict[str, list[str]] = {}
    if "name" in values:
        values["name"] = " ".join(str(values["name"]).split())
        if not values["name"]:
            wrong["name"] = [_("Give the product a name.")]
        elif len(values["name"]) > LONGEST:
            wrong["name"] = [_("A name has at most {longest} characters.").format(longest=LONGEST)]
    for key in ("list_price", "cost"):
        if values.get(key) is not None and values[key] < 0:
            wrong[key] = [_("A price is not below zero.")]
    if "currency" in values:
        try:
            values["currency"] = team.currency_meant(values["currency"])
        except UnknownCurrency as error:
            wrong["currency"] = [str(error)]
    if wrong:
        raise Invalid(wrong)
    return values


def _check_free(name: str, *, except_id: int = 0) -> None:
    if _same_name(fold_name(name), except_id):
        raise ProductExists(name=name)


def _same_name(key: str, except_id: int) -> bool:
    take_turns(PRODUCT_ROW, [key])
    return Product.objects.filter(name_key=key, deleted_at=None).exclude(pk=except_id).exists()


SHELF = Shelf(
    PRODUCT_ROW, Product, "deleted_at", "sell.product.delete",
    gone=lambda product: ProductDeleted(product_id=product.pk, name=product.name),
    back=lambda product: ProductRestored(product_id=product.pk, name=product.name),
    check_back=lambda product: _check_free(product.name, except_id=product.pk),
)  # fmt: skip
ARCHIVE = archive_of(PRODUCT_ROW, Product)
