"""What people fill in about themselves and the company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from babel.core import Locale
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from headwater.platform.errors import Invalid
from headwater.platform.language import spoken
from headwater.platform.translated import grouped
from headwater.team import queries
from headwater.team.actions.files import Upload
from headwater.team.queries.leaving import HeldWork
from headwater.team.queries.roles import role_choices
from headwater.team.queries.single_sign_on import newcomer_roles
from headwater.team.rights import all_rights
from headwater.team.rules import TOKEN_SCOPES
from headwater.web.fields import CountField, DayField, currency_choices

Choices = list[tuple[str, Any]]


def show_refusal(form: forms.Form, refusal: Invalid) -> None:
    """Put an action's reasons beside the fields they are about."""
    for name, reasons in refusal.fields.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)


def _locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_"), resolve_likely_subtags=True)


def country_choices() -> Choices:
    """Countries by their name: those with telephones, so neither "Eurozone" nor "Unknown region"."""
    named = [(code, name) for code, name in _locale().territories.items() if code in SUPPORTED_REGIONS]
    return [("", _("Choose a country")), *sorted(named, key=lambda c: str(c[1]))]


def time_zone_choices() -> Choices:
    """Time zones named after places."""
    zones = sorted(z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "posix/", "right/")))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)]


def own_time_zone_choices() -> Choices:
    """Time zones, or the company's."""
    return [("", _("As the company")), *time_zone_choices()]


def team_choices() -> Choices:
    """Teams, or none."""
    return [("", _("No team")), *((str(team.pk), team.name) for team in queries.teams())]


class SignInForm(forms.Form):
    """E-mail and password."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    keep = forms.BooleanField(label=_("Keep me signed in on this device for 30 days"), required=False)


class CodeForm(forms.Form):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six digits from your app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "autocapitalize": "off"}
        ),
    )


class NewAppForm(CodeForm):
    """The first code of an app, which shows that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("Six digits that your app shows now.")


class SignInCodeForm(CodeForm):
    """The second step of signing in."""

    remember = forms.BooleanField(label=_("Ask for no code on this device for 30 days"), required=False)

    def ask_for_recovery_code(self) -> None:
        """For who has a passkey and no app."""
        self.fields["code"].label = _("Recovery code")
        self.fields["code"].help_text = _("One of the codes you kept, if your passkey is not at hand.")
        del self.fields["code"].widget.attrs["autofocus"]
        del self.fields["remember"]


class PasskeyForm(forms.Form):
    """A new passkey's name."""

    name = forms.CharField(
        label=_("What you call it"), max_length=80, help_text=_("Such as the device that keeps it: work laptop.")
    )


