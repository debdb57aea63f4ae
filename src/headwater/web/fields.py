"""Fields for numbers, in the notation of whoever types them, and for moments; every form asks with these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_symbol
from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property, lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from headwater.platform.installation import installation
from headwater.platform.money import CURRENCIES
from headwater.platform.numbers import typed_number
from headwater.web.notation import here, reading_zone
from headwater.web.widgets import Control, DateInput, DateTimeInput

CURRENCY = "currency"  # the field of a form, and of a record, that says what its amounts are in
_EARLIEST, _LATEST = 1000, 9000
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_PLAIN = re.compile(r"-?\d+\.\d+")


def _figures_wanted() -> str:
    return str(_("Write it in figures, such as %(example)s.") % {"example": here().example_number})


def _day_wanted() -> str:
    return str(_("Write the day as in %(example)s.") % {"example": here().example_day})


def _moment_wanted() -> str:
    return str(_("Write the day and time as in %(example)s.") % {"example": here().example_moment})


class NumberInput(forms.TextInput):
    """A number in figures; a phone shows its figures and the comma.

    What a person typed becomes the one plain spelling the field reads; what a program sends is plain already.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The number, or the text as it is if it is none."""
        text = super().value_from_datadict(data, files, name)
        if not isinstance(data, QueryDict) or not isinstance(text, str):
            return text
        return self.plain(text)

    def plain(self, text: str) -> str:
        """What was typed, as programs write it."""
        return plainly(text)

    def format_value(self, value: Any) -> str | None:
        """The number as its reader writes it, without groups; a wrong text as it was typed."""
        text = super().format_value(value)
        return typed(text) if text else text


class CountInput(NumberInput):
    """A whole number in figures: 1.000 and 1,000 are a thousand to everybody."""

    def plain(self, text: str) -> str:
        """What was typed, as programs write it."""
        grouped = text.strip().replace("\u202f", "").replace("\u00a0", "")
        return re.sub("[.,]", "", grouped) if _GROUPED.fullmatch(grouped) else plainly(text)


class NumberField(forms.DecimalField):
    """A number with decimals: quantities, shares."""

    widget = NumberInput
    default_error_messages = {"invalid": lazy(_figures_wanted, str)()}

    def to_python(self, value: Any) -> Any:
        """The number; "1e5" is none."""
        if isinstance(value, str) and "e" in value.lower():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class AmountControl(Control):
    """An amount with what it is in: a form's first one is given with its currency, as one thing; others say it."""

    @cached_property
    def chosen_with(self) -> CurrencyControl | None:
        """The control of the currency beside this one, where one is asked."""
        return self._currency if self._currency and not self._currency.is_hidden and self._is_first else None

    @cached_property
    def what_in(self) -> str:
        """What it is in, in words, where its currency is not chosen beside it and need not be the company's own."""
        if self._currency is None:
            return _("In %(currency)s.") % {"currency": self.said_in} if self.said_in else ""
        return "" if self._is_first or self._currency.is_hidden else str(_("In the same currency."))

    @cached_property
    def said_in(self) -> str:
        """The code of what the record's amounts are in, where that need not be the company's own."""
        row = getattr(self.form, "row", None)
        if row is None:
            return ""
        code = getattr(row, CURRENCY, "") or installation().currency
        return code if has_currencies(code) else ""

    @property
    def aria_describedby(self) -> str | None:
        """The ids of what is told of it below."""
        told = (super().aria_describedby, f"{self.auto_id}_in" if self.what_in else "")
        return " ".join(filter(None, told)) or None

    @cached_property
    def _currency(self) -> CurrencyControl | None:
        found = self.form[CURRENCY] if CURRENCY in self.form.fields else None
        return found if isinstance(found, CurrencyControl) else None

    @property
    def _is_first(self) -> bool:
        return self.name == first_amount(self.form.fields)


class AmountField(NumberField):
    """An amount of money, which may be left empty: then it is not known."""

    bound_field_class = AmountControl

    def __init__(self, *, required: bool = False, min_value: int | None = 0, **kwargs: Any) -> None:
        super().__init__(required=required, min_value=min_value, max_digits=15, decimal_places=2, **kwargs)


def first_amount(fields: Mapping[str, forms.Field]) -> str:
    """The amount of a form that its currency is chosen with; empty where it has none."""
    if not isinstance(fields.get(CURRENCY), CurrencyField):
        return ""
    return next((name for name, field in fields.items() if isinstance(field, AmountField)), "")


