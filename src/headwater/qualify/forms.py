"""What is asked for when leads are taken in and worked on. Plain forms; the actions decide."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from headwater.acquire.queries import campaign_choices, source_choices
from headwater.parties.queries import visible_parties
from headwater.parties.rules import is_phone
from headwater.platform.installation import installation
from headwater.platform.money import UnknownCurrency, currency_code
from headwater.platform.resource import ActorForm
from headwater.platform.values import row_id
from headwater.qualify.models import DisqualifyReason, Interest, SendBackReason, Stage
from headwater.qualify.queries import handover_choices, owner_choices
from headwater.qualify.rules import moves
from headwater.qualify.rules.one_line import is_whole_line
from headwater.web.fields import AmountField, CurrencyField, DayField, MomentField
from headwater.web.widgets import WHOLE, IdField, offer

NOBODY = gettext_lazy("Nobody: leave it in the pool")
Choices = list[tuple[str, str]]


class WhoAsksForm(ActorForm):
    """A form that asks who a lead is from."""

    def clean_phone(self) -> str:
        """A number that can be called from where the company is: what cannot be kept is not left out silently."""
        text = str(self.cleaned_data["phone"]).strip()
        if text and not is_phone(text, installation().region):
            raise forms.ValidationError(
                gettext('"{text}" needs its country: write it with + and the country code.').format(text=text)
            )
        return text


class CaptureForm(WhoAsksForm):
    """A lead by hand: who asks, what for, and where they come from."""

    party_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=200, required=False, label=gettext_lazy("Name"), widget=forms.TextInput({"autofocus": True})
    )
    company = forms.CharField(max_length=200, required=False, label=gettext_lazy("Company"))
    email = forms.CharField(max_length=254, required=False, label=gettext_lazy("E-mail"), widget=forms.EmailInput)
    phone = forms.CharField(
        max_length=60, required=False, label=gettext_lazy("Phone"), widget=forms.TextInput({"type": "tel"})
    )
    job_title = forms.CharField(max_length=120, required=False, label=gettext_lazy("Job title"))
    interest = forms.ChoiceField(choices=Interest.choices, label=gettext_lazy("Interest"), widget=forms.RadioSelect)
    title = forms.CharField(
        max_length=200, required=False, label=gettext_lazy("What they want"), widget=forms.TextInput(WHOLE)
    )
    amount = AmountField(label=gettext_lazy("Worth, their guess"))
    currency = CurrencyField()
    source_id = IdField(required=False, label=gettext_lazy("Source"))
    campaign_id = IdField(required=False, label=gettext_lazy("Campaign"))
    owner_id = IdField(required=False, label=gettext_lazy("Owner"))
    arrived_at = MomentField(
        required=False,
        label=gettext_lazy("Arrived"),
        help_text=gettext_lazy("Leave it empty for now."),
    )
    note = forms.CharField(required=False, label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "source_id", lambda: source_choices(self.actor), blank=gettext("Left blank"))
        offer(self, "campaign_id", lambda: campaign_choices(self.actor))
        offer(self, "owner_id", lambda: _owners(self), blank=NOBODY)
        self.initial.setdefault("interest", Interest.ENQUIRY)
        self.initial.setdefault("owner_id", self.actor.user_id)
        self._say_about(str(self["party_id"].value() or ""))

    def _say_about(self, party_id: str) -> None:
        """Whom it is about, where that is known: then nobody is asked who they are, and nothing typed is left out."""
        pk = row_id(party_id)
        party = visible_parties(self.actor).filter(pk=pk).first() if pk is not None else None
        if party is not None:
            self.fields["name"].disabled = self.fields["name"].required = True
            self.initial["name"] = party.name
            for name in ("company", "email", "phone", "job_title"):
                del self.fields[name]

    @property
    def hint(self) -> SafeString:
        """How to say all of it in one line; with what was typed, where that is a whole line."""
        if "name" in self.fields and self.fields["name"].disabled:
            return SafeString("")
        line = str(self["name"].value() or "")
        if is_whole_line(line):
            besides = [name for name in self.changed_data if name in QuickForm.base_fields and name != "name"]
            told = {"line": line, **{name: self[name].value() or "" for name in besides}}
            url = f"{reverse('qualify_quick')}?{urlencode(told)}"
            return format_html('<a class="btn btn-s" href="{}">{}</a>', url, gettext("Take the line apart"))
        words = gettext("Faster: all of it in one line, name, company, e-mail and what they want.")
        return format_html('<a href="{}">{}</a> <kbd class="desk">Q</kbd>', reverse("qualify_quick"), words)

    def clean_name(self) -> str:
        """A name; who typed the whole line into its field is offered to have it taken apart."""
        name = str(self.cleaned_data["name"])
        if is_whole_line(name) and not self.fields["name"].disabled:
            raise forms.ValidationError(gettext("This is more than a name. Give each part its own field."))
        return name

    def clean(self) -> dict[str, Any] | None:
        """Somebody has to ask."""
        cleaned = super().clean()
        named = any(self.cleaned_data.get(field) for field in ("party_id", "name", "company", "email", "phone"))
        if not named and not self.errors:
            self.add_error("name", gettext("Give a name, a company, an e-mail address or a phone number."))
        return cleaned


class QuickForm(WhoAsksForm):
    """What one line says of a lead; each piece can be corrected."""

    name = forms.CharField(max_length=200, required=False, label=gettext_lazy("Name"))
    company = forms.CharField(max_length=200, required=False, label=gettext_lazy("Company"))
    email = forms.CharField(max_length=254, required=False, label=gettext_lazy("E-mail"), widget=forms.EmailInput)
    phone = forms.CharField(
        max_length=60, required=False, label=gettext_lazy("Phone"), widget=forms.TextInput({"type": "tel"})
    )
    interest = forms.ChoiceField(choices=Interest.choices, label=gettext_lazy("Interest"))
    title = forms.CharField(max_length=200, required=False, label=gettext_lazy("What they want"))
    amount = AmountField(label=gettext_lazy("Worth"))
    currency = forms.CharField(max_length=3, required=False, label=gettext_lazy("Currency"))
    source_id = IdField(required=False, label=gettext_lazy("Source"))
    owner_id = IdField(required=False, label=gettext_lazy("Owner"))
    # What no line says comes from the form whose name field somebody wrote the line into.
    job_title = forms.CharField(max_length=120, required=False, label=gettext_lazy("Job title"))
    campaign_id = IdField(required=False, label=gettext_lazy("Campaign"))
    arrived_at = MomentField(required=False, label=gettext_lazy("Arrived"))
    note = forms.CharField(required=False, label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 1}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "source_id", source_choices(self.actor), blank=gettext("Left blank"))
        offer(self, "owner_id", _owners(self), blank=NOBODY)
        offer(self, "campaign_id", lambda: campaign_choices(self.actor))

    def clean_currency(self) -> str:
        """A currency there is; the company's own where none is named."""
        text = str(self.cleaned_data["currency"]).strip()
        try:
            return currency_code(text) if text else ""
        except UnknownCurrency as error:
            raise forms.ValidationError(gettext("Write the currency as three letters, such as EUR.")) from error

    def clean(self) -> dict[str, Any] | None:
        """Somebody has to ask."""
        cleaned = super().clean()
        if not any(self.cleaned_data.get(name) for name in ("name", "company", "email", "phone")) and not self.errors:
            self.add_error(None, gettext("Say who asks: a name, a company, an e-mail address or a phone number."))
        return cleaned


