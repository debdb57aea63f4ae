"""What lists, records, exports, API and imports know about people, companies and activities."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from headwater.intake.batch_column import BATCH
from headwater.parties import actions, forms, imports, queries
from headwater.parties.actions.archive import ORGANISATIONS_ARCHIVE, PEOPLE_ARCHIVE
from headwater.parties.events import PartiesMerged, PartiesUnmerged
from headwater.parties.models import Activity, ActivityKind, Party, PartyKind, PartyTag
from headwater.parties.talking import LogForm
from headwater.platform.actor import Actor
from headwater.platform.history import explain
from headwater.platform.resource import Column, Command, Kind, Resource, Rows, SavedView, register
from headwater.platform.search import Searched
from headwater.platform.shelf import ARCHIVED_VIEW, Bin, archive_commands, register_bin
from headwater.team.queries import user_choices

CELLS = "headwater.parties.cells."


def people_with_tags(actor: Actor) -> Rows:
    """The people an actor may see, with everything their list shows. Two queries however many people."""
    return queries.visible_people(actor).prefetch_related(_tags())


def companies_with_tags(actor: Actor) -> Rows:
    """The companies an actor may see, with everything their list shows."""
    return queries.visible_organisations(actor).prefetch_related(_tags())


def _tags() -> Prefetch[Any]:
    links = PartyTag.objects.select_related("tag").order_by("tag__name")
    return Prefetch("party_tags", queryset=links)


def _tag_words(party: Party) -> str:
    return ", ".join(link.tag.name for link in party.party_tags.all())


def _employer(party: Party) -> str | None:
    return party.employer.name if party.employer is not None else None


def _said_of(party: Party) -> str:
    return ", ".join(filter(None, (party.job_title, _employer(party))))


def _is_open_todo(activity: Activity) -> bool:
    return activity.kind == ActivityKind.TODO and activity.done_at is None


def _is_done_todo(activity: Activity) -> bool:
    return activity.kind == ActivityKind.TODO and activity.done_at is not None


def _commands(noun: str) -> tuple[Command, ...]:
    """What can be done with a person or a company alike."""
    archive = PEOPLE_ARCHIVE if noun == "parties.person" else ORGANISATIONS_ARCHIVE
    return (*_every_day(noun), *_known_by(noun), *_one_or_two(noun), *archive_commands(archive), _delete(noun))


def _every_day(noun: str) -> tuple[Command, ...]:
    return (
        Command(
            "log", _("Log a call"), actions.log_activity, "parties.activity.create", LogForm, "party_id",
            icon="phone", hotkey="l", done=_("Written down"),
        ),
        Command(
            "todo", _("Plan a to-do"), actions.plan_todo, "parties.activity.create", forms.TodoForm, "party_id",
            icon="checklist", hotkey="n", done=_("To-do planned"),
        ),
        Command(
            "tag", _("Tag"), actions.tag_party, f"{noun}.tag", forms.TagForm, "party_id", icon="tag", hotkey="t",
            run_many=actions.tag_parties, done=_("Tagged"),
        ),
        Command(
            "assign", _("Assign"), actions.change_party, f"{noun}.change", forms.AssignForm, "party_id",
            icon="user-check", hotkey="a", run_many=actions.assign_parties, done=_("Assigned"),
        ),
    )  # fmt: skip


def _known_by(noun: str) -> tuple[Command, ...]:
    """Addresses, numbers, connections and tags, one at a time."""
    return (
        Command(
            "add-contact", _("Add e-mail or phone"), actions.add_contact_point, f"{noun}.change",
            forms.ContactPointForm, "party_id", icon="at", done=_("Added"),
        ),
        Command(
            "connect", _("Connect with somebody"), actions.relate, f"{noun}.relate", forms.RelateForm, "party_id",
            icon="share-2", done=_("Connected"),
        ),
        Command(
            "use-first", _("Use an address first"), actions.make_primary, f"{noun}.change", forms.PointForm, "party_id",
            icon="star", done=_("Used first from now on"),
        ),
        Command(
            "remove-contact", _("Remove an address or number"), actions.remove_contact_point, f"{noun}.change",
            forms.PointForm, "party_id", icon="x", done=_("Removed"),
        ),
        Command(
            "end-connection", _("End a connection"), actions.end_relationship, f"{noun}.relate", forms.EndForm,
            "party_id", icon="line-dashed", done=_("Connection ended"),
        ),
        Command(
            "untag", _("Remove a tag"), actions.untag_party, f"{noun}.tag", forms.UntagForm, "party_id", icon="tag",
            done=_("Tag removed"),
        ),
    )  # fmt: skip


def _one_or_two(noun: str) -> tuple[Command, ...]:
    """Whether two records are the same."""
    return (
        Command(
            "merge", _("Merge with…"), actions.merge_parties, f"{noun}.merge", forms.MergeForm, "keep_id",
            icon="git-merge", run_many=actions.merge_chosen, locks_itself=True, together=True, done=_("Merged"),
        ),
        Command(
            "not-the-same", _("Not the same"), actions.reject_match, f"{noun}.change", forms.ProposalForm, "party_id",
            icon="user-x", offered=queries.is_proposed, done=_("Noted: they are different"),
        ),
    )  # fmt: skip


def _delete(noun: str) -> Command:
    return Command(
        "delete", _("Delete"), actions.delete_party, f"{noun}.delete", id_name="party_id", icon="trash",
        run_many=actions.delete_parties, done=_("Deleted"),
    )  # fmt: skip


PEOPLE = Resource(
    key="parties.person",
    slug="people",
    label=_("Person"),
    label_plural=_("People"),
    icon="user",
    rows=people_with_tags,
    seen_by=queries.seen_by,
    columns=(
        Column("name", _("Name"), path="name_key", reads=("name",), sortable=True, filterable=False,
               nullable=False, personal=True, cell=f"{CELLS}person", place="primary",
               with_columns=("is_influence", "is_employee")),
        Column("first_name", _("First name"), nullable=False, personal=True, shown=False),
        Column("last_name", _("Last name"), nullable=False, personal=True, shown=False),
        Column("job_title", _("Job title"), nullable=False, place="second"),
        Column("company", _("Company"), path="employer__name", cell=f"{CELLS}employer",
               place="second"),
        Column("email", _("E-mail"), nullable=False, personal=True, cell=f"{CELLS}email"),
        Column("phone", _("Phone"), nullable=False, personal=True, cell=f"{CELLS}phone"),
        Column("street", _("Street"), nullable=False, personal=True, shown=False),
        Column("postcode", _("Postcode"), nullable=False, personal=True, shown=False),
        Column("city", _("City"), nullable=False),
        Column("country", _("Country"), nullable=False, shown=False),
        Column("tags", _("Tags"), Kind.RELATION, path="party_tags__tag", choices=queries.tag_choices,
               gathered=_tag_words,
               cell=f"{CELLS}tags"),
        Column("owner", _("Owner"), Kind.RELATION, path="owner_id", choices=user_choices, is_person=True,
               reads=("owner__name",),
               cell=f"{CELLS}owner"),
        Column("is_influence", _("Centre of influence"), Kind.BOOL, nullable=False, shown=False),
        Column("is_employee", _("Works for us"), Kind.BOOL, nullable=False, shown=False),
        Column("created_at", _("Known since"), Kind.DATETIME, sortable=True, nullable=False, shown=False),
        Column("archived_at", _("Archived"), Kind.DATETIME, shown=False, exported=False),
        BATCH,
    ),
    default_order="name",
    indexed_orders=("name", "created_at"),
    searched=Searched(
        Party, name=("name",), where={"kind": PartyKind.PERSON}, rank=10, is_party=True, told_as=("parties.party",),
        words=("first_name", "last_name", "job_title", "employer__name", "email", "phone",
               "contact_points__normalised", "street", "postcode", "city"),
        tags=("party_tags__tag__name",),
    ),
    title=lambda party: party.name,
    subtitle=_said_of,
    create=Command(
        "create", _("Add a person"), actions.enter_person, "parties.person.create", forms.NewPersonForm,
        icon="user-plus",
        done=_("Person added"),
    ),
    change=Command(
        "change", _("Edit"), actions.change_party, "parties.person.change", forms.PersonForm, "party_id",
        icon="pencil"
    ),
    commands=_commands("parties.person"),
    views=(
        SavedView("mine", _("Mine"), {"owner": "me"}),
        SavedView("recent", _("Recently added"), {"is_employee": "false"}, sort="-created_at"),
        SavedView("influence", _("Centres of influence"), {"is_influence": "true"}),
        SavedView("colleagues", _("Colleagues"), {"is_employee": "true"}),
        ARCHIVED_VIEW,
    ),
    importer=imports.PEOPLE,
    empty=_("Everybody you know stands here once, with everything that happened."),
    party_of=lambda party: party.pk,
    archived="archived_at",
    successor=queries.became,
    absorbed=queries.absorbed,
)  # fmt: skip

ORGANISATIONS = Resource(
    key="parties.organisation",
    slug="organisations",
    label=_("Company"),
    label_plural=_("Companies"),
    icon="building",
    rows=companies_with_tags,
    seen_by=queries.seen_by,
    columns=(
        Column("name", _("Name"), path="name_key", reads=("name",), sortable=True, filterable=False,
               nullable=False, cell=f"{CELLS}company", place="primary"),
        Column("sector", _("Sector"), nullable=False, place="second"),
        Column("employees", _("Employees"), Kind.NUMBER, sortable=True),
        Column("city", _("City"), nullable=False, place="second"),
        Column("country", _("Country"), nullable=False),
        Column("email", _("E-mail"), nullable=False, personal=True, cell=f"{CELLS}email", shown=False),
        Column("phone", _("Phone"), nullable=False, personal=True, cell=f"{CELLS}phone"),
        Column("street", _("Street"), nullable=False, shown=False),
        Column("postcode", _("Postcode"), nullable=False, shown=False),
        Column("registration_number", _("Registration number"), nullable=False, shown=False),
        Column("vat_number", _("VAT number"), nullable=False, shown=False, personal=True),
        Column("tags", _("Tags"), Kind.RELATION, path="party_tags__tag", choices=queries.tag_choices,
               gathered=_tag_words,
               cell=f"{CELLS}tags"),
        Column("owner", _("Owner"), Kind.RELATION, path="owner_id", choices=user_choices, is_person=True,
               reads=("owner__name",),
               cell=f"{CELLS}owner"),
        Column("created_at", _("Known since"), Kind.DATETIME, sortable=True, nullable=False, shown=False),
        Column("archived_at", _("Archived"), Kind.DATETIME, shown=False, exported=False),
        BATCH,
    ),
    default_order="name",
    indexed_orders=("name", "created_at"),
    searched=Searched(
        Party, name=("name",), where={"kind": PartyKind.ORGANISATION}, rank=10, is_party=True,
        told_as=("parties.party",),
        words=("sector", "email", "phone", "contact_points__normalised", "street", "postcode", "city",
               "registration_number", "vat_number"),
        tags=("party_tags__tag__name",),
    ),
    title=lambda party: party.name,
    subtitle=lambda party: ", ".join(filter(None, (party.sector, party.city))),
    create=Command(
        "create", _("Add a company"), actions.enter_organisation, "parties.organisation.create",
        forms.NewOrganisationForm,
        icon="building", done=_("Company added"),
    ),
    change=Command(
        "change", _("Edit"), actions.change_party, "parties.organisation.change", forms.OrganisationForm, "party_id",
        icon="pencil",
    ),
    commands=_commands("parties.organisation"),
    views=(
        SavedView("mine", _("Mine"), {"owner": "me"}),
        SavedView("recent", _("Recently added"), {}, sort="-created_at"),
        ARCHIVED_VIEW,
    ),
    importer=imports.ORGANISATIONS,
    empty=_("Every company stands here once, with its people and everything that happened."),
    party_of=lambda party: party.pk,
    archived="archived_at",
    successor=queries.became,
    absorbed=queries.absorbed,
)  # fmt: skip

ACTIVITIES = Resource(
    key="parties.activity",
    slug="activities",
    label=_("Activity"),
    label_plural=_("Activities"),
    icon="activity",
    rows=queries.visible_activities,
    columns=(
        Column("subject", _("What"), nullable=False, personal=True, cell=f"{CELLS}subject", place="primary",
               with_columns=("done_at",)),
        Column("kind", _("Kind"), Kind.CHOICE, choices=ActivityKind.choices, nullable=False, place="source",
               cell=f"{CELLS}activity_kind"),
        Column("party", _("With whom"), path="party__name",
               nullable=False,
               personal=True, cell=f"{CELLS}party", place="second"),
        Column("due_at", _("Due"), Kind.DATETIME, sortable=True, cell=f"{CELLS}due"),
        Column("done_at", _("Done"), Kind.DATETIME, shown=False),
        Column("occurred_at", _("Happened"), Kind.DATETIME, sortable=True, shown=False),
        Column("is_outbound", _("By us"), Kind.BOOL, nullable=False, shown=False),
        Column("owner", _("Owner"), Kind.RELATION, path="owner_id", choices=user_choices, is_person=True,
               reads=("owner__name",),
               cell=f"{CELLS}owner"),
        Column("body", _("Details"), nullable=False, personal=True, shown=False),
        Column("created_at", _("Written down"), Kind.DATETIME, sortable=True, nullable=False),
        BATCH,
    ),
    importer=imports.ACTIVITIES,
    default_order="-created_at",
    indexed_orders=("created_at",),
    searched=Searched(Activity, name=("subject",), words=("body", "party__name")),
    title=lambda activity: activity.subject,
    subtitle=lambda activity: f"{activity.get_kind_display()}, {activity.party.name}",
    create=Command(
        "create", _("Log an activity"), actions.log_activity, "parties.activity.create", forms.LogForPartyForm,
        icon="plus", done=_("Written down"),
    ),
    change=Command(
        "change", _("Edit"), actions.change_activity, "parties.activity.change", forms.ActivityForm, "activity_id",
        icon="pencil",
    ),
    commands=(
        Command(
            "done", _("Done"), actions.complete_todo, "parties.activity.done", id_name="activity_id", icon="check",
            hotkey="d", offered=_is_open_todo, run_many=actions.complete_todos, done=_("Done"),
        ),
        Command(
            "snooze", _("Snooze"), actions.change_activity, "parties.activity.change", forms.SnoozeForm,
            "activity_id",
            icon="alarm", hotkey="s", offered=_is_open_todo, run_many=actions.snooze_todos, done=_("Snoozed"),
        ),
        Command(
            "assign", _("Assign"), actions.assign_todo, "parties.activity.change", forms.AssignForm, "activity_id",
            icon="user-check", hotkey="a", offered=_is_open_todo, run_many=actions.assign_todos, done=_("Assigned"),
        ),
        Command(
            "reopen", _("Open again"), actions.reopen_todo, "parties.activity.done", id_name="activity_id",
            icon="arrow-back-up", offered=_is_done_todo, run_many=actions.reopen_todos, done=_("Open again"),
        ),
        Command(
            "delete", _("Delete"), actions.delete_activity, "parties.activity.delete", id_name="activity_id",
            icon="trash", run_many=actions.delete_activities, done=_("Deleted"),
        ),
    ),
    views=(
        SavedView("mine", _("My to-dos"), {"kind": "TODO", "owner": "me", "done_at__empty": "true"}, sort="due_at"),
        SavedView("open", _("Open to-dos"), {"kind": "TODO", "done_at__empty": "true"}, sort="due_at"),
        SavedView("calls", _("Calls"), {"kind": "CALL"}),
    ),
    empty=_("Notes, calls, e-mails, meetings and to-dos of everybody stand here."),
    party_of=lambda activity: activity.party_id,
    extra=False,
)  # fmt: skip

for _resource in (PEOPLE, ORGANISATIONS, ACTIVITIES):
    register(_resource)
for _noun, _kind in (("parties.person", PartyKind.PERSON), ("parties.organisation", PartyKind.ORGANISATION)):
    register_bin(Bin(_noun, partial(queries.deleted_parties, kind=_kind), actions.restore_party, "party_id"))
register_bin(Bin("parties.activity", queries.deleted_activities, actions.restore_activity, "activity_id"))

explain(PartiesMerged, reason=_("In a merge"))
explain(PartiesUnmerged, reason=_("A merge taken back"))
