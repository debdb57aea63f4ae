"""The fields of nouns as those see them who look after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headwater.platform.actor import Actor
from headwater.platform.column import Column
from headwater.platform.custom.declared import fields_of
from headwater.platform.custom.extending import MAY_HAVE, column_of, held
from headwater.platform.custom.formula import Faulty, Named
from headwater.platform.custom.kinds import Field, FieldKind, Result
from headwater.platform.custom.reckoning import Plan, checked, names_of, require_formula
from headwater.platform.custom.values import HELD, PREFIX
from headwater.platform.errors import Invalid
from headwater.platform.models import CustomField
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.translated import gettext as _

PREVIEWED = 5
NEW = f"{PREFIX}preview"  # the key of a formula that has none yet


def nouns_with_fields() -> list[Resource]:
    """The nouns that can have fields of the company's own."""
    return [REGISTRY[key] for key in MAY_HAVE]


def noun_of(key: str) -> Resource:
    """The noun of a field."""
    return REGISTRY[key]


def fields_with_retired(noun: str) -> list[CustomField]:
    """All fields a noun ever had, in their order."""
    return list(CustomField.objects.filter(noun=noun).order_by("position", "pk"))


def fields_seen_by(noun: str, actor: Actor) -> list[CustomField]:
    """The same as far as an actor may know of them: those they see, and for who looks after fields the retired ones."""
    seen, looks_after = REGISTRY[noun].for_actor(actor).by_key, actor.may("platform.field.change")
    rows = fields_with_retired(noun)
    return [row for row in rows if row.key in seen or looks_after or (row.retired_at and row.seen_by is None)]


# ---------------------------------------------------------------- formulas before they are kept


@dataclass(frozen=True)
class Preview:
    """What a formula would give: its column, and of the newest records the row and why it gives nothing for it."""

    column: Column
    rows: list[tuple[Any, str]]


def usable(noun: str, actor: Actor, *, besides: str = "") -> list[Named]:
    """What a formula can name, in the order of the noun's columns, as far as this actor may see it."""
    seen = REGISTRY[noun].for_actor(actor).by_key
    return [named for key, named in names_of(noun, fields_of(noun)).items() if key in seen and key != besides]


def preview(noun: str, *, formula: str, result: str, by: Actor, key: str = NEW) -> Preview:
    """What a formula would give for the newest records this actor sees; nothing is kept. Two queries.

    Raises:
        Invalid: the formula is faulty, and where; or there is no such result.
    """
    require_formula(formula, result)
    others = tuple(field for field in fields_of(noun) if field.key != key)
    field = Field(
        id=0, noun=noun, key=key, label=_("Result"), kind=FieldKind.FORMULA, formula=formula, result=Result(result)
    )
    try:
        checked(field, others)
        column = column_of(field, others, REGISTRY[noun].by_key)
        if not column.is_for(by):
            raise Faulty(_("It names something that you may not see."), 1)
    except Faulty as faulty:
        raise Invalid({"formula": [str(faulty)]}) from faulty
    plan = Plan(REGISTRY[noun], (*others, field))
    rows = {row.pk: row for row in REGISTRY[noun].rows(by).order_by("-pk")[:PREVIEWED]}
    outcomes = {pk: found[key] for pk, _held, found in plan.outcomes(list(rows))}
    for pk, outcome in outcomes.items():
        setattr(rows[pk], HELD, {**held(rows[pk]), key: outcome.kept})
    return Preview(column, [(rows[pk], outcome.reason) for pk, outcome in outcomes.items()])