class ChangeForm(ActorForm):
    """The details of a lead."""

    title = forms.CharField(max_length=200, required=False, label=gettext_lazy("What they want"))
    interest = forms.ChoiceField(choices=Interest.choices, label=gettext_lazy("Interest"), widget=forms.RadioSelect)
    amount = AmountField(label=gettext_lazy("Worth, their guess"))
    currency = CurrencyField()
    source_id = IdField(required=False, label=gettext_lazy("Source"))
    campaign_id = IdField(required=False, label=gettext_lazy("Campaign"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources, campaigns = source_choices(self.actor), campaign_choices(self.actor)
        if self.row is not None:
            names = ("title", "interest", "amount", "currency", "source_id", "campaign_id")
            self.initial = {**{name: getattr(self.row, name) for name in names}, **self.initial}
            _keep_on_offer(sources, self.row.source)
            _keep_on_offer(campaigns, self.row.campaign)
        offer(self, "source_id", sources, blank=gettext("Left blank"))
        offer(self, "campaign_id", campaigns)


class MoveForm(ActorForm):
    """Where the lead goes; a step back says why."""

    stage = forms.ChoiceField(choices=Stage.choices, label=gettext_lazy("Stage"))
    reason = forms.CharField(
        max_length=300,
        required=False,
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Needed when the lead goes back a stage."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            open_moves = moves(self.row.stage, self.row.exit)
            stage = self.fields["stage"]
            assert isinstance(stage, forms.ChoiceField)
            stage.choices = [(code, Stage(code).label) for code in open_moves]


class DisqualifyForm(ActorForm):
    """Why the lead will not become a sale."""

    reason = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose a reason")), *DisqualifyReason.choices], label=gettext_lazy("Reason")
    )
    note = forms.CharField(max_length=300, required=False, label=gettext_lazy("Note"))


class RecycleForm(ActorForm):
    """When the lead wakes up again."""

    wake_up_on = DayField(label=gettext_lazy("Wakes up on"))
    note = forms.CharField(max_length=300, required=False, label=gettext_lazy("Note"))


class HandOverForm(ActorForm):
    """Who in sales is asked to take the lead."""

    to_id = IdField(label=gettext_lazy("Hand over to"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "to_id", handover_choices(self.actor), blank=gettext("Choose a colleague"))


class RedirectForm(ActorForm):
    """Who answers the handover instead."""

    owner_id = IdField(label=gettext_lazy("Who answers it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "owner_id", handover_choices(self.actor), blank=gettext("Choose a colleague"))


class SendBackForm(ActorForm):
    """Why sales does not take the lead."""

    reason = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose a reason")), *SendBackReason.choices],
        label=gettext_lazy("Why send it back?"),
    )
    note = forms.CharField(
        max_length=300, required=False, label=gettext_lazy("Note"),
        help_text=gettext_lazy("One line to the qualifier."),
    )  # fmt: skip


class AssignForm(ActorForm):
    """Who works on the lead from now on."""

    owner_id = IdField(required=False, label=gettext_lazy("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "owner_id", owner_choices(self.actor), blank=NOBODY)
        if self.row is not None:
            self.initial.setdefault("owner_id", self.row.owner_id)


class LogForm(ActorForm):
    """What was said or written, and when."""

    subject = forms.CharField(max_length=200, required=False, label=gettext_lazy("In short"))
    body = forms.CharField(required=False, label=gettext_lazy("Details"), widget=forms.Textarea({"rows": 4}))
    occurred_at = MomentField(
        required=False,
        label=gettext_lazy("When"),
        help_text=gettext_lazy("Leave it empty for now."),
    )


class TalkForm(LogForm):
    """A call or e-mail, in either direction."""

    is_outbound = forms.TypedChoiceField(
        choices=[("1", gettext_lazy("We got in touch with them")), ("0", gettext_lazy("They got in touch with us"))],
        coerce=lambda text: text == "1",
        initial="1",
        label=gettext_lazy("Direction"),
        widget=forms.RadioSelect,
    )


class NextStepForm(ActorForm):
    """What is to be done next, and by when."""

    subject = forms.CharField(max_length=200, label=gettext_lazy("What to do"))
    due_at = MomentField(label=gettext_lazy("By when"))
    body = forms.CharField(required=False, label=gettext_lazy("Details"), widget=forms.Textarea({"rows": 3}))


def _owners(form: ActorForm) -> Choices:
    """Everybody for those who may assign; oneself for the others."""
    everybody = owner_choices(form.actor)
    if form.actor.may("qualify.lead.assign"):
        return everybody
    return [(pk, name) for pk, name in everybody if pk == str(form.actor.user_id)]


def _keep_on_offer(choices: Choices, row: Any) -> None:
    """A source or campaign that is archived stays on offer on the record that has it."""
    if row is not None and str(row.pk) not in {pk for pk, _ in choices}:
        choices.append((str(row.pk), str(row)))
