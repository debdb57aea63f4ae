"""How Django's forms look: fields in our markup, controls with our class, the browser's own date pickers."""

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

from headwater.web.notation import Writing, here, read_day, read_moment

PLAIN = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.HiddenInput)


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
    def clash(self) -> Any:
        """What somebody else made of this field while the form was open, if anything."""
        return getattr(self.form, "clashes", {}).get(self.name)


class FormRenderer(TemplatesSetting):
    """Renders every form of the product in the markup of the design guide; set as ``FORM_RENDERER``."""

    form_template_name = "web/form.html"
    field_template_name = "web/field.html"
    bound_field_class = Control


class DateInput(forms.DateInput):
    """A day, picked with the browser's own calendar, or typed in figures by who chose how they write them.

    What a person typed becomes ISO 8601, which the field reads; what a program sends is that already.
    """

    native, iso = "date", "%Y-%m-%d"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format=self.iso)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The browser's own control, or one to type into with an example."""
        context = super().get_context(name, value, attrs)
        writing = here()
        context["widget"]["type"] = "text" if writing.is_in_figures else self.native
        if writing.is_in_figures:
            context["widget"]["attrs"] |= {"autocomplete": "off", "placeholder": self.example(writing)}
        return context

    def format_value(self, value: Any) -> str | None:
        """The day as the control takes it; a wrong text as it was typed."""
        writing, found = here(), self.parsed(value) if isinstance(value, str) else value
        if found is None or not writing.is_in_figures:
            return super().format_value(found if found is not None else value)
        return self.written(found, writing)

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
        return read_day(text, writing)

    def example(self, writing: Writing) -> str:
        """How a day is written."""
        return writing.example_day


class DateTimeInput(DateInput):
    """A day and a time, picked with the browser's own control or typed as :class:`DateInput`."""

    native, iso = "datetime-local", "%Y-%m-%dT%H:%M"

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
        return read_moment(text, writing)

    def example(self, writing: Writing) -> str:
        """How a day and time are written."""
        return writing.example_moment


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
