"""How Django's forms look: fields in our markup, controls with our class, days typed as their reader writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.http import QueryDict
from django.utils.functional import Promise

from headwater.platform.clock import now
from headwater.web.notation import Writing, here, read_day, read_moment, read_near_day, reading_zone

WHOLE = {"data-whole": True}  # of a widget: its field takes a whole row where a form has two columns
PLAIN = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.HiddenInput)
TOLD_BY_THEMSELVES = (forms.CheckboxInput, forms.HiddenInput)  # no label says whether they are needed


class Control(BoundField):
    """A bound field whose control carries the class ``inp``, except boxes to tick and hidden ones."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """Django's attributes (required, aria-invalid, aria-describedby) and our class."""
        widget = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if not isinstance(widget, PLAIN):
            # A browser would cut what is too long without a word; the field says how much it takes.
            built["maxlength"] = False
            built["class"] = f"{widget.attrs.get('class', '')} inp".strip()
        return built

    @property
    def is_optional(self) -> bool:
        """Whether its label says that it may be left empty: where most have to be filled in."""
        return not self.field.required and not self._is_mostly_optional

    @property
    def is_needed(self) -> bool:
        """Whether its label says that it has to be filled in: where most may be left empty, until a choice is made."""
        is_chosen = isinstance(self.field, forms.ChoiceField) and self.initial not in (None, "")
        return self.field.required and self._is_mostly_optional and not is_chosen

    @property
    def _is_mostly_optional(self) -> bool:
        asked = [each for each in self.form.fields.values() if not isinstance(each.widget, TOLD_BY_THEMSELVES)]
        is_said_otherwise = any(getattr(each, "mark", "") for each in asked)
        return not is_said_otherwise and sum(each.required for each in asked) * 2 < len(asked)

    @property
    def clash(self) -> Any:
        """What somebody else made of this field while the form was open, if anything."""
        return getattr(self.form, "clashes", {}).get(self.name)


class FormRenderer(TemplatesSetting):
    """Renders every form of the product in the markup of the design guide; set as ``FORM_RENDERER``."""

    form_template_name = "web/form.html"
    field_template_name = "web/field.html"
    bound_field_class = Control


class DateInput(forms.DateInput):
    """A day in figures as its reader writes them, typed or picked from the browser's calendar beside it (days.js).

    What a person typed becomes ISO 8601, which the field reads; what a program sends is that already.
    """

    template_name = "web/day_input.html"
    iso = "%Y-%m-%d"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format=self.iso)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """A control to type into, with an example, and how the calendar writes into it."""
        context, writing = super().get_context(name, value, attrs), here()
        context["widget"] |= {"type": "text", "pattern": writing.day_pattern, "clock": self.clock(writing)}
        context["widget"]["attrs"] |= {"autocomplete": "off", "placeholder": self.example(writing)}
        return context

    def format_value(self, value: Any) -> str | None:
        """The day as the control takes it; a wrong text as it was typed."""
        found = self.parsed(value) if isinstance(value, str) else value
        return super().format_value(value) if found is None else self.written(found, here())

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The day in ISO 8601, or the text as it is if it is none."""
        text = super().value_from_datadict(data, files, name)
        if not isinstance(data, QueryDict) or not isinstance(text, str):
            return text
        found = self.read(text, here())
        return text if found is None else found.isoformat()

    def parsed(self, text: str) -> Any:
        """The day that ISO 8601 says, None if it says none."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None

    def written(self, value: Any, writing: Writing) -> str:
        """The day in figures."""
        return writing.day(value)

    def read(self, text: str, writing: Writing) -> date | None:
        """The day that was typed, None if it is none."""
        return read_day(text, writing) or read_near_day(text, _today())

    def example(self, writing: Writing) -> str:
        """How a day is written."""
        return writing.example_day

    def clock(self, writing: Writing) -> str:
        """How a time is written behind the day, 12 or 24 hours; empty where there is none."""
        return ""


class DateTimeInput(DateInput):
    """A day and a time, typed or picked as with :class:`DateInput`."""

    iso = "%Y-%m-%dT%H:%M"

    def parsed(self, text: str) -> Any:
        """The moment that ISO 8601 says, None if it says none."""
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None

    def written(self, value: Any, writing: Writing) -> str:
        """The day and time in figures."""
        return f"{writing.day(value)} {writing.time(value.time())}"

    def read(self, text: str, writing: Writing) -> date | None:
        """The day and time that were typed, None if they are none."""
        return read_moment(text, writing, today=_today())

    def example(self, writing: Writing) -> str:
        """How a day and time are written."""
        return writing.example_moment

    def clock(self, writing: Writing) -> str:
        """How the time is written."""
        return "12" if writing.has_noon else "24"


def _today() -> date:
    return now().astimezone(reading_zone()).date()


class IdField(forms.TypedChoiceField):
    """One of the records on offer, by its id; nothing chosen is None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **kwargs)


def offer(
    form: forms.BaseForm,
    name: str,
    choices: Sequence[tuple[str, Any]] | Callable[[], Sequence[tuple[str, Any]]],
    *,
    blank: str | Promise = "–",
) -> None:
    """Set what can be chosen in a field, with nothing first; ``blank`` says what nothing means there.

    A function is asked only when the field is shown or something was chosen in it: programs leave most fields out.
    """
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)

    @cache
    def offered() -> list[tuple[str, Any]]:
        return [("", blank), *(choices() if callable(choices) else choices)]

    field.choices = offered
