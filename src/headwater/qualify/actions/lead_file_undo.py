"""Taking back what a file did to leads, except what people have worked on since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from headwater.acquire.actions import remove_batch_touchpoints, touchpoints_of_batch
from headwater.acquire.actions.origins_undo import UNDO_ORIGINS
from headwater.parties.actions.bulk_access import replace_access
from headwater.parties.actions.file_undo import UNDO_PARTIES, dealt_with_since
from headwater.parties.queries.visible import names_of
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import edited_rows, edits_of, worked_on_since
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, record_bulk
from headwater.platform.importer import Kept, UndoResult, UndoStep, undo_at_once
from headwater.platform.translated import gettext_lazy as _
from headwater.qualify.actions.steps import PERSONAL, ROW, grant_reason, parties_of
from headwater.qualify.events import LeadConverted, LeadDeleted
from headwater.qualify.models import Exit, Lead

REASONS = {
    "qualify.lead_moved": _("it was moved to another stage since"),
    "qualify.lead_answered": _("it was answered since"),
    "qualify.lead_disqualified": _("it was disqualified since"),
    "qualify.lead_recycled": _("it was sent back to nurture since"),
    "qualify.lead_handed_over": _("it was handed over to sales since"),
    "qualify.lead_accepted": _("sales accepted it since"),
    "qualify.lead_sent_back": _("sales sent it back since"),
    "qualify.lead_assigned": _("it was given to somebody since"),
    "qualify.lead_pooled": _("it was put into the pool since"),
    "qualify.lead_claimed": _("somebody claimed it since"),
    LeadConverted.verb: _("it became an opportunity since"),
    "platform.changed": _("its details were changed since"),
}
OTHERWISE = _("somebody has worked on it since")
WITH_PARTY = _("something was done with the person or company behind it since")


@action
def undo_lead_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the leads a batch added and the changes it made; what people have worked on since stays.

    Touchpoints go with their leads, then the people and companies that the batch added and nothing else needs.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, leads.
    """
    # What an undo does is part of the batch's story, not work on its leads.
    return undo_at_once(UNDO_LEADS, batch_id=batch_id, by=by.in_batch(batch_id), at=at)


def _of_batch(batch_id: int) -> list[int]:
    return list(Lead.objects.filter(batch_id=batch_id, deleted_at=None).order_by("pk").values_list("pk", flat=True))


def _take(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Delete those of the leads that nobody worked on since."""
    rows = Lead.objects.select_for_update().filter(pk__in=ids, batch_id=batch_id, deleted_at=None)
    leads = list(rows.order_by("pk"))
    touched = worked_on_since(ROW, [lead.pk for lead in leads], batch_id)
    reasons = {pk: str(REASONS.get(verb, OTHERWISE)) for pk, verb in touched.items()}
    # A next step, a note and a call are facts of whom the lead is about.
    behind = dealt_with_since(sorted({lead.party_id for lead in leads}), batch_id, nouns=("acquire.touchpoint",))
    for lead in leads:
        if lead.exit == Exit.CONVERTED:  # what came of it stayed, else it would be open again
            reasons.setdefault(lead.pk, str(REASONS[LeadConverted.verb]))
        elif lead.party_id in behind:
            reasons.setdefault(lead.pk, str(WITH_PARTY))
    going = [lead for lead in leads if lead.pk not in reasons]
    staying = [lead for lead in leads if lead.pk in reasons]
    _remove(going, by=by, at=at)
    names = names_of(lead.party_id for lead in staying)
    kept = [Kept(lead.pk, names.get(lead.party_id, str(lead)), reasons[lead.pk]) for lead in staying]
    return UndoResult(removed=len(going), kept=kept)


def _remove(leads: Sequence[Lead], *, by: Actor, at: datetime) -> None:
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(deleted_at=at)
    owned = [lead for lead in leads if lead.owner_id is not None or lead.handed_to_id is not None]
    ended = [(party_id, grant_reason(lead.pk)) for lead in owned for party_id in parties_of(lead)]
    replace_access(ended=ended, given=[], by=by)
    facts = [
        LeadDeleted(lead_id=lead.pk, party_id=lead.party_id, organisation_id=lead.organisation_id) for lead in leads
    ]
    record_bulk(facts, by=by, at=[at] * len(facts))


def _restore(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Give leads that the batch changed and that stay their old values back, newest change first."""
    edits = list(edits_of(ROW, batch_id, ids))
    leads = Lead.objects.select_for_update().filter(deleted_at=None).in_bulk(list(ids))
    restored: set[int] = set()
    kept: dict[int, str] = {}
    for pk, fact in edits:
        if pk in leads and pk not in kept:
            reason = _give_back(leads[pk], fact, by=by, at=at)
            if reason:
                kept[pk] = reason
            else:
                restored.add(pk)
    names = names_of(leads[pk].party_id for pk in kept)
    told = [Kept(pk, names.get(leads[pk].party_id, str(leads[pk])), reason) for pk, reason in kept.items()]
    return UndoResult(restored=len(restored - kept.keys()), kept=told)


def _remove_touchpoints(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Touchpoints go with the leads; they stay with the parties of those that stayed."""
    staying = Lead.objects.filter(batch_id=batch_id, deleted_at=None).values_list("party_id", flat=True)
    remove_batch_touchpoints(touchpoint_ids=ids, keep_party_ids=set(staying), by=by, at=at)
    return UndoResult()


def _give_back(lead: Lead, fact: Changed, *, by: Actor, at: datetime) -> str:
    """The reason why the old values cannot come back, or nothing when they did."""
    try:
        values = old_values(lead, fact)
    except NotUndoable as refusal:  # asked before anything was written, so nothing has to be rolled back
        return str(refusal.params["reason"])
    change_row(
        lead, values, row_type=ROW, by=by, at=at, personal=PERSONAL,
        party_id=lead.party_id, organisation_id=lead.organisation_id,
    )  # fmt: skip
    return ""


IMPORT = "qualify.lead.import"
UNDO_LEADS = (
    UndoStep(IMPORT, _of_batch, _take),
    UndoStep(IMPORT, lambda batch_id: edited_rows(ROW, batch_id), _restore),
    UndoStep("acquire.touchpoint.delete", touchpoints_of_batch, _remove_touchpoints),
    *UNDO_ORIGINS,
    *(replace(step, is_told=False) for step in UNDO_PARTIES),
)
