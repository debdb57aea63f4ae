"""What is asked for when sources, campaigns, spend and touchpoints are entered. Plain forms; actions do the rest."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from headwater.acquire.models import Channel, TouchpointKind
from headwater.acquire.queries import campaign_choices, source_choices
from headwater.acquire.rules import LONGEST_NAME
from headwater.parties.picking import PartyField, party_meant
from headwater.platform.resource import ActorForm
from headwater.team.queries import user_choices
from headwater.web.fields import AmountField, CurrencyField, DayField, MomentField
from headwater.web.widgets import IdField, offer


class SourceForm(ActorForm):
    """A source by hand."""

    name = forms.CharField(
        max_length=LONGEST_NAME,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As people say it: “Hannover fair”."),
    )
    channel = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose the channel")), *Channel.choices], label=gettext_lazy("Channel")
    )
    note = forms.CharField(
        max_length=500, required=False, label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            kept = {name: getattr(self.row, name) for name in ("name", "channel", "note")}
            self.initial = {**kept, **self.initial}


class AssignForm(ActorForm):
    """Who looks after it from now on."""

    owner_id = IdField(required=False, label=gettext_lazy("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "owner_id", user_choices(self.actor), blank=gettext("Nobody"))


class CampaignForm(ActorForm):
    """A campaign by hand: what, through which sources, when, and with how much money."""

    name = forms.CharField(max_length=LONGEST_NAME, label=gettext_lazy("Name"))
    source_ids = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label=gettext_lazy("Sources"),
        help_text=gettext_lazy("Where it runs; hold Ctrl to choose several."),
    )
    starts_on = DayField(required=False, label=gettext_lazy("Starts"))
    ends_on = DayField(required=False, label=gettext_lazy("Ends"))
    budget = AmountField(label=gettext_lazy("Budget"))
    currency = CurrencyField()
    segment = forms.CharField(max_length=200, required=False, label=gettext_lazy("For whom"))
    goal = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("Goal"),
        help_text=gettext_lazy("For example: 40 quote requests."),
    )
    owner_id = IdField(required=False, label=gettext_lazy("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the campaign has stays on offer: an owner who left, a source that is archived.
        present = self.row.owner if self.row is not None else None
        offer(self, "owner_id", user_choices(self.actor, besides=present))
        sources = self.fields["source_ids"]
        assert isinstance(sources, forms.TypedMultipleChoiceField)
        sources.choices = source_choices(self.actor)
        if self.row is not None:
            known = {pk for pk, _ in sources.choices}
            sources.choices += [(str(s.pk), s.name) for s in self.row.sources.all() if str(s.pk) not in known]
            names = ("name", "starts_on", "ends_on", "budget", "currency", "segment", "goal", "owner_id")
            kept = {name: getattr(self.row, name) for name in names}
            kept["source_ids"] = [source.pk for source in self.row.sources.all()]
            self.initial = {**kept, **self.initial}

    def clean(self) -> dict[str, Any] | None:
        """Dates that fit together."""
        cleaned = super().clean()
        starts_on, ends_on = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", gettext("The campaign cannot end before it starts."))
        return cleaned


class SpendForm(ActorForm):
    """Money spent on a source on a day."""

    source_id = IdField(label=gettext_lazy("Source"))
    campaign_id = IdField(required=False, label=gettext_lazy("Campaign"))
    amount = AmountField(
        required=True, min_value=None, label=gettext_lazy("Amount"),
        help_text=gettext_lazy("Below zero for a refund or a correction; the note says of what."),
    )  # fmt: skip
    currency = CurrencyField()
    spent_on = DayField(label=gettext_lazy("Day"))
    note = forms.CharField(max_length=200, required=False, label=gettext_lazy("Note"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_origin(self)


class TouchpointForm(ActorForm):
    """A contact with a party, written down by hand."""

    party_id = PartyField(label=gettext_lazy("With whom"))
    kind = forms.ChoiceField(choices=TouchpointKind.choices, label=gettext_lazy("What happened"))
    source_id = IdField(required=False, label=gettext_lazy("Source"))
    campaign_id = IdField(required=False, label=gettext_lazy("Campaign"))
    is_outbound = forms.BooleanField(required=False, label=gettext_lazy("We got in touch with them"))
    occurred_at = MomentField(
        required=False,
        label=gettext_lazy("When"),
        help_text=gettext_lazy("Leave it empty for now."),
    )
    cost = AmountField(label=gettext_lazy("Cost"))
    currency = CurrencyField()
    note = forms.CharField(max_length=300, required=False, label=gettext_lazy("Note"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_origin(self)

    def clean_party_id(self) -> int:
        """The party that is meant."""
        return party_meant(self, self.cleaned_data["party_id"])


class CorrectionForm(TouchpointForm):
    """What a touchpoint should have said."""

    party_id = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            names = ("kind", "source_id", "campaign_id", "is_outbound", "occurred_at", "cost", "currency", "note")
            self.initial = {**{name: getattr(self.row, name) for name in names}, **self.initial}


def _offer_origin(form: ActorForm) -> None:
    """Sources and campaigns; what the row has stays on offer, archived or deleted since."""
    for name, choices in (("source", source_choices), ("campaign", campaign_choices)):
        present = getattr(form.row, name, None)
        found = choices(form.actor)
        if present is not None and str(present.pk) not in {pk for pk, _ in found}:
            found = [*found, (str(present.pk), present.name)]
        offer(form, f"{name}_id", found)
