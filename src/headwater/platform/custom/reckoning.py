"""The results of formulas: kept with the record like any other value of its own fields, and always up to date.

Whatever changes records says so by facts; before its transaction ends, the formulas of those records are worked out
anew. Formulas that are new or changed are worked out by a job, portion by portion, while everybody works on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from headwater.platform import job
from headwater.platform.action import BEFORE_COMMIT, Unit, action, open_unit
from headwater.platform.actor import job_actor
from headwater.platform.bulk import in_parts, update_rows
from headwater.platform.clock import now
from headwater.platform.column import Column, Kind
from headwater.platform.custom.declared import Fields, fields_of
from headwater.platform.custom.formula import Faulty, Formula, Named, Reckoner, check, read
from headwater.platform.custom.functions import WORDS, Holds, Unreckoned
from headwater.platform.custom.kinds import Field, FieldKind, Result, kept_result, shown
from headwater.platform.custom.values import HELD
from headwater.platform.errors import Invalid
from headwater.platform.events import Fact, record
from headwater.platform.installation import installation
from headwater.platform.pace import Pace, tidied_between_chunks
from headwater.platform.phrases import phrase
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.search import store
from headwater.platform.search.texts import texts_of
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.translated import noted
from headwater.platform.values import is_storable

RECKON_JOB: Final = "platform.reckon_fields"
PORTION_SECONDS: Final = 0.2  # nobody waits for the result as for an import: people's own writes come first
BREATH_SECONDS: Final = 0.3  # on a busy machine who waits looks late: they have to find the database free all the same
NOTICED_AFTER: Final = timedelta(seconds=3)  # by then every process knows of the formula, and keeps it up to date

_OWN: Final[Mapping[str, Holds]] = {
    FieldKind.TEXT: Holds.TEXT, FieldKind.LINK: Holds.TEXT, FieldKind.CHOICE: Holds.TEXT,
    FieldKind.NUMBER: Holds.NUMBER, FieldKind.MONEY: Holds.NUMBER, FieldKind.DATE: Holds.DATE,
    Result.YES_NO: Holds.YES_NO,
}  # fmt: skip
_DECLARED: Final[Mapping[Kind, Holds]] = {
    Kind.TEXT: Holds.TEXT, Kind.CHOICE: Holds.TEXT, Kind.NUMBER: Holds.NUMBER, Kind.MONEY: Holds.NUMBER,
    Kind.DATE: Holds.DATE, Kind.DATETIME: Holds.DATE, Kind.BOOL: Holds.YES_NO,
}  # fmt: skip


# ---------------------------------------------------------------- what a formula can name


def declared_names(noun: str) -> dict[str, Column]:
    """The columns of a noun that formulas can name: those the record itself holds, in a kind that formulas know."""
    resource = REGISTRY[noun]
    model = resource.searched.model
    return {column.key: column for column in resource.columns if column.kind in _DECLARED and _is_own(model, column)}


def _is_own(model: type[models.Model], column: Column) -> bool:
    try:
        found = model._meta.get_field(column.orm_path)
    except FieldDoesNotExist:
        return False
    return isinstance(found, models.Field) and bool(found.concrete and not found.primary_key) and not found.is_relation


def names_of(noun: str, fields: Fields) -> dict[str, Named]:
    """What formulas of a noun can name, given the fields of its own: by key."""
    found = {key: _named(column) for key, column in declared_names(noun).items()}
    own = {field.key: field for field in fields if field.holds in _OWN}
    return found | {
        key: Named(key, field.label, _OWN[field.holds], tuple(choice.code for choice in field.choices))
        for key, field in own.items()
    }


def _named(column: Column) -> Named:
    choices = () if callable(column.choices) else tuple(str(code) for code, _label in column.choices)
    return Named(column.key, str(column.label), _DECLARED[column.kind], choices)


def require_formula(formula: Any, result: Any) -> None:
    """Refuse what is no text of a formula, whatever it may say, or no kind of result.

    Raises:
        Invalid: it is one of these.
    """
    if not isinstance(result, str) or result not in Result.__members__:
        raise Invalid({"result": [_("Choose what the formula gives.")]})
    if not isinstance(formula, str) or not is_storable(formula):
        raise Invalid({"formula": [_("Write a text.")]})


def checked(field: Field, fields: Fields) -> Formula:
    """A field's formula, if it fits its result and the other fields of its noun.

    Raises:
        Faulty: it does not, or it needs its own result.
    """
    others = tuple(other for other in fields if other.key != field.key)
    formula = read(field.formula)
    if field.key in formula.uses:
        raise Faulty(_("A formula cannot be worked out from its own result."), 1)
    gives = check(formula, names_of(field.noun, others))
    assert field.result is not None
    if gives is not None and gives is not _OWN[field.result]:
        told = _("The formula gives another kind of value than was chosen: %s.")
        raise Faulty(told % WORDS[gives], 1)
    try:
        _in_order((*others, field))
    except CycleError as error:
        labels = {other.key: other.label for other in (*others, field)}
        circle = " → ".join(labels[key] for key in reversed(error.args[1]))
        raise Faulty(_("These formulas would wait for each other: %s.") % circle, 1) from error
    return formula


def _in_order(fields: Iterable[Field]) -> list[Field]:
    """The formulas, each after those it needs."""
    formulas = {field.key: field for field in fields if field.formula}
    needed = {key: read(field.formula).uses & formulas.keys() for key, field in formulas.items()}
    return [formulas[key] for key in TopologicalSorter(needed).static_order()]


# ---------------------------------------------------------------- working them out

Held = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a formula gives for a record, in the form it is kept; and why, where it gives nothing because it cannot."""

    kept: Any = None
    reason: str = ""


