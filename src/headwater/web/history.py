"""What a value of a record was before, until when, who changed it and which import brought it; in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.custom.extending import held
from headwater.platform.custom.values import HELD, field_at, is_custom
from headwater.platform.errors import NotFound
from headwater.platform.history import RowHistory, ValueChange, history_of
from headwater.platform.installation import installation
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY, Column, Kind, Resource
from headwater.web import format as words
from headwater.web.fields import CURRENCY
from headwater.web.notation import here

EXTRA = "extra:"
NAMES = ("name", "name_key")
_IMPORTS: list[Callable[[Actor, Iterable[int]], Mapping[int, str]]] = []


@dataclass(frozen=True)
class Traced:
    """Where the history of one value is kept: the noun and the row, and what the field is called there."""

    resource: Resource
    row: Any
    name: str
    column: Column | None = None
    extra: str = ""

    @property
    def label(self) -> str:
        """What the value is called on the record."""
        return str(self.column.label) if self.column is not None else self.extra

    @property
    def is_money(self) -> bool:
        """Whether it is an amount, in the currency of its record."""
        return self.column is not None and self.column.kind is Kind.MONEY

    @property
    def key(self) -> str:
        """The value's name in addresses and in the API."""
        return self.column.key if self.column is not None else EXTRA + self.extra


@dataclass(frozen=True)
class Told:
    """A change of a value, as it is told: what it was before and after, by whom, from which import.

    ``currencies`` are what an amount was in before and after; of anything else they are empty.
    """

    change: ValueChange
    traced: Traced
    before: str
    after: str
    who: str
    import_name: str
    currencies: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Beginning:
    """How the record came to be, as far as the log knows it."""

    at: datetime
    who: str
    batch_id: int | None
    import_name: str


@dataclass(frozen=True)
class ValueHistory:
    """The changes of one value or of a whole record, newest first, and the record's beginning."""

    changes: Sequence[Told]
    beginning: Beginning | None


def names_of_imports(fn: Callable[[Actor, Iterable[int]], Mapping[int, str]]) -> None:
    """Let the shell of imports say what they are called, for those who may see them."""
    _IMPORTS.append(fn)


# ---------------------------------------------------------------- which values have a history


def field_of(model: type[Model], column: Column) -> str:
    """The stored field a column shows, as facts call it; empty where it shows something worked out."""
    if is_custom(column.orm_path):
        return "" if column.is_reckoned else HELD
    names = [column.key, column.orm_path]
    first, _dot, rest = column.orm_path.partition("__")
    if rest in NAMES:  # the name of what a foreign key points at: the key has the history
        names.append(first)
    for name in names:
        found = _model_field(model, name)
        if found is not None and found.concrete and not found.primary_key:
            return str(found.attname)
    return ""


def closed_fields(noun: str, actor: Actor) -> frozenset[str]:
    """What facts call the fields of a noun that the actor has no right to read, whichever column shows them."""
    resource = REGISTRY.get(noun)
    if resource is None:
        return frozenset()
    closed = [column for column in resource.now().columns if not column.is_for(actor)]
    names = {name for column in closed for name in (column.key, field_of(resource.searched.model, column))}
    return frozenset(names - {"", HELD})  # of the fields of the company's own, only some are closed


def traced_by(resource: Resource, row: Any, key: str, actor: Actor) -> Traced | None:
    """Where the history of a value of this record is kept; None where it has none, or one the actor may not see.

    A value that belongs to another record, such as the e-mail of a lead's person, has its history there.
    """
    if key.startswith(EXTRA) and resource.extra and hasattr(row, "extra"):
        return Traced(resource, row, "extra", extra=key.removeprefix(EXTRA))
    column = resource.by_key.get(key)
    if column is None:
        return None
    name = field_of(type(row), column)
    if name:
        return _traced(resource, row, name, column) if name not in closed_fields(resource.key, actor) else None
    first, stored = _elsewhere(type(row), column)
    other = getattr(row, first, None) if stored else None
    nouns = list(_nouns_of(other, actor)) if other is not None else []
    if not nouns or any(stored in closed_fields(noun.key, actor) for noun in nouns):
        return None
    return Traced(nouns[0], other, stored, column)


def values_of(resource: Resource, row: Any, actor: Actor) -> list[Traced]:
    """Every value of a record's own that has a history and that the actor may read."""
    closed = closed_fields(resource.key, actor)
    found = ((field_of(type(row), column), column) for column in resource.columns)
    return [_traced(resource, row, name, column) for name, column in found if name and name not in closed]


def _traced(resource: Resource, row: Any, name: str, column: Column) -> Traced:
    """A column's value; a custom one is a part of what the column of them holds."""
    return Traced(resource, row, name, column, extra=column.key if name == HELD else "")


