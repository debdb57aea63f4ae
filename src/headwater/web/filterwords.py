"""A list's filter in words: "Stage is New or Working, and (Amount is more than €5,000 or Owner is me)"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from babel.core import Locale
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.column import Choices, Column, Kind
from headwater.platform.days import RelativeDays, Unit, read_days
from headwater.platform.few import by_reach, mostly_out_of_sight
from headwater.platform.filter import SEVERAL, Condition, Group, Tree, params_of, simplified, without
from headwater.platform.filtering import ME, MY_TEAM
from headwater.platform.installation import installation
from headwater.platform.lists.kept import AS, BOARD
from headwater.platform.resource import Resource
from headwater.platform.values import is_comparable, row_id
from headwater.web import format as words
from headwater.web.fields import CURRENCY
from headwater.web.liststate import ListState, address
from headwater.web.notation import here

DATES = (Kind.DATE, Kind.DATETIME)
NUMBERS = (Kind.NUMBER, Kind.MONEY)
WORDS_SHOWN = 5  # of the values of one condition, before "and 7 more"


@dataclass
class Part:
    """A condition in the sentence: what it says, the word and brackets before it, and the brackets that end with it.

    ``closes`` holds, for each of these, the address of the list without the group.
    """

    label: str
    remove_url: str
    edit_url: str
    word: str = ""
    opens: str = ""
    closes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """The piece of the sentence."""
        return f"{self.word} {self.opens}{self.label}{')' * len(self.closes)}".strip()


@dataclass(frozen=True)
class Wording:
    """Says conditions on a noun's list to one reader. Choices are asked for once."""

    resource: Resource
    actor: Actor
    _labels: dict[str, dict[str, str]] = field(default_factory=dict, compare=False)

    def condition(self, column: Column, condition: Condition) -> str:
        """One condition as a clause."""
        operator, value = condition.operator, condition.value
        if operator == "empty":
            return self._empty(column, wanted=str(value).lower() not in ("false", "0", "no"))
        values = value if operator in SEVERAL else [value]
        if column.kind in DATES and operator not in SEVERAL:
            return f"{column.label} {self._day_clause(operator, str(value))}"
        if column.kind is Kind.BOOL and operator in ("is", "not"):
            return f"{column.label} {operator_words(column, operator)} {self.value(column, str(value))}"
        said = [self.value(column, str(item)) for item in values]
        if operator == "between":
            low, high = (*said, "", "")[:2]
            return _("%(column)s is between %(low)s and %(high)s") % {"column": column.label, "low": low, "high": high}
        operator = {"in": "is", "not_in": "not" if len(said) == 1 else "not_in"}.get(operator, operator)
        joined = _listed(said, pgettext("none of A, B", "and") if operator == "not_in" else _("or"))
        return f"{column.label} {operator_words(column, operator)} {joined}"

    def value(self, column: Column, text: str) -> str:
        """One value as people write it."""
        match column.kind:
            case Kind.NUMBER | Kind.MONEY:
                return self._number(column, text)
            case Kind.DATE | Kind.DATETIME:
                return self.days(text)
            case Kind.BOOL:
                return _("yes") if text.lower() in ("true", "1", "yes") else _("no")
            case Kind.CHOICE | Kind.RELATION:
                return self._label(column, text)
            case _:
                return f"“{text}”"

    def days(self, text: str) -> str:
        """A day, or a stretch of days, in words."""
        relative = read_days(text)
        if relative is not None:
            return relative_words(relative)
        moment = parse_datetime(text) if ":" in text else None
        try:
            day = parse_date(text[:10])
        except ValueError:
            day = None
        if moment is not None and moment.tzinfo is not None:
            return words.moment(moment, self._locale, now=now(), zone=timezone.get_current_timezone())
        if day is None:
            return text
        said = words.day(day, self._locale, today=timezone.localtime(now()).date())
        return f"{said} {words.time_of_day(moment.time(), self._locale)}" if moment is not None else said

    @cached_property
    def _locale(self) -> Locale:
        return here()

    def _day_clause(self, operator: str, text: str) -> str:
        relative, said = read_days(text), {"days": self.days(text)}
        if relative is not None and relative.way == "ago" and operator == "lt":
            return _("is more than %(days)s") % said
        is_stretch = relative is not None and relative.count and relative.way in ("last", "next")
        match operator:
            case "is":
                return (_("is in %(days)s") if is_stretch else _("is %(days)s")) % said
            case "not":
                return (_("is not in %(days)s") if is_stretch else _("is not %(days)s")) % said
            case "gt":
                return _("is after %(days)s") % said
            case "gte":
                return _("is on or after %(days)s") % said
            case "lt":
                return _("is before %(days)s") % said
            case _:
                return _("is on or before %(days)s") % said

    def _empty(self, column: Column, *, wanted: bool) -> str:
        told = {"column": column.label}
        if column.is_person:
            return (_("%(column)s is nobody") if wanted else _("%(column)s is somebody")) % told
        return (_("%(column)s is empty") if wanted else _("%(column)s is not empty")) % told

    def _number(self, column: Column, text: str) -> str:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        if not is_comparable(number):
            return text
        if column.kind is Kind.MONEY:
            return words.money(number, self._compared_in, self._locale)
        return words.number(number, self._locale)

    @cached_property
    def _compared_in(self) -> str:
        """What an amount is compared in: nothing is said where rows may be in several, as their figures are."""
        company = installation()
        is_mixed = CURRENCY in self.resource.by_key and company.knows_rates()
        return "" if is_mixed else company.currency

    def _label(self, column: Column, code: str) -> str:
        if column.is_person and code in (ME, MY_TEAM):
            return _("me") if code == ME else _("somebody of my team")
        if column.key not in self._labels:
            self._labels[column.key] = dict(flat(column.choices_for(self.actor)))
        labels = self._labels[column.key]
        if code not in labels:
            labels[code] = code if column.kind is Kind.CHOICE else self._as_rows_show(column, code)
        return labels[code]

    def _as_rows_show(self, column: Column, code: str) -> str:
        """What is on offer no more, such as a colleague who left, as the rows that still have it call it."""
        if (pk := row_id(code)) is None:
            return f"#{code}"
        rows = self.resource.rows(self.actor).filter(**{column.orm_path: pk}).order_by()
        reach = self.resource.reach(self.actor)
        if sample := mostly_out_of_sight(rows, reach):
            rows = by_reach(rows, reach, sample=sample, wanted=1)
        named = next((column.of(row) for row in rows[:1]), None)
        return named if isinstance(named, str) else f"#{code}"


