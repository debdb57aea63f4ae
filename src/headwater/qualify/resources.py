"""What the list, the record, the export, the API and the import know about leads."""

from __future__ import annotations

from functools import partial

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from headwater.acquire.queries import campaign_choices, source_choices
from headwater.intake.batch_column import BATCH
from headwater.platform.resource import Column, Command, Kind, Resource, SavedView, register
from headwater.platform.search import Searched
from headwater.platform.shelf import Bin, register_bin
from headwater.qualify import actions, events, imports
from headwater.qualify.forms import (
    AssignForm,
    CaptureForm,
    ChangeForm,
    DisqualifyForm,
    HandOverForm,
    LogForm,
    MoveForm,
    NextStepForm,
    RecycleForm,
    RedirectForm,
    SendBackForm,
    TalkForm,
)
from headwater.qualify.models import OF_A_COMPANY, DisqualifyReason, Exit, Interest, Lead, SendBackReason, Stage
from headwater.qualify.queries import (
    LEAD_KIND,
    deleted_leads,
    detailed_leads,
    leads_with_next_step,
    listed_leads,
    seen_by,
    visible_leads,
    whose_it_is,
)
from headwater.qualify.rules import moves
from headwater.team.queries import user_choices
from headwater.web.sentence import say

CELLS = "headwater.qualify.cells."
OPEN = {"exit__empty": "true"}


def _is_open(lead: Lead) -> bool:
    return lead.is_open


def _waits_for_sales(lead: Lead) -> bool:
    return lead.is_open and lead.handed_over_at is not None


def _has_company() -> Q:
    """Met by every lead that has one. Said so that companies are gone along by name without the people between."""
    return Q(organisation__kind="ORGANISATION")


COLUMNS = (
    Column("name", _("Name and company"), path="party__name", order="party__name_key", sortable=True, nullable=False,
           personal=True, cell=f"{CELLS}name", place="primary", with_columns=("company",), file_label=_("Name")),
    Column("company", _("Company"), path="organisation__name", order="organisation__name_key", sortable=True,
           known_among=_has_company, shown=False),
    Column("interest", _("Interest"), Kind.CHOICE, choices=Interest.choices, nullable=False, cell=f"{CELLS}interest",
           place="second", with_columns=("title", "amount", "currency")),
    Column("source", _("Source"), Kind.RELATION, path="source_id", choices=source_choices, reads=("source__name",),
           cell=f"{CELLS}source", place="source"),
    Column("stage", _("Stage"), Kind.CHOICE, choices=Stage.choices, nullable=False, cell=f"{CELLS}stage",
           with_columns=("exit", "sent_back_reason")),
    Column("clock", _("Clock"), Kind.DATETIME, path="waiting_until", sortable=True, exported=False,
           has_index=True, cell=f"{CELLS}clock", same_as="answer_due_at",
           with_columns=("answer_due_at", "stage_since", "wake_up_on", "exited_at")),
    Column("next_step", _("Next step"), path="next_step", personal=True, cell=f"{CELLS}next_step", place="clip",
           known_among=leads_with_next_step, with_columns=("next_step_due_at",)),
    Column("next_step_due_at", _("Next step due"), Kind.DATETIME, sortable=True, shown=False,
           known_among=leads_with_next_step),
    Column("arrived_at", _("Arrived"), Kind.DATETIME, sortable=True, shown=False),
    Column("owner", _("Owner"), Kind.RELATION, path="owner_id", choices=user_choices, is_person=True,
           reads=("owner__name",), cell=f"{CELLS}owner", place="action"),
    Column("title", _("What they want"), shown=False, nullable=False, personal=True),
    Column("amount", _("Worth, their guess"), Kind.MONEY, sortable=True, shown=False),
    Column("currency", _("Currency"), shown=False, nullable=False),
    Column("campaign", _("Campaign"), Kind.RELATION, path="campaign_id", choices=campaign_choices,
           reads=("campaign__name",), shown=False),
    Column("exit", _("Exit"), Kind.CHOICE, choices=Exit.choices, nullable=False, shown=False),
    Column("exit_reason", _("Reason"), Kind.CHOICE, choices=DisqualifyReason.choices, shown=False, nullable=False,
           chip=False),
    Column("exited_at", _("Left on"), Kind.DATETIME, sortable=True, shown=False),
    Column("wake_up_on", _("Wakes up on"), Kind.DATE, sortable=True, shown=False),
    Column("email", _("E-mail"), path="party__email", personal=True, shown=False, nullable=False),
    Column("phone", _("Phone"), path="party__phone", personal=True, shown=False, nullable=False,
           cell="headwater.parties.cells.phone"),
    Column("job_title", _("Job title"), path="party__job_title", shown=False, nullable=False),
    Column("city", _("City"), path="party__city", shown=False, nullable=False),
    Column("country", _("Country"), path="party__country", shown=False, nullable=False),
    Column("stage_since", _("In this stage since"), Kind.DATETIME, sortable=True, shown=False, same_as="arrived_at"),
    Column("answer_due_at", _("Answer due"), Kind.DATETIME, sortable=True, shown=False),
    Column("answered_at", _("First answered"), Kind.DATETIME, sortable=True, shown=False),
    Column("handed_to", _("Handed over to"), Kind.RELATION, path="handed_to_id", choices=user_choices, is_person=True,
           reads=("handed_to__name",), shown=False),
    Column("sent_back_reason", _("Sent back because"), Kind.CHOICE, choices=SendBackReason.choices, nullable=False,
           shown=False),
    Column("referrer", _("Referred by"), path="referrer__name", personal=True, shown=False),
    Column("created_at", _("Entered"), Kind.DATETIME, sortable=True, shown=False, nullable=False,
           same_as="arrived_at"),
    BATCH,
)  # fmt: skip