def has_history(row: Any, column: Column) -> bool:
    """Whether a record's value can be asked what it was before; asks nothing of the database."""
    if field_of(type(row), column):
        return True
    first, stored = _elsewhere(type(row), column)
    return bool(stored) and getattr(row, f"{first}_id", None) is not None


def _elsewhere(model: type[Model], column: Column) -> tuple[str, str]:
    """The foreign key and the field of the other row, for a column that shows a value of another record."""
    first, _dot, rest = column.orm_path.partition("__")
    key = _model_field(model, first) if rest else None
    related = key.related_model if key is not None and key.concrete and key.is_relation else None
    stored = _model_field(related, rest) if related is not None and related is not get_user_model() else None
    return (first, str(stored.attname)) if stored is not None and stored.concrete else ("", "")


def _nouns_of(row: Model, actor: Actor) -> Iterator[Resource]:
    """The nouns under which the actor sees this row."""
    for resource in REGISTRY.values():
        if actor.may(resource.verb("see")):
            rows = resource.rows(actor)
            if rows.model is type(row) and rows.filter(pk=row.pk).exists():
                yield resource


# ---------------------------------------------------------------- what is told


def value_history(resource: Resource, row: Any, actor: Actor, key: str = "") -> ValueHistory:
    """What a value of a record was before; without ``key`` all of its values. The actor may see the record.

    Raises:
        NotFound: the record has no such value, or one without a history.
    """
    if key:
        traced = traced_by(resource, row, key, actor)
        if traced is None:
            raise NotFound(_("This value has no history that you may see."))
        values = [traced]
        resource, row = traced.resource, traced.row
    else:
        values = values_of(resource, row, actor)
    kept = history_of(resource.key, int(row.pk))
    currencies = _currencies(kept, row)
    found = list(_of_amount(kept, values[0], currencies) if key and values[0].is_money else _changes(kept, values))
    said = _Words(actor, [(traced, value) for traced, change in found for value in (change.old, change.new)], kept)
    changes = [_told(traced, change, currencies[change.event_id], said) for traced, change in found]
    return ValueHistory(changes, _beginning(kept.first, said))


def _told(traced: Traced, change: ValueChange, currencies: tuple[str, str], said: _Words) -> Told:
    before, after = currencies
    return Told(
        change=change,
        traced=traced,
        before=said.value(traced, change.old, before),
        after=said.value(traced, change.new, after),
        who=said.who(change.user_id, change.actor),
        import_name=said.imports.get(change.batch_id or 0, ""),
        currencies=currencies if traced.is_money else ("", ""),
    )


def held_in_words(resource: Resource, rows: Sequence[Any], key: str, actor: Actor) -> dict[int, str]:
    """What each of some records holds in a custom field, in words, by its id."""
    column = resource.by_key[key]
    values = [(_traced(resource, row, HELD, column), held(row).get(key)) for row in rows]
    said = _Words(actor, values, RowHistory((), None))
    return {int(traced.row.pk): said.value(traced, value) for traced, value in values}


def _changes(kept: RowHistory, values: Sequence[Traced]) -> Iterable[tuple[Traced, ValueChange]]:
    by_name: dict[str, list[Traced]] = {}
    for traced in values:
        known = by_name.setdefault(traced.name, [])
        if all(other.extra != traced.extra for other in known):  # two columns may show one field
            known.append(traced)
    for change in kept.changes:
        for traced in by_name.get(change.field, ()):
            if not traced.extra:
                yield traced, change
                continue
            old, new = (side.get(traced.extra) if isinstance(side, dict) else None for side in (change.old, change.new))
            if old != new:
                yield traced, _part(change, old, new)


def _currencies(kept: RowHistory, row: Any) -> dict[int, tuple[str, str]]:
    """What a row's amounts were in before and after each of its facts, by the id of the fact.

    Without a currency they are in the company's.
    """
    found: dict[int, tuple[str, str]] = {}
    own = installation().currency
    present = getattr(row, CURRENCY, "") or own
    for change in kept.changes:  # newest first
        after = found.get(change.event_id, (present, present))[1]
        if change.field == CURRENCY:
            present = change.old or own
        found[change.event_id] = (present, after)
    return found


def _of_amount(
    kept: RowHistory, traced: Traced, currencies: Mapping[int, tuple[str, str]]
) -> Iterator[tuple[Traced, ValueChange]]:
    """The changes of one amount, with those of its currency alone: 1,200 euros became 1,200 dollars."""
    own = {change.event_id: change for _, change in _changes(kept, [traced])}
    present = _present(traced)
    for change in kept.changes:
        before, after = currencies[change.event_id]
        mine = own.get(change.event_id)
        if mine is not None and change.field == traced.name:
            present = mine.old
            yield traced, mine
        elif mine is None and change.field == CURRENCY and before != after and present is not None:
            yield traced, _part(change, present, present)