def sentence_of(state: ListState, actor: Actor) -> list[Part]:
    """The list's filter as a sentence whose parts can be taken away or opened."""
    tree, wording = rooted(state.tree), Wording(state.resource, actor)
    parts: list[Part] = []

    def say(group: Group, path: tuple[int, ...]) -> None:
        first = len(parts)
        for at, node in enumerate(group.parts):
            place, begins = (*path, at), len(parts)
            if isinstance(node, Group):
                say(node, place)
            else:
                edit_url = builder_url(state, at=".".join(("n", *map(str, place))))
                parts.append(Part(_clause(state, wording, node), url_with(state, without(tree, place)), edit_url))
            if at:
                parts[begins].word = _("and") if group.join == "all" else _("or")
        if path and len(parts) > first:
            parts[first].opens += "("
            parts[-1].closes.append(url_with(state, without(tree, path)))

    say(tree, ())
    return parts


def _clause(state: ListState, wording: Wording, condition: Condition) -> str:
    column = state.resource.by_key.get(condition.column)
    return wording.condition(column, condition) if column is not None else condition.column


def rooted(tree: Tree) -> Group:
    """The tree as the builder and the sentence show it: its shortest form, in a group that holds all of it."""
    short = simplified(tree)
    return short if isinstance(short, Group) else Group("all", (short,))


