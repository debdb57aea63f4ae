"""What is asked for when people, companies and what is done with them are entered. Plain forms; actions do the rest."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.parties.models import (
    Activity,
    ActivityKind,
    BuyingRole,
    ContactPoint,
    ContactPointKind,
    RelationshipKind,
)
from headwater.parties.picking import PartyField, party_meant
from headwater.parties.queries import connections_of, contact_points_of, tags_of
from headwater.parties.talking import LogForm
from headwater.platform.clock import now
from headwater.platform.resource import ActorForm
from headwater.platform.values import row_id
from headwater.team.queries import user_choices
from headwater.web.fields import CountField, DayField, MomentField
from headwater.web.format import phone as in_groups

NOBODY = ("", lazy("Nobody"))


class OwnerField(forms.TypedChoiceField):
    """A colleague, or nobody."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, empty_value=None, required=False, **kwargs)


class PhoneField(forms.CharField):
    """A telephone number in any notation; one that is kept is shown in the groups its country writes."""

    def __init__(self) -> None:
        look = forms.TextInput({"type": "tel", "inputmode": "tel"})
        super().__init__(max_length=60, required=False, label=lazy("Phone"), widget=look)

    def prepare_value(self, value: Any) -> Any:
        """As records show it."""
        return in_groups(value) if value else value


class PickForm(ActorForm):
    """A form with colleagues to pick, or a party."""

    edits_owner = False  # whoever looks after the row stays on offer, also when they left or are out of reach

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = self.row.owner if self.edits_owner and self.row is not None else None
        for field in self.fields.values():
            if isinstance(field, OwnerField):
                field.choices = [NOBODY, *user_choices(self.actor, besides=present)]


PERSON_FIELDS = (
    "first_name", "last_name", "email", "phone", "job_title", "street", "postcode", "city", "country", "owner_id",
    "is_employee", "is_influence",
)  # fmt: skip


