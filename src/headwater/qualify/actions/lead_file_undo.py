"""Taking back what a file did to leads, except what people have worked on since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headwater.acquire.actions import remove_batch_touchpoints
from headwater.parties.actions.bulk_access import replace_access
from headwater.parties.actions.file_undo import undo_party_import
from headwater.parties.queries.visible import names_of
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import edits_of, worked_on_since
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, record_bulk
from headwater.platform.importer import Kept, UndoResult
from headwater.qualify.actions.steps import PERSONAL, ROW, grant_reason, parties_of
from headwater.qualify.events import LeadDeleted
from headwater.qualify.models import Lead

PART = 5_000
REASONS = {
    "qualify.lead_moved": "it was moved to another stage since",
    "qualify.lead_answered": "it was answered since",
    "qualify.lead_disqualified": "it was disqualified since",
    "qualify.lead_recycled": "it was sent back to nurture since",
    "qualify.lead_handed_over": "it was handed over to sales since",
    "qualify.lead_accepted": "sales accepted it since",
    "qualify.lead_sent_back": "sales sent it back since",
    "qualify.lead_assigned": "it was given to somebody since",
    "qualify.lead_pooled": "it was put into the pool since",
    "qualify.lead_claimed": "somebody claimed it since",
    "qualify.lead_converted": "it became an opportunity since",
    "platform.changed": "its details were changed since",
}
OTHERWISE = "somebody has worked on it since"


@action
def undo_lead_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the leads a batch added and the changes it made; what people have worked on since stays.

    Touchpoints go with their leads, then the people and companies that the batch added and nothing else needs.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, leads.
    """
    by.require("qualify.lead.import")
    by = by.in_batch(batch_id)  # what an undo does is part of the batch's story, not work on its leads
    leads = list(Lead.objects.select_for_update().filter(batch_id=batch_id, deleted_at=None).order_by("pk"))
    touched = worked_on_since(ROW, [lead.pk for lead in leads], batch_id)
    going = [lead for lead in leads if lead.pk not in touched]
    staying = [lead for lead in leads if lead.pk in touched]
    _remove(going, by=by, at=at)
    restored, kept = _restore(batch_id, except_ids={lead.pk for lead in going}, by=by, at=at)
    remove_batch_touchpoints(batch_id=batch_id, keep_party_ids={lead.party_id for lead in staying}, by=by, at=at)
    undo_party_import(batch_id=batch_id, by=by, at=at)
    names = names_of(lead.party_id for lead in staying)
    stayed = [
        Kept(lead.pk, names.get(lead.party_id, str(lead)), REASONS.get(touched[lead.pk], OTHERWISE)) for lead in staying
    ]
    return UndoResult(removed=len(going), restored=restored, kept=(*stayed, *kept))


def _remove(leads: Sequence[Lead], *, by: Actor, at: datetime) -> None:
    for start in range(0, len(leads), PART):
        part = leads[start : start + PART]
        Lead.objects.filter(pk__in=[lead.pk for lead in part]).update(deleted_at=at)
    owned = [lead for lead in leads if lead.owner_id is not None or lead.handed_to_id is not None]
    ended = [(party_id, grant_reason(lead.pk)) for lead in owned for party_id in parties_of(lead)]
    replace_access(ended=ended, given=[], by=by)
    facts = [
        LeadDeleted(lead_id=lead.pk, party_id=lead.party_id, organisation_id=lead.organisation_id) for lead in leads
    ]
    record_bulk(facts, by=by, at=[at] * len(facts))


def _restore(batch_id: int, *, except_ids: set[int], by: Actor, at: datetime) -> tuple[int, list[Kept]]:
    """Give the leads that the batch changed their old values back, newest change first."""
    edits = [(pk, fact) for pk, fact in edits_of(ROW, batch_id) if pk not in except_ids]
    leads = Lead.objects.select_for_update().filter(deleted_at=None).in_bulk({pk for pk, _ in edits})
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
    return len(restored - kept.keys()), told


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
