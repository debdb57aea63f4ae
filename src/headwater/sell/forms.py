"""What is asked for when something is sold. Plain forms; the actions decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.parties.picking import PartyField, party_meant
from headwater.platform.clock import now
from headwater.platform.resource import ActorForm
from headwater.platform.values import row_id
from headwater.qualify.queries import by_ids as leads_by_ids
from headwater.sell.models import ForecastCategory, LostReason
from headwater.sell.queries.visible import product_choices, seller_choices, stage_choices
from headwater.sell.rules import CHANGE_COST, SEE_COST, SELLS
from headwater.team.queries import user_choices
from headwater.web.fields import AmountField, CountField, CurrencyField, DayField, NumberField
from headwater.web.widgets import WHOLE, IdField, offer


def start_of(day: Any) -> datetime | None:
    """A day that was picked, as a moment: now, if it is today; else noon of it, where the reader is."""
    if day is None:
        return None
    today = timezone.localtime(now())
    if day == today.date():
        return now()
    return datetime.combine(day, time(12), tzinfo=today.tzinfo)


class ProductForm(ActorForm):
    """A product of the catalogue."""

    guarded = {"cost": frozenset({SEE_COST, CHANGE_COST})}
    name = forms.CharField(max_length=160, label=lazy("Name"))
    family = forms.CharField(
        max_length=80, required=False, label=lazy("Family"), help_text=lazy("Servers, printers, service…")
    )
    list_price = AmountField(label=lazy("List price"))
    currency = CurrencyField()
    cost = AmountField(label=lazy("What it costs us"))


class OpenForm(ActorForm):
    """An opportunity by hand, or from a lead."""

    lead_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    party_id = PartyField(required=False, label=lazy("Who may buy"))
    name = forms.CharField(max_length=200, required=False, label=lazy("What they may buy"))
    amount = AmountField(label=lazy("Value"), help_text=lazy("Leave it empty while it is not known."))
    currency = CurrencyField()
    close_date = DayField(required=False, label=lazy("Expected to close"))
    stage_id = IdField(required=False, label=lazy("Stage"))
    next_step = forms.CharField(max_length=200, required=False, label=lazy("Next step"))
    owner_id = IdField(required=False, label=lazy("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "stage_id", stage_choices(self.actor), blank=_("The first stage"))
        sells = self.actor.may(SELLS)
        offer(self, "owner_id", seller_choices(self.actor), blank=_("Me") if sells else _("Choose who sells"))
        self.fields["owner_id"].required = not sells
        lead_id = self.data.get("lead_id") if self.is_bound else self.initial.get("lead_id")
        if (known := row_id(str(lead_id or ""))) is not None:
            self._about_lead(known)

    def _about_lead(self, lead_id: int) -> None:
        """From a lead: who buys is known, and what they want is suggested."""
        lead = leads_by_ids(self.actor, [lead_id]).select_related("party").first()
        if lead is None:
            return
        self.fields["party_id"].widget = forms.HiddenInput()
        self.fields["name"].widget.attrs |= WHOLE
        self.fields["name"].help_text = _("From the lead of {party}.").format(party=lead.party)
        self.initial.setdefault("name", lead.title)
        self.initial.setdefault("amount", lead.amount)
        self.initial.setdefault("currency", lead.currency)
        self.initial.setdefault("owner_id", lead.owner_id)

    def clean(self) -> dict[str, Any]:
        """Who buys: the lead's party, or the one that is named."""
        cleaned = super().clean() or self.cleaned_data
        text = str(cleaned.get("party_id") or "")
        cleaned["party_id"] = None
        if cleaned.get("lead_id"):
            return cleaned
        if not text.strip():
            self.add_error("party_id", _("Say who may buy."))
            return cleaned
        try:
            cleaned["party_id"] = party_meant(self, text)
        except forms.ValidationError as error:
            self.add_error("party_id", error)
        return cleaned


class OpportunityForm(ActorForm):
    """The details of an opportunity."""

    name = forms.CharField(max_length=200, label=lazy("What they may buy"), widget=forms.TextInput(WHOLE))
    amount = AmountField(label=lazy("Value"), help_text=lazy("Leave it empty while it is not known."))
    currency = CurrencyField()
    close_date = DayField(required=False, label=lazy("Expected to close"))
    probability = CountField(
        min_value=0,
        max_value=100,
        label=lazy("Probability in %"),
        help_text=lazy("The stage's own, unless you judge it better."),
    )
    forecast_category = forms.ChoiceField(choices=ForecastCategory.choices, label=lazy("Forecast category"))
    next_step = forms.CharField(max_length=200, required=False, label=lazy("Next step"))
    competitor = forms.CharField(max_length=120, required=False, label=lazy("Competitor"))