class Plan:
    """How the formulas of a noun are worked out: in which order, from which columns and fields."""

    def __init__(self, resource: Resource, fields: Fields) -> None:
        self.resource = resource
        self.formulas = [(field, read(field.formula)) for field in _in_order(fields)]
        used = {key for _field, formula in self.formulas for key in formula.uses}
        self.columns = [column for key, column in declared_names(resource.key).items() if key in used]
        self.own = [field for field in fields if field.key in used and not field.formula]

    @cached_property
    def names(self) -> list[str]:
        """The columns of the table that it takes."""
        return [HELD, *(column.orm_path for column in self.columns)]

    def outcomes(self, ids: Sequence[int], *, lock: bool = False) -> Iterator[tuple[int, Held, dict[str, Outcome]]]:
        """Of each row its id, its custom values as they are, and what each formula gives."""
        declared = self.resource.searched
        rows = declared.model._base_manager.filter(pk__in=ids, **declared.where).order_by("pk")
        reckoner, zone = Reckoner(), installation().zone
        for pk, kept, *values in (rows.select_for_update() if lock else rows).values_list("pk", *self.names):
            held = kept or {}
            known = {field.key: shown(field, held.get(field.key)) for field in self.own}
            known |= {column.key: _plain(value, zone) for column, value in zip(self.columns, values, strict=True)}
            yield pk, held, self._reckoned(reckoner, known)

    def _reckoned(self, reckoner: Reckoner, known: dict[str, Any]) -> dict[str, Outcome]:
        found: dict[str, Outcome] = {}
        for field, formula in self.formulas:
            found[field.key] = _outcome(reckoner, field, formula, known)
            known[field.key] = shown(field, found[field.key].kept)
        return found

    def changed(self, ids: Sequence[int], *, lock: bool = False) -> dict[int, Held]:
        """The rows whose results are not what they should be, with the custom values they should have."""
        found: dict[int, Held] = {}
        for pk, held, outcomes in self.outcomes(ids, lock=lock):
            results = {key: outcome.kept for key, outcome in outcomes.items()}
            should = {key: value for key, value in {**held, **results}.items() if value is not None}
            if should != held:
                found[pk] = should
        return found


def _plain(value: Any, zone: Any) -> Any:
    """What a column holds as formulas know it: a moment is a day of the company's, an empty text is nothing."""
    if isinstance(value, datetime):
        return value.astimezone(zone).date()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return None if value == "" else value


def _outcome(reckoner: Reckoner, field: Field, formula: Formula, known: Mapping[str, Any]) -> Outcome:
    try:
        return Outcome(kept_result(field, reckoner.result(formula, known)))
    except Unreckoned as unreckoned:
        return Outcome(reason=str(unreckoned))


@lru_cache(maxsize=64)
def _plan(noun: str, fields: Fields) -> Plan:
    return Plan(REGISTRY[noun], fields)


def plan_of(noun: str) -> Plan | None:
    """How the formulas of a noun are worked out now; None where it has none."""
    fields = fields_of(noun)
    return _plan(noun, fields) if any(field.formula for field in fields) else None


def outcomes_of(noun: str, pk: int) -> dict[str, Outcome]:
    """What the formulas of one record give now, with the reasons of those that give nothing. One query."""
    plan = plan_of(noun)
    return next((outcomes for _pk, _held, outcomes in plan.outcomes([pk])), {}) if plan is not None else {}


