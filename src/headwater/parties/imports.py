"""What files of people, of companies and of what was done with them may say."""

from __future__ import annotations

from headwater.parties.actions.activity_files import (
    UNDO_ACTIVITIES,
    activity_faults,
    import_activities,
    undo_activity_import,
)
from headwater.parties.actions.file_cells import person_faults
from headwater.parties.actions.file_undo import UNDO_PARTIES, undo_party_import
from headwater.parties.actions.organisation_files import import_organisations, organisation_faults
from headwater.parties.actions.people_files import import_people
from headwater.parties.models import ActivityKind
from headwater.parties.rules import DIRECTIONS, is_phone
from headwater.platform.importer import Importer, Target, TargetKind
from headwater.platform.translated import gettext_lazy as _

_PLACE = (
    Target("street", _("Street"), max_length=200),
    Target("postcode", _("Postcode"), max_length=20, aliases=("zip", "zip code", "postal code", "plz", "postleitzahl")),
    Target("city", _("City"), max_length=120),
    Target("country", _("Country"), max_length=80),
)
_ABOUT = (
    Target("owner", _("Owner"), max_length=254),
    Target("note", _("Note"), max_length=5_000),
    Target("tag", _("Tags"), max_length=400),
)

_SUBJECT = ("subject", "title", "summary", "activity", "betreff", "thema", "asunto", "onderwerp", "objet")
_BODY = ("details", "body", "text", "note", "notes", "description", "comment", "inhalt", "notizen", "notas", "notities")

PEOPLE = Importer(
    kind="people",
    verb="parties.person.import",
    apply=import_people,
    faults=person_faults,
    undo=undo_party_import,
    undo_steps=UNDO_PARTIES,
    targets=(
        Target("external_id", _("Id in the other system"), max_length=200),
        Target("name", _("Full name"), max_length=200),
        Target("first_name", _("First name"), max_length=100),
        Target("last_name", _("Last name"), max_length=100),
        Target("email", _("E-mail"), TargetKind.EMAIL, max_length=254),
        Target("phone", _("Phone"), TargetKind.PHONE, max_length=60, reads=is_phone),
        Target("job_title", _("Job title"), max_length=120),
        Target("company", _("Company"), max_length=200),
        *_PLACE,
        Target("is_employee", _("Works for us"), TargetKind.BOOL),
        Target("manager", _("Reports to"), max_length=200),
        Target("team_name", _("Team or office"), max_length=120),
        *_ABOUT,
    ),
)

ORGANISATIONS = Importer(
    kind="organisations",
    verb="parties.organisation.import",
    apply=import_organisations,
    faults=organisation_faults,
    undo=undo_party_import,
    undo_steps=UNDO_PARTIES,
    targets=(
        Target("external_id", _("Id in the other system"), max_length=200),
        Target(
            "name", _("Name"), required=True, max_length=200, aliases=("company", "company name", "account", "firma")
        ),
        Target("email", _("E-mail"), TargetKind.EMAIL, max_length=254),
        Target("phone", _("Phone"), TargetKind.PHONE, max_length=60, reads=is_phone),
        Target("website", _("Website"), max_length=250),
        Target("sector", _("Sector"), max_length=120),
        Target("employees", _("Employees"), TargetKind.INTEGER),
        *_PLACE,
        Target("registration_number", _("Registration number"), max_length=60),
        Target("vat_number", _("VAT number"), max_length=60),
        Target("parent", _("Part of"), max_length=200),
        *_ABOUT,
    ),
)

KINDS = {
    **{str(label).lower(): str(code) for code, label in ActivityKind.choices},
    **{code.lower(): code for code in ActivityKind.values},
    **dict.fromkeys(("phone call", "anruf", "telefonat", "llamada", "appel", "gesprek", "belletje"), "CALL"),
    **dict.fromkeys(("mail", "correo", "e-mail sent", "courriel"), "EMAIL"),
    **dict.fromkeys(("visit", "appointment", "demo", "treffen", "termin", "besuch", "besprechung", "reunión", "visita",
                     "rendez-vous", "réunion", "afspraak", "bezoek"), "MEETING"),
    **dict.fromkeys(("comment", "notiz", "nota", "notitie"), "NOTE"),
}  # fmt: skip

ACTIVITIES = Importer(
    kind="activities",
    verb="parties.activity.import",
    apply=import_activities,
    faults=activity_faults,
    undo=undo_activity_import,
    undo_steps=UNDO_ACTIVITIES,
    targets=(
        Target(
            "external_id", _("Id in the other system"), max_length=200, aliases=("activity id", "task id", "call id")
        ),
        Target("kind", _("Kind"), TargetKind.CHOICE, choices=KINDS, called=dict(ActivityKind.choices)),
        Target("subject", _("What"), max_length=200, aliases=_SUBJECT),
        Target("body", _("Details"), max_length=20_000, aliases=_BODY),
        Target("occurred_at", _("Happened"), TargetKind.DATETIME, required=True),
        Target("direction", _("Direction"), TargetKind.CHOICE, choices=DIRECTIONS),
        Target("email", _("E-mail"), TargetKind.EMAIL, max_length=254),
        Target("phone", _("Phone"), TargetKind.PHONE, max_length=60, reads=is_phone),
        Target(
            "person", _("Person, by the id in the other system"), max_length=200, aliases=("contact id", "person id")
        ),
        Target("organisation", _("Company, by name or id"), max_length=200, aliases=("company id", "account id")),
        Target("lead", _("Lead, by the id in the other system"), max_length=200),
        Target("owner", _("Owner"), max_length=254),
    ),
)