def _present(traced: Traced) -> Any:
    """The value that a record holds now."""
    return held(traced.row).get(traced.extra) if traced.extra else getattr(traced.row, traced.name)


def _part(change: ValueChange, old: Any, new: Any) -> ValueChange:
    return ValueChange(**{**change.__dict__, "old": old, "new": new})


def _beginning(first: Event | None, said: _Words) -> Beginning | None:
    if first is None:
        return None
    return Beginning(
        first.occurred_at,
        said.who(first.user_id, first.actor),
        first.batch_id,
        said.imports.get(first.batch_id or 0, ""),
    )


@dataclass
class _Words:
    """Names for all ids among some values, fetched at once, and the values in words."""

    actor: Actor
    values: Sequence[tuple[Traced, Any]]
    kept: RowHistory
    names: dict[tuple[type[Model], int], str] = field(default_factory=dict)
    users: dict[int, str] = field(default_factory=dict)
    imports: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first: list[Event] = [self.kept.first] if self.kept.first is not None else []
        steps: list[ValueChange | Event] = [*self.kept.changes, *first]
        by = {each.user_id for each in steps if each.user_id is not None}
        self.users = {user.pk: str(user) for user in get_user_model()._base_manager.filter(pk__in=by)} if by else {}
        wanted: dict[type[Model], set[int]] = {}
        for traced, value in self.values:
            model = _pointed_at(traced)
            if model is not None and isinstance(value, int):
                wanted.setdefault(model, set()).add(value)
        for model, ids in wanted.items():
            self.names.update({(model, pk): name for pk, name in _names(model, ids, self.actor).items()})
        batches = {each.batch_id for each in steps if each.batch_id is not None}
        for name_them in _IMPORTS:
            self.imports.update(name_them(self.actor, batches) if batches else {})

    def who(self, user_id: int | None, ref: str) -> str:
        """Who did it, by the name they have today."""
        if user_id is not None:
            return self.users.get(user_id, _("a former colleague"))
        return "Headwater" if ref.startswith("job:") else ""

    def value(self, traced: Traced, value: Any, currency: str = "") -> str:
        """A stored value as a reader sees it, an amount in what it was in; nothing is an empty text."""
        if value is None or value == "":
            return ""
        model = _pointed_at(traced)
        if model is not None:
            return self.names.get((model, value), _("out of your sight"))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return _plain(traced, value, currency)


def _plain(traced: Traced, value: Any, currency: str) -> str:
    locale, stored = here(), _model_field(type(traced.row), traced.name)
    label = _label(traced, stored, value)
    if label is not None:
        return label
    try:
        if traced.extra and traced.column is not None:
            stored = field_at(type(traced.row), traced.column.orm_path)[-1]
        elif traced.extra:
            stored = None
        value = stored.to_python(value) if stored is not None else value
    except ValidationError:
        return str(value)
    if isinstance(value, datetime):
        return words.moment(value, locale, now=now(), zone=timezone.get_current_timezone())
    if isinstance(value, date):
        return words.day(value, locale, today=timezone.localtime(now()).date())
    if traced.is_money:
        return words.money(value, currency or getattr(traced.row, CURRENCY, "") or installation().currency, locale)
    if isinstance(value, (int, float, Decimal)) and traced.column is not None and traced.column.kind is Kind.NUMBER:
        return words.number(value, locale)
    return ", ".join(map(str, value)) if isinstance(value, list) else words.grouped(str(value))


def _label(traced: Traced, stored: Field[Any, Any] | None, value: Any) -> str | None:
    """The label of a choice."""
    column = traced.column
    choices = dict(column.choices) if column is not None and not callable(column.choices) else {}
    if isinstance(value, list):
        return ", ".join(str(choices.get(each, each)) for each in value)
    label = choices.get(str(value)) or dict(getattr(stored, "flatchoices", None) or ()).get(value)
    return str(label) if label is not None else None


def _pointed_at(traced: Traced) -> type[Model] | None:
    """The kind of row a value is the id of."""
    if traced.extra:
        return get_user_model() if traced.column is not None and traced.column.is_person else None
    related = getattr(_model_field(type(traced.row), traced.name), "related_model", None)
    return related if isinstance(related, type) else None


def _names(model: type[Model], ids: set[int], actor: Actor) -> dict[int, str]:
    """What rows are called, as far as the actor may see them. Colleagues are known to everybody."""
    if model is get_user_model():
        return {row.pk: str(row) for row in model._base_manager.filter(pk__in=ids)}
    nouns = [resource for resource in REGISTRY.values() if actor.may(resource.verb("see"))]
    found: dict[int, str] = {}
    for resource in nouns:
        rows = resource.rows(actor)
        if rows.model is model:
            found.update({row.pk: resource.title(row) for row in rows.filter(pk__in=ids - found.keys())})
    return found


def _model_field(model: type[Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return next((each for each in model._meta.concrete_fields if each.attname == name), None)
