"""Opening leads again whose conversion came with a file that is taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import happened_to, people_worked_on_since
from headwater.platform.bulk import in_parts
from headwater.platform.changes import old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed
from headwater.platform.models import Event, Span
from headwater.qualify.actions.bulk_steps import Change, take_steps
from headwater.qualify.actions.steps import ROW
from headwater.qualify.events import LeadConverted, LeadUnconverted
from headwater.qualify.models import Exit, Lead


@action
def take_back_conversions(*, lead_ids: Sequence[int], batch_id: int, by: Actor, at: datetime) -> int:
    """Put leads back to where they were before a batch converted them; how many there were.

    Their history reads as if the file had never come. Leads that changed since, or that something else converted,
    stay as they are. Called by the action that takes back the opportunities and orders of the batch.

    Raises:
        NotAllowed: the actor may not convert leads.
    """
    by.require("qualify.lead.convert")
    back = 0
    for part in in_parts(lead_ids):
        back += _take_back(part, batch_id, by=by, at=at)
    return back


def converted_by(batch_id: int) -> list[int]:
    """The leads a batch converted, in order."""
    return happened_to(ROW, batch_id, LeadConverted.verb)


def leads_worked_on_since(lead_ids: Sequence[int], batch_id: int) -> set[int]:
    """Those of the leads that somebody worked on since the batch began."""
    return people_worked_on_since(ROW, lead_ids, batch_id)


def _take_back(lead_ids: Sequence[int], batch_id: int, *, by: Actor, at: datetime) -> int:
    events = Event.objects.filter(
        batch_id=batch_id, verb=LeadConverted.verb, subject_type=ROW, subject_id__in=lead_ids
    ).select_related("personal")
    last = {event.subject_id: event for event in events.order_by("pk")}
    found = Lead.objects.select_for_update().filter(pk__in=list(last), exit=Exit.CONVERTED, deleted_at=None)
    changes = []
    for lead in found.order_by("pk"):
        try:
            changes.append(Change(lead, old_values(lead, _edit(last[lead.pk]))))
        except NotUndoable:  # asked before anything was written: somebody changed the lead since
            continue
    _forget_spans([change.lead.pk for change in changes])
    return take_steps(changes, LeadUnconverted, by=by, at=at)


def _forget_spans(lead_ids: Sequence[int]) -> None:
    """Let the stage before the conversion hold on as if nothing had ended it."""
    stages: dict[int, list[Span]] = defaultdict(list)
    for span in Span.objects.filter(subject_type=ROW, kind="stage", subject_id__in=lead_ids).order_by("pk"):
        stages[span.subject_id].append(span)
    gone, open_again = [], []
    for spans in stages.values():
        if spans[-1].value == Exit.CONVERTED and spans[-1].until_at is None:
            gone.append(spans[-1].pk)
            if len(spans) > 1:
                spans[-2].until_at = None
                open_again.append(spans[-2])
    Span.objects.filter(pk__in=gone).delete()
    Span.objects.bulk_update(open_again, ["until_at"], batch_size=500)


def _edit(event: Event) -> Changed:
    personal: dict[str, Any] = event.personal.data if hasattr(event, "personal") else {}
    return Changed(
        row_type=ROW,
        row_id=event.subject_id,
        names="",
        fields=event.data.get("fields") or {},
        personal_fields=personal.get("personal_fields") or {},
    )
