"""What is filled in about mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from headwater.platform.errors import Invalid
from headwater.tell.models import MailSettings
from headwater.tell.rules import LONGEST_SUBJECT, LONGEST_TEXT
from headwater.tell.words import NewsKind, NewsWay

PLAIN = {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


def show_refusal(form: forms.Form, refusal: Invalid) -> None:
    """Put an action's reasons beside the fields they are about."""
    for name, reasons in refusal.fields.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)


class MailForm(forms.Form):
    """Through which server mails go, and as whose."""

    host = forms.CharField(
        label=_("Mail server"), max_length=255, required=False, widget=forms.TextInput(attrs=PLAIN),
        help_text=_("A name such as smtp.example.com, as your mail provider writes it. Empty: no mail is sent."),
    )  # fmt: skip
    security = forms.ChoiceField(label=_("Security"), choices=MailSettings.Security.choices)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535)
    username = forms.CharField(
        label=_("User"), max_length=255, required=False, widget=forms.TextInput(attrs=PLAIN),
        help_text=_("Empty where the server knows us without."),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Password"), max_length=1_000, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    sender_name = forms.CharField(label=_("Sender's name"), max_length=120, required=False)
    sender_address = forms.CharField(
        label=_("Sender's address"), max_length=254, required=False, widget=forms.EmailInput(attrs=PLAIN)
    )
    address = forms.CharField(
        label=_("Address of Headwater"), max_length=255, required=False, widget=forms.URLInput(attrs=PLAIN),
        help_text=_("Where your people open it, such as https://crm.example.com. Links in mails begin with it."),
    )  # fmt: skip

    def values(self) -> tuple[dict[str, Any], str | None]:
        """What was filled in, and the password if there is a new one."""
        values = dict(self.cleaned_data)
        return values, values.pop("password") or None


def digest_hours() -> list[tuple[str, Any]]:
    """No digest, or from which hour on."""
    return [("", _("None")), *((str(hour), _("From %(hour)s:00") % {"hour": f"{hour:02}"}) for hour in range(24))]


class WaysForm(forms.Form):
    """How one wants to be told of each kind of news."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in NewsKind:
            self.fields[kind.value] = forms.ChoiceField(label=kind.label, choices=NewsWay.choices)
        self.fields["hour"] = forms.TypedChoiceField(
            label=_("Daily digest by mail"), required=False, coerce=int, empty_value=None, choices=digest_hours,
            help_text=_("On working days, when there is something: what is new, to-dos of the day, answers that wait."),
        )  # fmt: skip


class WordsForm(forms.Form):
    """What a mail says."""

    subject = forms.CharField(label=_("Subject"), max_length=LONGEST_SUBJECT)
    text = forms.CharField(label=_("Text"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 14}))