class ProofForm(forms.Form):
    """The present password, before something is changed that protects the account."""

    current = forms.CharField(
        label=_("Present password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class FullProofForm(ProofForm):
    """All that signing in asks for: the password, and a code from who has a second factor."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six digits from your app, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "off"}),
    )


class NeededWhenOn(forms.CharField):
    """Needed as soon as it is switched on; until then it may wait."""

    mark = _("(needed when switched on)")


class SingleSignOnForm(forms.Form):
    """Where people sign in instead, and who of them comes in."""

    is_on = forms.BooleanField(label=_("People sign in through a provider"), required=False)
    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Stands on the button: Sign in with …"),
    )  # fmt: skip
    issuer = NeededWhenOn(
        label=_("Issuer"), max_length=255, required=False,
        help_text=_("An address such as https://login.example.com, as your provider writes it."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )  # fmt: skip
    client_id = NeededWhenOn(
        label=_("Client ID"), max_length=255, required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}),
    )  # fmt: skip
    secret = forms.CharField(
        label=_("Client secret"), max_length=1_000, required=False, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    domains = forms.CharField(
        label=_("E-mail domains"), max_length=5_000, required=False,
        help_text=_("Only these come in, separated by spaces. Empty: whoever has an account here."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )  # fmt: skip
    lets_in = forms.BooleanField(
        label=_("Who has no account yet gets one"), required=False, help_text=_("With an e-mail of these domains.")
    )
    role = forms.ChoiceField(label=_("Their role"), choices=lazy(newcomer_roles, list))
    vouches = forms.BooleanField(
        label=_("The provider asks for a second factor itself"), required=False,
        help_text=_("Then Headwater does not ask for its own after it."),
    )  # fmt: skip
    passwords_stay = forms.BooleanField(
        label=_("Passwords go on working"), required=False,
        help_text=_("Without them, an owner must have signed in through the provider before. Passkeys always work."),
    )  # fmt: skip

    def clean_domains(self) -> list[str]:
        """Each domain on its own."""
        return str(self.cleaned_data["domains"]).replace(",", " ").replace(";", " ").split()


def _new_password(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        help_text=_("At least 10 characters; a few words you remember are good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class OwnerForm(forms.Form):
    """The first account of an installation."""

    token = forms.CharField(label=_("Set-up code"), help_text=_("It was printed when Headwater was installed."))
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("Your e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = _new_password(_("A password"))


class FirstCompanyForm(forms.Form):
    """What the first run asks about the company."""

    name = forms.CharField(
        label=_("Name of the company"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    country = forms.ChoiceField(
        label=_("Country"), choices=lazy(country_choices, list), help_text=_("Reads phone numbers without prefix.")
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=lazy(lambda: [("", _("As each browser asks")), *spoken()], list),
        required=False,
        help_text=_("For everybody who chose none of their own."),
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=lazy(currency_choices, list), help_text=_("Reports are in this currency.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lazy(time_zone_choices, list),
        help_text=_("Days and office hours are counted in it."),
    )


WEEKDAYS: Choices = [
    ("1", _("Monday")), ("2", _("Tuesday")), ("3", _("Wednesday")), ("4", _("Thursday")), ("5", _("Friday")),
    ("6", _("Saturday")), ("7", _("Sunday")),
]  # fmt: skip


class CompanyForm(FirstCompanyForm):
    """All settings of the company."""

    office_days = forms.MultipleChoiceField(
        label=_("Office days"), choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple
    )
    office_opens = forms.TimeField(
        label=_("Office opens"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    office_closes = forms.TimeField(
        label=_("Office closes"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    answer_minutes = CountField(
        label=_("Answer clock, minutes"), min_value=1, max_value=10_000, help_text=_("A new lead is answered within.")
    )
    handover_hours = CountField(
        label=_("Handover, hours"), min_value=1, max_value=1_000, help_text=_("Sales accepts or sends back within.")
    )

    needs_second_factor = forms.BooleanField(
        label=_("Everybody needs a second factor"),
        required=False,
        help_text=_("Who has none sets one up at their next page. Programs go on with their tokens."),
    )

    field_order = (
        "name", "country", "language", "currency", "time_zone", "office_opens", "office_closes", "answer_minutes",
        "handover_hours", "office_days", "needs_second_factor",
    )  # fmt: skip

    def clean_office_days(self) -> str:
        """The days as the company keeps them: their numbers in order."""
        return "".join(sorted(self.cleaned_data["office_days"]))


class HolidayForm(forms.Form):
    """A day on which the office is closed."""

    day = DayField(label=_("Day"))
    name = forms.CharField(label=_("What day it is"), max_length=120)


class FillForm(forms.Form):
    """Whose public holidays, and of which year."""

    country = forms.ChoiceField(label=_("Country"), choices=lazy(country_choices, list))
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)


class UserForm(forms.Form):
    """A colleague's account."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"))
    role = forms.ChoiceField(label=_("Role"), choices=lazy(role_choices, list))
    team_id = forms.TypedChoiceField(
        label=_("Team"), choices=lazy(team_choices, list), required=False, coerce=int, empty_value=None
    )


class NewUserForm(UserForm):
    """A new colleague's account with its first password."""

    password = _new_password(_("First password"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].required = False
        self.fields["password"].help_text = _("Left empty, you get a link with which they choose one themselves.")

    def clean_password(self) -> str | None:
        """The password, or none."""
        return self.cleaned_data["password"] or None

    def offer_invitation(self) -> None:
        """Let the link go out by mail, where mail is set up."""
        self.fields["invite"] = forms.BooleanField(
            label=_("Mail them an invitation"), required=False, initial=True,
            help_text=_("With a link to choose a password. It is not sent along with a first password."),
        )  # fmt: skip
        self.fields["password"].help_text = _("Left empty, they choose one themselves, with the link.")


class ForgottenForm(forms.Form):
    """Whose password was forgotten."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )  # fmt: skip


class PasswordForm(forms.Form):
    """A new password for somebody else."""

    password = _new_password(_("New password"))


class OwnPasswordForm(PasswordForm):
    """A new password for oneself, with the present one as proof."""

    current = forms.CharField(
        label=_("Present password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    keep_tokens = forms.BooleanField(
        label=_("My programs go on with their tokens"),
        required=False,
        help_text=_("Leave it empty if somebody may have known the old password: they may have made one."),
    )
    field_order = ("current", "password", "keep_tokens")


class ProfileForm(forms.Form):
    """What somebody may change of themselves."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class LeavingForm(forms.Form):
    """Who takes over what a colleague holds, and which kinds of it."""

    to_id = forms.TypedChoiceField(label=_("Hand over to"), coerce=int)
    kinds = forms.MultipleChoiceField(label=_("What"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, takers: Choices, held: Sequence[HeldWork], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to, kinds = self.fields["to_id"], self.fields["kinds"]
        assert isinstance(to, forms.TypedChoiceField) and isinstance(kinds, forms.MultipleChoiceField)
        to.choices = [("", _("Choose a colleague")), *takers]
        kinds.choices = [(work.key, work.label) for work in held]
        self.initial.setdefault("kinds", [work.key for work in held])

    @property
    def ticked(self) -> list[str]:
        """The kinds that are chosen."""
        return list(self["kinds"].value() or ())


class TeamForm(forms.Form):
    """A team, and which one it stands below."""

    name = forms.CharField(label=_("Name"), max_length=80)
    parent_id = forms.TypedChoiceField(
        label=_("Below"), required=False, coerce=int, empty_value=None,
        help_text=_("Who sees a team and those below it, sees what belongs to this one, too."),
    )  # fmt: skip

    def __init__(self, *args: Any, above: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parent_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", _("No other team")), *above]


class DissolveForm(forms.Form):
    """Where the people of a team go that is dissolved: "none" is an answer, too."""

    into_id = forms.TypedChoiceField(
        label=_("Its people go to"), coerce=lambda text: None if text == "none" else int(text), empty_value=None
    )

    def __init__(self, *args: Any, others: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["into_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", _("Choose a team")), *others, ("none", _("No team"))]


VISIBILITY_WORDS: dict[str, Any] = {
    "OWN": _("own"), "TEAM": _("own and team"), "SUBTREE": _("own, team and below"), "ALL": _("all"),
}  # fmt: skip


class RoleForm(forms.Form):
    """What a role is called, how far it sees and what it may do."""

    name = forms.CharField(label=_("Name"), max_length=80)
    visibility = forms.ChoiceField(
        label=_("Sees"), choices=list(VISIBILITY_WORDS.items()), help_text=_("Among rows that have an owner or a team.")
    )
    verbs = forms.MultipleChoiceField(
        label=_("May"), required=False, choices=lazy(lambda: [(verb, verb) for verb in all_rights()], list)
    )


class NewRoleForm(forms.Form):
    """A role of the company's own, which begins as a copy."""

    name = forms.CharField(label=_("Name"), max_length=80)
    copied = forms.ChoiceField(label=_("As a copy of"))

    def __init__(self, *args: Any, roles: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["copied"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = roles


class RetireForm(forms.Form):
    """Which role people get who have one that is retired."""

    instead = forms.ChoiceField(label=_("Whoever has it gets"))

    def __init__(self, *args: Any, roles: Choices, is_held: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["instead"]
        assert isinstance(field, forms.ChoiceField)
        field.choices, field.required = [("", _("Choose a role")), *roles], is_held


class TokenForm(forms.Form):
    """A key for a program."""

    name = forms.CharField(label=_("What it is for"), max_length=80)
    scope = forms.ChoiceField(
        label=_("What it may do"),
        choices=[(key, {"read": _("Read"), "write": _("Read and write")}[key]) for key in TOKEN_SCOPES],
    )
    days = forms.TypedChoiceField(
        label=_("Valid"),
        choices=[("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("0", _("until revoked"))],
        initial="90",
        coerce=lambda text: int(text) or None,
    )


def uploads_of(request: HttpRequest) -> list[Upload]:
    """The files that were sent.

    Raises:
        Invalid: so much was sent that reading it was stopped.
    """
    sent = request.FILES.getlist("files")
    if getattr(request, "upload_too_large", False):
        raise Invalid(
            {
                "files": [
                    gettext("That is too large; a file has {file_limit} MB at most.").format(
                        file_limit=grouped(settings.FILE_LIMIT >> 20)
                    )
                ]
            }
        )
    return [Upload(upload.name or "", upload.chunks()) for upload in sent]