COMMANDS = (
    Command("accept", _("Accept"), actions.accept_lead, "qualify.lead.accept", id_name="lead_id", icon="check",
            offered=_waits_for_sales, done=_("Lead accepted: it is yours")),
    Command("send_back", _("Send back"), actions.send_back_lead, "qualify.lead.send_back", SendBackForm, "lead_id",
            icon="arrow-back-up", offered=_waits_for_sales, done=_("Lead sent back with the reason")),
    Command("claim", _("Claim"), actions.claim_lead, "qualify.lead.claim", id_name="lead_id", icon="hand-grab",
            offered=lambda lead: lead.in_pool, done=_("Lead claimed: it is yours")),
    Command("log_call", _("Log a call"), partial(actions.log_response, kind="CALL"), "qualify.lead.respond", TalkForm,
            "lead_id", icon="phone", hotkey="l", offered=_is_open, done=_("Call logged")),
    Command("log_email", _("Log an e-mail"), partial(actions.log_response, kind="EMAIL"), "qualify.lead.respond",
            TalkForm, "lead_id", icon="mail", offered=_is_open, done=_("E-mail logged")),
    Command("log_meeting", _("Log a meeting"), partial(actions.log_response, kind="MEETING"), "qualify.lead.respond",
            LogForm, "lead_id", icon="users", offered=_is_open, done=_("Meeting logged")),
    Command("move", _("Move stage"), actions.move_lead, "qualify.lead.move", MoveForm, "lead_id",
            run_many=actions.move_leads, icon="arrow-right", hotkey="m",
            offered=lambda lead: bool(moves(lead.stage, lead.exit)), done=_("Stage changed")),
    Command("next_step", _("Plan the next step"), actions.plan_next_step, "qualify.lead.respond", NextStepForm,
            "lead_id",
            icon="calendar-plus", hotkey="n", offered=_is_open, done=_("Next step planned")),
    Command("assign", _("Assign"), actions.assign_lead, "qualify.lead.assign", AssignForm, "lead_id",
            run_many=actions.assign_leads, icon="user-check", hotkey="a", done=_("Lead assigned")),
    Command("redirect", _("Ask another colleague"), actions.redirect_handover, "qualify.lead.hand_over", RedirectForm,
            "lead_id", run_many=actions.redirect_handovers, icon="arrow-right-circle", offered=_waits_for_sales,
            done=_("Another colleague is asked")),
    Command("hand_over", _("Hand over to sales"), actions.hand_over_lead, "qualify.lead.hand_over", HandOverForm,
            "lead_id", icon="arrow-right-circle",
            offered=lambda lead: lead.is_open and lead.stage == Stage.MQL and lead.handed_over_at is None,
            done=_("Lead handed over to sales")),
    Command("recycle", _("Back to nurture"), actions.recycle_lead, "qualify.lead.recycle", RecycleForm, "lead_id",
            icon="recycle", offered=_is_open, done=_("Lead goes back to nurture")),
    Command("disqualify", _("Disqualify"), actions.disqualify_lead, "qualify.lead.disqualify", DisqualifyForm,
            "lead_id",
            run_many=actions.disqualify_leads, icon="ban",
            offered=lambda lead: lead.exit in ("", Exit.RECYCLED), done=_("Lead disqualified")),
    Command("reopen", _("Reopen"), actions.reopen_lead, "qualify.lead.reopen", id_name="lead_id", icon="lock-open",
            offered=lambda lead: lead.exit in (Exit.DISQUALIFIED, Exit.RECYCLED), done=_("Lead reopened")),
    Command("delete", _("Delete"), actions.delete_lead, "qualify.lead.delete", id_name="lead_id", icon="trash",
            offered=lambda lead: lead.exit != Exit.CONVERTED, done=_("Lead deleted")),
)  # fmt: skip

