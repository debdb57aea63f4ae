"""What files of people and of companies may say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from headwater.parties.actions.file_cells import person_faults
from headwater.parties.actions.file_undo import UNDO_PARTIES, undo_party_import
from headwater.parties.actions.organisation_files import import_organisations, organisation_faults
from headwater.parties.actions.people_files import import_people
from headwater.parties.rules import is_phone
from headwater.platform.importer import Importer, Target, TargetKind

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