class PersonForm(PickForm):
    """A person by hand."""

    edits_owner = True

    first_name = forms.CharField(max_length=100, required=False, label=lazy("First name"))
    last_name = forms.CharField(max_length=100, required=False, label=lazy("Last name"))
    email = forms.CharField(max_length=254, required=False, label=lazy("E-mail"), widget=forms.EmailInput)
    phone = PhoneField()
    employer_name = forms.CharField(
        max_length=200, required=False, label=lazy("Company"), help_text=lazy("A name we do not know yet is added.")
    )
    job_title = forms.CharField(max_length=120, required=False, label=lazy("Job title"))
    street = forms.CharField(max_length=200, required=False, label=lazy("Street"))
    postcode = forms.CharField(max_length=20, required=False, label=lazy("Postcode"))
    city = forms.CharField(max_length=120, required=False, label=lazy("City"))
    country = forms.CharField(max_length=80, required=False, label=lazy("Country"))
    owner_id = OwnerField(label=lazy("Owner"))
    is_influence = forms.BooleanField(required=False, label=lazy("Centre of influence: others listen to them"))
    is_employee = forms.BooleanField(required=False, label=lazy("Works for us"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            kept = {name: getattr(self.row, name) for name in PERSON_FIELDS}
            kept["employer_name"] = self.row.employer.name if self.row.employer is not None else ""
            if not kept["first_name"] and not kept["last_name"]:
                kept["last_name"] = self.row.name
            self.initial = {**kept, **self.initial}
        else:
            self.initial = {"owner_id": self.actor.user_id, **self.initial}


ADD_ANYWAY = lazy(
    "Add it although it is known already: it is another one. The pair waits among the possible duplicates."
)


class NewPersonForm(PersonForm):
    """A person to be added; ``add_anyway`` answers that it is not the one we know."""

    add_anyway = forms.BooleanField(required=False, widget=forms.HiddenInput, help_text=ADD_ANYWAY)


ORGANISATION_FIELDS = (
    "name", "email", "phone", "sector", "employees", "street", "postcode", "city", "country", "registration_number",
    "vat_number", "owner_id",
)  # fmt: skip


class OrganisationForm(PickForm):
    """A company by hand."""

    edits_owner = True

    name = forms.CharField(max_length=200, label=lazy("Name"))
    website = forms.CharField(max_length=250, required=False, label=lazy("Website"))
    email = forms.CharField(max_length=254, required=False, label=lazy("E-mail"), widget=forms.EmailInput)
    phone = PhoneField()
    sector = forms.CharField(max_length=120, required=False, label=lazy("Sector"))
    employees = CountField(required=False, min_value=0, max_value=2_000_000_000, label=lazy("Employees"))
    street = forms.CharField(max_length=200, required=False, label=lazy("Street"))
    postcode = forms.CharField(max_length=20, required=False, label=lazy("Postcode"))
    city = forms.CharField(max_length=120, required=False, label=lazy("City"))
    country = forms.CharField(max_length=80, required=False, label=lazy("Country"))
    registration_number = forms.CharField(max_length=60, required=False, label=lazy("Registration number"))
    vat_number = forms.CharField(max_length=60, required=False, label=lazy("VAT number"))
    owner_id = OwnerField(label=lazy("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            kept = {name: getattr(self.row, name) for name in ORGANISATION_FIELDS}
            site = contact_points_of(self.row).filter(kind=ContactPointKind.WEBSITE, is_primary=True).first()
            kept["website"] = site.value if site is not None else ""
            self.initial = {**kept, **self.initial}
        else:
            self.initial = {"owner_id": self.actor.user_id, **self.initial}


class NewOrganisationForm(OrganisationForm):
    """A company to be added; ``add_anyway`` answers that it is not the one we know."""

    add_anyway = forms.BooleanField(required=False, widget=forms.HiddenInput, help_text=ADD_ANYWAY)


class LogForPartyForm(PickForm, LogForm):
    """What was done, and with whom."""

    party_id = PartyField(label=lazy("With whom"))
    field_order = ("party_id",)

    def clean_party_id(self) -> int:
        """The party that is meant."""
        return party_meant(self, self.cleaned_data["party_id"])


class ActivityForm(PickForm):
    """The words of an activity, and the due time and owner of a to-do."""

    edits_owner = True

    subject = forms.CharField(max_length=200, label=lazy("In a few words"))
    body = forms.CharField(required=False, max_length=20_000, label=lazy("Details"), widget=forms.Textarea({"rows": 3}))
    due_at = MomentField(required=False, label=lazy("Due"))
    owner_id = OwnerField(label=lazy("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            activity = cast(Activity, self.row)
            if activity.kind != ActivityKind.TODO:
                del self.fields["due_at"], self.fields["owner_id"]
            self.initial = {**{name: getattr(activity, name) for name in self.fields}, **self.initial}


class TodoForm(PickForm):
    """Something to do for a party, and by when."""

    subject = forms.CharField(max_length=200, label=lazy("What is to be done"))
    due_at = MomentField(label=lazy("Due"))
    owner_id = OwnerField(label=lazy("Who does it"))
    body = forms.CharField(required=False, max_length=20_000, label=lazy("Details"), widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"owner_id": self.actor.user_id, "due_at": tomorrow_morning(now()), **self.initial}


class SnoozeForm(ActorForm):
    """Until when a to-do may wait."""

    due_at = MomentField(label=lazy("Until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["due_at"] = tomorrow_morning(now())


def tomorrow_morning(at: datetime) -> datetime:
    """Nine o'clock on the next working day, where the reader is."""
    day = timezone.localtime(at).date() + timedelta(days=1)
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return datetime.combine(day, time(9), tzinfo=timezone.get_current_timezone())


class TagForm(ActorForm):
    """A word to find a party again."""

    tag = forms.CharField(max_length=40, label=lazy("Tag"))


class UntagForm(ActorForm):
    """Which word goes."""

    tag_id = forms.TypedChoiceField(coerce=int, label=lazy("Tag"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "tag_id", [(tag.pk, tag.name) for tag in tags_of(self.row)] if self.row is not None else [])


class ContactPointForm(ActorForm):
    """One more way to reach a party."""

    kind = forms.ChoiceField(choices=ContactPointKind.choices, label=lazy("What it is"))
    value = forms.CharField(max_length=254, label=lazy("Address or number"))
    is_primary = forms.BooleanField(required=False, label=lazy("Use it first"))


class PointForm(ActorForm):
    """One of the ways to reach a party."""

    contact_point_id = forms.TypedChoiceField(coerce=int, label=lazy("Which one"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = list(contact_points_of(self.row)) if self.row is not None else []
        _offer(self, "contact_point_id", [(point.pk, _said(point)) for point in points])


class RelateForm(PickForm):
    """A connection from this party to another."""

    kind = forms.ChoiceField(choices=RelationshipKind.choices, label=lazy("This one"))
    to_party_id = PartyField(label=lazy("Whom"))
    buying_role = forms.ChoiceField(
        choices=[("", "–"), *BuyingRole.choices], required=False, label=lazy("Say in what they buy")
    )
    from_date = DayField(required=False, label=lazy("Since"))
    note = forms.CharField(max_length=200, required=False, label=lazy("Note"))

    def clean_to_party_id(self) -> int:
        """The party that is meant."""
        return party_meant(self, self.cleaned_data["to_party_id"])


class EndForm(ActorForm):
    """Which connection ended, and when."""

    relationship_id = forms.TypedChoiceField(coerce=int, label=lazy("Which one"))
    until_date = DayField(required=False, label=lazy("Until"), help_text=lazy("Leave it empty for today."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        links = [one for one in connections_of(self.actor, self.row) if one.holds] if self.row is not None else []
        _offer(self, "relationship_id", [(one.id, f"{one.words} {one.other.name}") for one in links])


class AssignForm(PickForm):
    """Who looks after these records from now on."""

    owner_id = OwnerField(label=lazy("Owner"))


class IdsField(forms.MultipleChoiceField):
    """Whole numbers, whichever; the action says whether they mean anything."""

    def validate(self, value: Any) -> None:
        """Numbers, and at least one where some are needed."""
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if any(row_id(str(pk)) is None for pk in value):
            raise forms.ValidationError(_("Whole numbers are needed."))

    def clean(self, value: Any) -> Any:
        """The numbers."""
        return [int(pk) for pk in super().clean(value)]


class MergeForm(ActorForm):
    """Which other records are the same as this one, and whose values hold."""

    merge_ids = IdsField(required=False, label=lazy("Records that are the same"), help_text=lazy("Their ids."))
    choices = forms.JSONField(
        required=False,
        label=lazy("Whose value holds"),
        help_text=lazy(
            "Field and id of the record: name, job_title, employer, email, phone, address, owner, extra:Column, "
            "or the key of a field of your own."
        ),
    )
    only = forms.MultipleChoiceField(
        required=False,
        choices=[("email", lazy("E-mail")), ("phone", lazy("Phone"))],
        label=lazy("Keep only the chosen one"),
        help_text=lazy("Otherwise all addresses and numbers come along, the chosen one first."),
    )

    def clean_choices(self) -> dict[str, int]:
        """Fields with ids."""
        found = self.cleaned_data["choices"] or {}
        if not isinstance(found, dict) or not all(isinstance(pk, int) for pk in found.values()):
            raise forms.ValidationError(_("Write fields with ids of records, such as {“email”: 12}."))
        return found


class ProposalForm(ActorForm):
    """Which proposed match is none."""

    proposal_id = forms.IntegerField(widget=forms.HiddenInput)


def _offer(form: forms.Form, name: str, choices: list[tuple[int, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.TypedChoiceField)
    field.choices = choices


def _said(point: ContactPoint) -> str:
    return f"{point.get_kind_display()} {point.value}"
