"""What is filled in about the running of an installation."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from headwater.config.models import MOST_DAYS, MOST_WEEKS


class PlanForm(forms.Form):
    """When the daily backup is made, and how many are kept."""

    hour = forms.TypedChoiceField(
        label=_("Made from"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        help_text=_("On the company's clock, or as soon as Headwater runs after that."),
    )  # fmt: skip
    daily = forms.IntegerField(
        label=_("Days that are kept"), min_value=0, max_value=MOST_DAYS, help_text=_("0: no daily backup is made.")
    )
    weekly = forms.IntegerField(
        label=_("Weeks that are kept"), min_value=0, max_value=MOST_WEEKS,
        help_text=_("Of each of the last weeks the first backup stays, besides the days."),
    )  # fmt: skip