# ---------------------------------------------------------------- keeping them up to date


@dataclass(frozen=True, kw_only=True)
class FieldsReckoned(
    Fact,
    verb="platform.fields_reckoned",
    subject="platform.job:job_id",
    sentence=lazy("Worked out the formulas of {rows} records"),
    icon="bolt",
):
    """The formulas of all records of a noun were worked out anew; ``rows`` of them have other results than before."""

    job_id: int
    noun: str
    rows: int


def reckon(noun: str, ids: Sequence[int]) -> list[int]:
    """Work out the formulas of these rows inside an open action, and keep what changed: whose that was.

    Rows are read once more under a lock before they are written, and only those that differ.
    """
    plan = plan_of(noun)
    return _put_right(plan, list(plan.changed(ids))) if plan is not None else []


def _put_right(plan: Plan, wrong: Sequence[int]) -> list[int]:
    right = plan.changed(wrong, lock=True) if wrong else {}
    update_rows(plan.resource.searched.model, {pk: {HELD: held} for pk, held in right.items()})
    return list(right)


def reckon_unit(unit: Unit) -> None:
    """Before a unit of work commits: the formulas of all rows it told about."""
    if not unit.rows:
        return
    for resource in REGISTRY.values():
        told_as = (resource.key, *resource.searched.told_as, *(["party"] if resource.searched.is_party else []))
        ids = sorted(set().union(*(unit.rows.get(name, ()) for name in told_as)))
        for part in in_parts(ids):
            reckon(resource.key, part)


def reckon_so_far() -> None:
    """Where a unit of work is still open: the formulas of what it has written, for who reads that back before its end.

    A version told without them would be an old one by the time it is sent back.
    """
    unit = open_unit()
    if unit is not None:
        reckon_unit(unit)


@job.job(RECKON_JOB)
def reckon_fields(run: job.JobRun) -> Mapping[str, Any]:
    """Work out the formulas of all rows of a noun.

    It goes in portions that let others write in between, and says so in the log: reports copy the results of rows that
    nobody else touched.
    """
    noun, is_searched_anew = str(run.args["noun"]), bool(run.args.get("is_searched_anew"))
    declared = REGISTRY[noun].searched
    rows = declared.model._base_manager.filter(**declared.where).order_by("pk")
    after, done, changed = (run.checkpoint.get(name, 0) for name in ("after", "done", "changed"))
    total = done + rows.filter(pk__gt=after).count()
    pace = Pace(PORTION_SECONDS, breath=BREATH_SECONDS)
    with tidied_between_chunks():
        while ids := list(rows.filter(pk__gt=after).values_list("pk", flat=True)[: pace.size]):
            plan = plan_of(noun)
            wrong = list(plan.changed(ids)) if plan is not None else []  # looked for while others may write
            pace.breathe()
            with pace.chunk(len(ids)):
                changed += _reckon_portion(noun, wrong, ids if is_searched_anew else ())
            after, done = ids[-1], done + len(ids)
            total = max(total, done)  # rows that came in meanwhile
            words = phrase(noted("%(done)s of %(total)s rows"), done=done, total=total)
            kept = {"after": after, "done": done, "changed": changed}
            run.report(done=done, total=total, message=words, checkpoint=kept)
    _tell(run.id, noun, changed)
    return {"rows": done, "changed": changed}


@action
def _reckon_portion(noun: str, wrong: Sequence[int], searched_anew: Sequence[int]) -> int:
    plan = plan_of(noun)
    changed = _put_right(plan, wrong) if plan is not None else []
    # No fact tells the search index of them.
    store.write(noun, texts_of(REGISTRY[noun], searched_anew or changed))
    return len(changed)


@action
def _tell(job_id: int, noun: str, changed: int) -> None:
    record(FieldsReckoned(job_id=job_id, noun=noun, rows=changed), by=job_actor("formulas"), at=now())


def reckon_soon(noun: str, *, at: datetime, user_id: int | None = None, is_searched_anew: bool = False) -> None:
    """Have the formulas of a noun worked out for all its rows, once every process knows of them; and all that is
    searched of them put together anew, if other fields are among that."""
    args = {"noun": noun, "is_searched_anew": is_searched_anew}
    job.enqueue(RECKON_JOB, args=args, at=at, user_id=user_id, run_after=at + NOTICED_AFTER)


BEFORE_COMMIT.insert(0, reckon_unit)  # before the search index is brought up to date, which reads what this writes