def currency_choices() -> list[tuple[str, str]]:
    """Currencies by their name."""
    names = here().currencies
    return [(code, f"{code} · {names.get(code, code)}") for code in sorted(CURRENCIES)]


def has_currencies(*said: str) -> bool:
    """Whether there is more than the company's own to choose: one of these is another, or it has rates of others."""
    company = installation()
    return any(each != company.currency for each in said) or company.knows_rates()


class CurrencyControl(Control):
    """The currency of an amount: asked only where there are others, as rates of them are known or this is one."""

    is_optional = is_needed = False  # one is always chosen

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """The control's attributes; beside an amount it bears that one's name, as both have one label."""
        built = super().build_widget_attrs(attrs, widget)
        if self.is_beside:
            built.setdefault("aria-label", f"{self.form[first_amount(self.form.fields)].label}: {self.label}")
        return built

    @property
    def is_beside(self) -> bool:
        """Whether it is chosen beside an amount, which shows it."""
        return not self.is_hidden and bool(first_amount(self.form.fields))

    @cached_property
    def is_hidden(self) -> bool:
        """Whether everything here is in the company's own; what was in another may be chosen again."""
        said = {self.value(), self.field.prepare_value(self.initial)}
        return not self.errors and not has_currencies(*said)

    def as_widget(
        self, widget: forms.Widget | None = None, attrs: dict[str, Any] | None = None, only_initial: bool = False
    ) -> SafeString:
        """The list of currencies, or a hidden control."""
        hidden = self.field.hidden_widget() if widget is None and self.is_hidden else widget
        return super().as_widget(hidden, attrs, only_initial)


class CurrencyField(forms.ChoiceField):
    """What the amount of a form is in; the company's own, unless somebody says another."""

    bound_field_class = CurrencyControl

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=currency_choices, required=False, label=_("Currency"), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The company's own where none is said."""
        return value or installation().currency

    def to_python(self, value: Any) -> str:
        """The code, however a program writes it."""
        return str(super().to_python(value)).strip().upper()

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether it is another one than before; none is the company's own."""
        return super().has_changed(self.prepare_value(initial), self.prepare_value(data))


class CountField(forms.IntegerField):
    """A whole number."""

    widget = CountInput
    default_error_messages = {"invalid": _("Write a whole number in figures.")}


class DayField(forms.DateField):
    """A day of the calendar."""

    widget = DateInput
    default_error_messages = {"invalid": lazy(_day_wanted, str)()}


class MomentField(forms.DateTimeField):
    """A day and time that every database can hold in every time zone: not the first or last year of the calendar."""

    widget = DateTimeInput
    default_error_messages = {"invalid": lazy(_moment_wanted, str)()}

    def to_python(self, value: Any) -> datetime | None:
        """The moment, in the zone of whoever typed it. A time that comes twice as clocks go back is the first.

        Raises:
            ValidationError: it is none, or clocks leave it out as they go forward.
        """
        moment = _on_the_wall(value)
        if moment is None:
            moment = super().to_python(value)
        if moment is not None and not _EARLIEST <= moment.year <= _LATEST:
            raise forms.ValidationError(_("Check the year."), code="invalid")
        return moment


def _on_the_wall(value: Any) -> datetime | None:
    """A time without a zone as the moment when the reader's clock shows it; None if it is something else."""
    try:
        naive = datetime.fromisoformat(value.strip()) if isinstance(value, str) and ":" in value else value
    except ValueError:
        return None
    if not isinstance(naive, datetime) or naive.tzinfo is not None or not _EARLIEST <= naive.year <= _LATEST:
        return None
    zone = reading_zone()
    moment = naive.replace(tzinfo=zone, fold=0)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        told = {"time": here().time(naive.time()), "zone": zone.key.rpartition("/")[2].replace("_", " ")}
        raise forms.ValidationError(
            _("Clocks go forward that day: there is no %(time)s in %(zone)s.") % told, code="invalid"
        )
    return moment


def plainly(text: str) -> str:
    """A typed number as programs write it; the same text if it is none. The reader's notation decides "1,234"."""
    value = typed_number(text, decimal=here().decimal_mark, besides=_words_for(installation().currency))
    return text if value is None else format(value, "f")


def typed(text: str) -> str:
    """A number of a program's as the reader types it, without groups; the same text if it is none."""
    mark = here().decimal_mark
    return text.replace(".", mark) if mark != "." and _PLAIN.fullmatch(text) else text


@lru_cache
def _words_for(currency: str) -> tuple[str, ...]:
    return (get_currency_symbol(currency, locale="en"), currency) if currency else ()