VIEWS = (
    SavedView("mine", _("My open leads"), {"owner": "me", **OPEN}, sort="clock,-arrived_at"),
    SavedView("waiting", _("Needs first answer"), {"clock__empty": "false"}, sort="clock"),
    SavedView("quotes", _("Quote requests"), {"interest": "QUOTE_REQUEST", **OPEN}),
    SavedView("pool", _("Pool"), {"owner__empty": "true", **OPEN}, sort="clock,-arrived_at"),
    SavedView("sent_back", _("Sent back by sales"), {"sent_back_reason__empty": "false", **OPEN}),
    SavedView("open", _("All open"), OPEN),
)

LEADS = register(
    Resource(
        key=LEAD_KIND,
        slug="leads",
        label=_("Lead"),
        label_plural=_("Leads"),
        icon="filter",
        rows=listed_leads,
        detail_rows=detailed_leads,
        bare_rows=visible_leads,
        seen_by=seen_by,
        columns=COLUMNS,
        default_order="-arrived_at",
        indexed_orders=("arrived_at", "created_at", "stage_since", "amount", "exited_at", "wake_up_on"),
        stages="stage",
        searched=Searched(
            Lead, name=("party__name",), rank=20,
            words=("organisation__name", "title", "party__email", "party__phone",
                   "party__contact_points__normalised", "exit_note", "sent_back_note"),
        ),
        title=lambda lead: lead.party.name,
        subtitle=lambda lead: ", ".join(part for part in (lead.party.job_title, _company_beside(lead)) if part),
        create=Command("create", _("New lead"), actions.capture_lead, "qualify.lead.create", CaptureForm, icon="plus",
                       says=whose_it_is, done=_("Lead captured")),
        change=Command("change", _("Edit"), actions.change_lead, "qualify.lead.change", ChangeForm, "lead_id",
                       icon="pencil", done=_("Lead changed")),
        commands=COMMANDS,
        views=VIEWS,
        importer=imports.LEADS,
        empty=_("Type in the first lead, or bring in a file. From here on nobody who asks is forgotten."),
        party_of=lambda lead: lead.party_id,
        pointing={("party", "parties.organisation"): OF_A_COMPANY},
    )
)  # fmt: skip

register_bin(Bin("qualify.lead", deleted_leads, actions.restore_lead, "lead_id"))


def _company_beside(lead: Lead) -> str:
    if lead.organisation is None or lead.organisation_id == lead.party_id:
        return ""
    return str(lead.organisation.name)


say(events.LeadCaptured, interest=Interest.choices)
say(events.LeadMoved, events.LeadReopened, from_stage=Stage.choices, to_stage=Stage.choices)
say(events.LeadDisqualified, reason=DisqualifyReason.choices)
say(events.LeadSentBack, reason=SendBackReason.choices)
