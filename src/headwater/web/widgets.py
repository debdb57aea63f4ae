"""How Django's forms look: fields in our markup, controls with our class, the browser's own date pickers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.functional import Promise

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
    """A day, picked with the browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """A day and a time, picked with the browser's own control."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class IdField(forms.TypedChoiceField):
    """One of the records on offer, by its id; nothing chosen is None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **kwargs)


def offer(form: forms.BaseForm, name: str, choices: Sequence[tuple[str, Any]], *, blank: str | Promise = "–") -> None:
    """Set what can be chosen in a field, with nothing first; ``blank`` says what nothing means there."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", blank), *choices]