def url_with(state: ListState, tree: Tree) -> str:
    """The list with this filter in place of its own."""
    return state.url(**{**dict.fromkeys(state.conditions, ""), **params_of(tree)})


def builder_url(state: ListState, **more: str) -> str:
    """Where this list's filter is built."""
    place = {AS: BOARD} if state.is_board else {}
    return address(f"/{state.resource.slug}/filter", {**place, **state.params(), **more})


def operator_words(column: Column, operator: str) -> str:
    """The words of a comparison, as this kind of column says it."""
    if column.kind in DATES:
        said = {
            "is": _("is"),
            "not": _("is not"),
            "lt": _("is before"),
            "gt": _("is after"),
            "gte": _("is on or after"),
            "lte": _("is on or before"),
            "between": _("is between"),
            "older": _("is more than … ago"),
        }.get(operator)
        if said is not None:
            return said
    return {
        "is": _("is"),
        "not": _("is not"),
        "in": _("is any of"),
        "not_in": _("is none of"),
        "contains": _("contains"),
        "lacks": _("does not contain"),
        "starts": _("starts with"),
        "gt": _("is more than"),
        "gte": _("is at least"),
        "lt": _("is less than"),
        "lte": _("is at most"),
        "between": _("is between"),
        "empty": _("is nobody") if column.is_person else _("is empty"),
        "filled": _("is somebody") if column.is_person else _("is not empty"),
    }.get(operator, operator)


def relative_words(days: RelativeDays) -> str:
    """Days by their distance from today, in words."""
    if not days.count:
        return period_words(days)
    counted = {"count": _counted(days.count, days.unit)}
    match days.way:
        case "last":
            return _("the last %(count)s") % counted
        case "next":
            return _("the next %(count)s") % counted
        case "ago":
            return _("%(count)s ago") % counted
        case _:
            return _("%(count)s from now") % counted


def period_words(days: RelativeDays) -> str:
    """A whole day, week, month, quarter or year of the calendar."""
    return {
        "today": _("today"),
        "yesterday": _("yesterday"),
        "tomorrow": _("tomorrow"),
        "this_week": _("this week"),
        "last_week": _("last week"),
        "next_week": _("next week"),
        "this_month": _("this month"),
        "last_month": _("last month"),
        "next_month": _("next month"),
        "this_quarter": _("this quarter"),
        "last_quarter": _("last quarter"),
        "next_quarter": _("next quarter"),
        "this_year": _("this year"),
        "last_year": _("last year"),
        "next_year": _("next year"),
    }[str(days)]


def _counted(count: int, unit: Unit) -> str:
    match unit:
        case "day":
            return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
        case "week":
            return ngettext("%(count)d week", "%(count)d weeks", count) % {"count": count}
        case "month":
            return ngettext("%(count)d month", "%(count)d months", count) % {"count": count}
        case "quarter":
            return ngettext("%(count)d quarter", "%(count)d quarters", count) % {"count": count}
        case _:
            return ngettext("%(count)d year", "%(count)d years", count) % {"count": count}


def flat(choices: Choices) -> list[tuple[str, Any]]:
    """Choices without their groups and without nothing."""
    found: list[tuple[str, Any]] = []
    for code, label in choices:
        if isinstance(label, (list, tuple)):
            found.extend((str(inner), str(words)) for inner, words in label)
        elif code != "":
            found.append((str(code), str(label)))
    return found


def _listed(said: Sequence[str], joint: str) -> str:
    if len(said) > WORDS_SHOWN:
        more = len(said) - WORDS_SHOWN + 1
        left = ngettext("%(count)d more", "%(count)d more", more) % {"count": more}
        said = [*said[: WORDS_SHOWN - 1], left]
    if len(said) < 2:
        return "".join(said)
    return f"{', '.join(said[:-1])} {joint} {said[-1]}"
