"""One condition in the filter builder: its column, comparison and the fields its values are typed into."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.column import Column, Kind
from headwater.platform.days import UNITS, Unit, read_days
from headwater.platform.filter import OPERATORS, SEVERAL, Condition
from headwater.platform.filtering import ME, MY_TEAM
from headwater.platform.resource import Resource
from headwater.web.fields import plainly, typed
from headwater.web.filterwords import DATES, NUMBERS, flat, operator_words, period_words
from headwater.web.notation import here, read_day
from headwater.web.widgets import DateInput

_COMPARED = ("gt", "gte", "lt", "lte", "between", "is", "not")
OPERATORS_SHOWN: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("contains", "lacks", "is", "not", "starts"),
    Kind.NUMBER: _COMPARED,
    Kind.MONEY: _COMPARED,
    Kind.DATE: ("is", "not", "lt", "gt", "lte", "gte", "between", "older"),
    Kind.DATETIME: ("is", "not", "lt", "gt", "lte", "gte", "between", "older"),
    Kind.CHOICE: ("in", "not_in"),
    Kind.BOOL: ("is",),
    Kind.RELATION: ("in", "not_in"),
}
PERIODS = (
    "today", "yesterday", "tomorrow", "this_week", "last_week", "next_week", "this_month", "last_month", "next_month",
    "this_quarter", "last_quarter", "next_quarter", "this_year", "last_year", "next_year",
)  # fmt: skip
COUNTED = ("last", "next", "ago", "in")
DAY, MOMENT = "day", "moment"
DAY_CONTROLS = ("days", "span")
LARGEST_COUNT = 9_999


@dataclass
class DaysField:
    """A day or stretch of days being chosen: which kind, and its number, unit or date."""

    period: str = "last"
    count: str = "30"
    unit: str = "day"
    day: str = ""

    @property
    def is_counted(self) -> bool:
        """Whether it takes a number of units."""
        return self.period in COUNTED

    @property
    def shown(self) -> str:
        """The date as its control takes it."""
        return DateInput().format_value(self.day) or ""

    @property
    def pattern(self) -> str:
        """How the calendar writes a day into its control."""
        return here().day_pattern

    @property
    def text(self) -> str:
        """The value as the filter keeps it; empty if something is missing."""
        if self.period in (DAY, MOMENT):
            return self.day.strip()
        if not self.is_counted:
            return self.period if read_days(self.period) else ""
        if not self.count.isdecimal() or not 0 < int(self.count[:6]) <= LARGEST_COUNT or self.unit not in UNITS:
            return ""
        return f"{self.count}_{self.unit}s_ago" if self.period == "ago" else f"{self.period}_{self.count}_{self.unit}s"

    @property
    def periods(self) -> list[tuple[str, str]]:
        """What is on offer: days of the calendar, stretches to count, a date."""
        counted = {
            "last": _("the last …"),
            "next": _("the next …"),
            "ago": _("… ago"),
            "in": _("… from now"),
        }
        named = [(word, period_words(days)) for word in PERIODS if (days := read_days(word)) is not None]
        moment = [(MOMENT, _("a moment"))] if self.period == MOMENT else []
        return [(DAY, _("a date …")), *moment, *counted.items(), *named]

    @property
    def units(self) -> list[tuple[Unit, str]]:
        """What is counted."""
        words = (_("days"), _("weeks"), _("months"), _("quarters"), _("years"))
        return list(zip(UNITS, words, strict=True))

    @classmethod
    def of(cls, text: str) -> DaysField:
        """The fields for a value."""
        days = read_days(text)
        if days is None:
            return cls(MOMENT if ":" in text else DAY, day=text)
        return cls(days.way, str(days.count), days.unit) if days.count else cls(str(days))


@dataclass(frozen=True)
class Offer:
    """What one reader can filter a list by. Choices are asked for once."""

    resource: Resource
    actor: Actor
    _choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict, compare=False)

    def columns(self) -> list[tuple[str, str]]:
        """The columns, by their names."""
        found = [(column.key, str(column.label)) for column in self.resource.columns if column.filterable]
        return sorted(found, key=lambda pair: pair[1].casefold())

    def column(self, key: str) -> Column | None:
        """The column of that key, if the list can be filtered by it."""
        column = self.resource.by_key.get(key)
        return column if column is not None and column.filterable else None

    def choices(self, column: Column) -> list[tuple[str, str]]:
        """What can be chosen in a column."""
        if column.key not in self._choices:
            people = [(ME, _("Me")), (MY_TEAM, _("My team"))] if column.is_person else []
            self._choices[column.key] = [*people, *flat(column.choices_for(self.actor))]
        return self._choices[column.key]


@dataclass
class ConditionRow:
    """A line of the builder. Without a column it says nothing yet."""

    name: str
    offer: Offer
    column: Column | None = None
    operator: str = ""
    values: list[str] = field(default_factory=list)
    days: list[DaysField] = field(default_factory=list)
    error: str = ""
    has_focus: bool = False
    is_group: bool = False

    @classmethod
    def new(cls, name: str, offer: Offer, column: Column | None) -> ConditionRow:
        """A line to fill in."""
        row = cls(name, offer, column)
        row.settle()
        return row

    def copied(self) -> ConditionRow:
        """The same again."""
        return replace(self, values=list(self.values), days=[replace(each) for each in self.days])

    @property
    def control(self) -> str:
        """Which fields the values are typed into."""
        if self.column is None or self.operator in ("empty", "filled"):
            return ""
        kind = self.column.kind
        if kind is Kind.BOOL and self.operator in ("is", "not"):
            return "yesno"
        if self.operator in ("in", "not_in"):
            return "options" if kind in (Kind.CHOICE, Kind.RELATION) and self.options else "lines"
        if kind in DATES:
            return "span" if self.operator == "older" else "days"
        return "number" if kind in NUMBERS else "text"

    @property
    def operators(self) -> list[tuple[str, str]]:
        """The comparisons on offer for the column."""
        column = self.column
        if column is None:
            return []
        codes = list(OPERATORS_SHOWN[column.kind])
        if column.nullable or column.kind in (Kind.TEXT, Kind.CHOICE):
            codes += ["empty", "filled"]
        if self.operator and self.operator not in codes:
            codes.append(self.operator)
        return [(code, operator_words(column, code)) for code in codes]

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """What can be chosen, and whether it is; what is chosen but no more on offer stays."""
        if self.column is None:
            return []
        choices = self.offer.choices(self.column)
        known = {code for code, _label in choices}
        gone = [(value, f"#{value}") for value in self.values if value and value not in known]
        return [(code, label, code in self.values) for code, label in [*choices, *gone]]

    @property
    def chosen_words(self) -> str:
        """What is chosen, in short."""
        labels = [label for _code, label, is_on in self.options if is_on]
        return ", ".join(labels) or _("Choose…")

    @property
    def shown_values(self) -> list[str]:
        """The values in the notation of whoever types them."""
        is_number = self.column is not None and self.column.kind in NUMBERS
        return [typed(value) for value in self.values] if is_number else self.values

    def settle(self) -> None:
        """Fit comparison and fields to the column, after it was chosen or changed."""
        if self.column is None:
            return
        codes = [code for code, _words in self.operators]
        if self.operator not in codes or self.operator not in (*OPERATORS, "filled", "older"):
            self.operator = codes[0]
        if self.column.kind is Kind.RELATION and self.operator in ("in", "not_in") and not self.options:
            self.operator = "is" if self.operator == "in" else "not"
        wanted = 2 if self.operator == "between" else 1
        if self.control in ("text", "number"):
            self.values = [*self.values, "", ""][:wanted]
        if self.control == "yesno":
            self.values = self.values[:1] or ["true"]
        if self.control in DAY_CONTROLS:
            self.days = [*self.days, DaysField(), DaysField()][:wanted]
        if self.control == "span":
            self.days[0].period = "ago"

    def check(self) -> None:
        """Say what is missing."""
        self.error = ""
        if self.column is None:
            return
        if self.control in DAY_CONTROLS and not all(days.text for days in self.days):
            counted = any(days.is_counted for days in self.days)
            self.error = _("Write a whole number from 1 to 9999.") if counted else _("Choose a date.")
        elif any(days.period == DAY and not _is_day(days.day) for days in self.days if self.control in DAY_CONTROLS):
            self.error = _("Write the day as in %(example)s.") % {"example": here().example_day}
        elif self.control == "options" and not any(self.values):
            self.error = _("Choose at least one.")
        elif self.control in ("text", "number", "lines") and not all(value.strip() for value in self.values or [""]):
            self.error = _("Write what it is compared with, or choose “is empty”.")

    def condition(self) -> Condition | None:
        """What the line says; None as long as it says nothing."""
        if self.column is None:
            return None
        key, operator = self.column.key, self.operator
        if operator in ("empty", "filled"):
            return Condition(key, "empty", "true" if operator == "empty" else "false")
        values = [days.text for days in self.days] if self.control in DAY_CONTROLS else list(self.values)
        if operator in SEVERAL:
            return Condition(key, operator, values)
        return Condition(key, "lt" if operator == "older" else operator, values[0] if values else "")


def row_of(condition: Condition, name: str, offer: Offer) -> ConditionRow:
    """The line for a condition that the list has."""
    column = offer.column(condition.column)
    row = ConditionRow(name, offer, column, condition.operator)
    if column is None:
        return row
    if condition.operator == "empty":
        row.operator = "filled" if str(condition.value).lower() in ("false", "0", "no") else "empty"
    else:
        row.values = list(condition.value) if condition.operator in SEVERAL else [str(condition.value)]
    if column.kind in (Kind.CHOICE, Kind.RELATION) and row.operator in ("is", "not") and row.options:
        row.operator = "in" if row.operator == "is" else "not_in"
    if column.kind in DATES and row.operator not in ("in", "not_in"):
        row.days = [DaysField.of(value) for value in row.values]
        if row.operator == "lt" and row.days and row.days[0].period == "ago":
            row.operator = "older"
    row.settle()
    return row


def row_read(data: QueryDict, name: str, offer: Offer) -> ConditionRow:
    """The line as it was sent. What belonged to another column before is left behind."""
    column = offer.column(data.get(f"{name}.col", ""))
    row = ConditionRow(name, offer, column)
    if column is None or data.get(f"{name}.was", column.key) != column.key:
        row.settle()
        return row
    row.operator = data.get(f"{name}.op", "")
    if row.operator not in (*OPERATORS, "filled", "older"):
        row.operator = ""
    row.settle()
    sent = data.getlist(f"{name}.v")
    if row.control == "lines":
        sent = [line.strip() for value in sent for line in value.splitlines() if line.strip()]
    if column.kind in NUMBERS:
        sent = [plainly(value.strip()) for value in sent]
    row.values = sent or row.values
    row.days = [_days_read(data, f"{name}.d{at}") for at in range(2) if f"{name}.d{at}.p" in data] or row.days
    row.settle()
    return row


def _is_day(text: str) -> bool:
    try:
        return parse_date(text.strip()) is not None
    except ValueError:
        return False


def _days_read(data: QueryDict, name: str) -> DaysField:
    known = DaysField()
    typed_day = data.get(f"{name}.d", known.day).strip()
    day = read_day(typed_day, here())
    found = DaysField(
        data.get(f"{name}.p", known.period),
        data.get(f"{name}.k", known.count).strip(),
        data.get(f"{name}.u", known.unit),
        typed_day if day is None else day.isoformat(),
    )
    is_known = found.period in (*COUNTED, DAY, MOMENT) or read_days(found.period) is not None
    return found if is_known else known
