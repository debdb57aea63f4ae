"""Fields for numbers, in the notation of whoever types them, and for moments; every form asks with these."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.numbers import get_currency_symbol
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from headwater.platform.installation import installation
from headwater.platform.numbers import DecimalMark, typed_number

_EARLIEST, _LATEST = 1000, 9000
_WRONG = _("Write it in figures, such as 1234.50.")


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
        return plainly(text)


class NumberField(forms.DecimalField):
    """A number with decimals: quantities, shares."""

    widget = NumberInput
    default_error_messages = {"invalid": _WRONG}

    def to_python(self, value: Any) -> Any:
        """The number; "1e5" is none."""
        if isinstance(value, str) and "e" in value.lower():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class AmountField(NumberField):
    """An amount of money, which may be left empty: then it is not known."""

    def __init__(self, *, required: bool = False, min_value: int | None = 0, **kwargs: Any) -> None:
        super().__init__(required=required, min_value=min_value, max_digits=15, decimal_places=2, **kwargs)


class CountField(forms.IntegerField):
    """A whole number."""

    widget = NumberInput
    default_error_messages = {"invalid": _("Write a whole number in figures.")}


class MomentField(forms.DateTimeField):
    """A day and time that every database can hold in every time zone: not the first or last year of the calendar."""

    def to_python(self, value: Any) -> datetime | None:
        """The moment, in the zone of whoever typed it."""
        moment = super().to_python(value)
        if moment is not None and not _EARLIEST <= moment.year <= _LATEST:
            raise forms.ValidationError(_("Check the year."), code="invalid")
        return moment


def plainly(text: str) -> str:
    """A typed number as programs write it; the same text if it is none. The company's country decides "1,234"."""
    value = typed_number(text, decimal=decimal_mark(), besides=_words_for(installation().currency))
    return text if value is None else format(value, "f")


def decimal_mark() -> DecimalMark:
    """What stands before the decimals in the company's country."""
    return _mark_of(installation().region)


def typed(text: str) -> str:
    """A number of a program's as it is typed here, without groups; the same text if it is none."""
    company = installation()
    mark = _mark_of(company.region)
    return text.replace(".", mark) if mark != "." and typed_number(text, decimal=".") is not None else text


@lru_cache
def _mark_of(region: str) -> DecimalMark:
    try:
        locale = Locale.parse(f"und_{region}") if region else Locale("en")
    except (UnknownLocaleError, ValueError):
        return "."
    return "," if locale.number_symbols.get("latn", {}).get("decimal") == "," else "."


@lru_cache
def _words_for(currency: str) -> tuple[str, ...]:
    return (get_currency_symbol(currency, locale="en"), currency) if currency else ()