class MoveForm(ActorForm):
    """Another stage; back asks for a reason."""

    stage_id = IdField(label=lazy("Stage"))
    reason = forms.CharField(
        max_length=300, required=False, label=lazy("Reason"), help_text=lazy("Needed for a step back.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = self.row.stage_id if self.row is not None else None
        offer(self, "stage_id", [choice for choice in stage_choices(self.actor) if choice[0] != str(here)])
        self.initial.pop("stage_id", None)


class WinForm(ActorForm):
    """For how much, and since when."""

    guarded = {"cost": frozenset({SEE_COST, CHANGE_COST})}
    amount = AmountField(label=lazy("Value of the order"), help_text=lazy("Leave it empty if it is not known."))
    closed_on = DayField(required=False, label=lazy("Won on"), help_text=lazy("Leave it empty for today."))
    cost = AmountField(label=lazy("What the goods cost us"), help_text=lazy("Only where the products do not say."))
    number = forms.CharField(max_length=60, required=False, label=lazy("Order number"))

    def clean(self) -> dict[str, Any]:
        """The day as the moment the action takes."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["closed_at"] = start_of(cleaned.pop("closed_on", None))
        return cleaned


class LoseForm(ActorForm):
    """Why they did not buy, and from whom they did."""

    reason = forms.ChoiceField(choices=[("", lazy("Choose a reason")), *LostReason.choices], label=lazy("Reason"))
    competitor = forms.CharField(max_length=120, required=False, label=lazy("Who sold instead"))
    note = forms.CharField(
        max_length=300, required=False, label=lazy("In their words"), widget=forms.Textarea({"rows": 2})
    )


class NextStepForm(ActorForm):
    """What happens next, and by when it should close."""

    next_step = forms.CharField(max_length=200, label=lazy("Next step"), widget=forms.TextInput({"autofocus": True}))
    close_date = DayField(required=False, label=lazy("Expected to close"))


class AssignForm(ActorForm):
    """Who works on it."""

    owner_id = IdField(required=False, label=lazy("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "owner_id", user_choices(self.actor), blank=_("Nobody"))


class LineForm(ActorForm):
    """A product, how many, and at what price."""

    product_id = IdField(label=lazy("Product"))
    quantity = NumberField(min_value=0, max_digits=12, decimal_places=2, initial=1, label=lazy("Quantity"))
    unit_price = AmountField(label=lazy("Price each"), help_text=lazy("Leave it empty for the list price."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "product_id", product_choices(self.actor))


class OrderForm(ActorForm):
    """An order without an opportunity."""

    guarded = {"cost": frozenset({SEE_COST, CHANGE_COST})}
    party_id = PartyField(label=lazy("Who buys"))
    ordered_on = DayField(required=False, label=lazy("Ordered on"), help_text=lazy("Leave it empty for today."))
    amount = AmountField(label=lazy("Value"))
    currency = CurrencyField()
    cost = AmountField(label=lazy("What the goods cost us"))
    number = forms.CharField(max_length=60, required=False, label=lazy("Order number"))
    note = forms.CharField(max_length=300, required=False, label=lazy("Note"))

    def clean_party_id(self) -> int:
        """The one party that is meant."""
        return party_meant(self, self.cleaned_data["party_id"])

    def clean(self) -> dict[str, Any]:
        """The day as the moment the action takes."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["ordered_at"] = start_of(cleaned.pop("ordered_on", None))
        return cleaned


class OrderChangeForm(ActorForm):
    """What can be corrected on an order."""

    guarded = {"cost": frozenset({SEE_COST, CHANGE_COST})}
    number = forms.CharField(max_length=60, required=False, label=lazy("Order number"))
    amount = AmountField(label=lazy("Value"))
    currency = CurrencyField()
    cost = AmountField(label=lazy("What the goods cost us"))
    note = forms.CharField(max_length=300, required=False, label=lazy("Note"))


class DecideForm(ActorForm):
    """Which product a file's text means."""

    product_id = IdField(label=lazy("Product"))
    all_lines = forms.BooleanField(required=False, initial=True, label=lazy("Everywhere this text stands"))

    def __init__(self, *args: Any, products: Sequence[tuple[str, Any]] | None = None, **kwargs: Any) -> None:
        """``products`` are those on offer, where several forms stand together; otherwise they are looked up."""
        super().__init__(*args, **kwargs)
        on_offer = product_choices(self.actor) if products is None else products
        offer(self, "product_id", on_offer, blank=_("Choose the product"))
