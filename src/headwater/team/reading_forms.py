"""What people fill in about time, notation and other currencies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from headwater.platform.language import spoken
from headwater.team.forms import Choices, own_time_zone_choices
from headwater.web.fields import DayField, NumberField, currency_choices
from headwater.web.notation import DAYS, NUMBERS

MOST_BYTES = 20 << 20


def notation_choices(codes: Iterable[str]) -> Choices:
    """Ways to write something, each written that way, or as language and country have it."""
    return [("", _("As usual in my language and country")), *((code, code) for code in codes)]


class ReadingForm(forms.Form):
    """The language somebody reads, where they are, and how they write figures, days and times."""

    language = forms.ChoiceField(
        label=_("Language"), choices=lazy(lambda: [("", _("As the company")), *spoken()], list), required=False
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(own_time_zone_choices, list), required=False)
    number_notation = forms.ChoiceField(
        label=_("Numbers"), choices=lazy(lambda: notation_choices(NUMBERS), list), required=False
    )
    day_notation = forms.ChoiceField(
        label=_("Days"),
        choices=lazy(lambda: notation_choices(DAYS), list),
        required=False,
        help_text=_("With a choice days are shown and typed in figures; without, the browser shows its own calendar."),
    )
    clock = forms.ChoiceField(
        label=_("Clock"),
        choices=[("", _("As usual in my language and country")), ("24", "14:30"), ("12", "2:30 pm")],
        required=False,
    )
    week_begins = forms.ChoiceField(
        label=_("The week begins on"),
        choices=[
            ("", _("As usual in my language and country")),
            ("1", _("Monday")), ("6", _("Saturday")), ("7", _("Sunday")),
        ],
        required=False,
    )  # fmt: skip


class RateForm(forms.Form):
    """What a currency is worth from a day on."""

    currency = forms.ChoiceField(label=_("Currency"), choices=lazy(currency_choices, list))
    day = DayField(label=_("From this day on"))
    rate = NumberField(
        label=_("One unit is worth"), max_digits=21, decimal_places=12, help_text=_("In the company's currency.")
    )
    source = forms.CharField(label=_("Where it is from"), max_length=120, required=False)


class RatesFileForm(forms.Form):
    """Rates from a file, or pasted."""

    file = forms.FileField(label=_("File"), required=False)
    pasted = forms.CharField(label=_("Or paste it"), required=False, widget=forms.Textarea({"rows": 3}))
    source = forms.CharField(label=_("Where it is from"), max_length=120, required=False)
    text = ""

    def clean(self) -> dict[str, Any]:
        """One of both, and its text."""
        found = super().clean() or self.cleaned_data
        upload, self.text = found.get("file"), found.get("pasted", "")
        if upload is not None and upload.size > MOST_BYTES:
            raise forms.ValidationError({"file": _("The file is larger than 20 MB.")})
        if upload is not None:
            try:
                self.text = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise forms.ValidationError({"file": _("The file is not text.")}) from error
        if not self.text.strip():
            raise forms.ValidationError({"file": _("Choose a file, or paste what is in it.")})
        return found
