"""What a custom field is typed into: the same inputs as those of the fields that are declared in code."""

from __future__ import annotations

from collections.abc import Callable

from django import forms

from headwater.platform.custom.kinds import LONGEST_LINK, LONGEST_TEXT, Field, FieldKind
from headwater.web.fields import AmountField, DayField, NumberField
from headwater.web.widgets import IdField


def input_of(field: Field) -> forms.Field:
    """The form field that asks for a value."""
    asked = _MAKE[field.kind](field)
    asked.label, asked.help_text, asked.required = field.label, field.help, field.is_required
    asked.widget.is_required = field.is_required
    return asked


_MAKE: dict[FieldKind, Callable[[Field], forms.Field]] = {
    FieldKind.TEXT: lambda field: forms.CharField(max_length=LONGEST_TEXT),
    FieldKind.NUMBER: lambda field: NumberField(max_digits=19, decimal_places=6),
    FieldKind.MONEY: lambda field: AmountField(min_value=None),
    FieldKind.DATE: lambda field: DayField(),
    FieldKind.CHOICE: lambda field: forms.ChoiceField(choices=[("", "–"), *field.on_offer]),
    FieldKind.CHOICES: lambda field: forms.MultipleChoiceField(
        choices=field.on_offer, widget=forms.CheckboxSelectMultiple
    ),
    FieldKind.PERSON: lambda field: IdField(),
    FieldKind.LINK: lambda field: forms.CharField(
        max_length=LONGEST_LINK, widget=forms.TextInput({"inputmode": "url"})
    ),
}
