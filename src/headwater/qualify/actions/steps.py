"""What every step of a lead does the same way: lock, check, store, keep spans and grants, record, take back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from headwater.parties.actions import access
from headwater.parties.queries.visible import out_of_sight
from headwater.platform.action import current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import check_each
from headwater.platform.changes import put_values, split_changes
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound
from headwater.platform.events import Changed, Fact, record
from headwater.platform.spans import set_span
from headwater.qualify import rules
from headwater.qualify.events import Fields, Step
from headwater.qualify.models import Lead
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event

ROW = "qualify.lead"
PERSONAL = frozenset({"title", "exit_note", "sent_back_note", "extra"})
STATE = frozenset({"stage", "exit"})
HOLDERS = frozenset({"owner_id", "team_id", "handed_to_id"})


class StepRefused(Conflict):
    """The lead's stage or exit does not allow this step now."""

    code: ClassVar[str] = "step_refused"


def locked(lead_id: int) -> Lead:
    """The lead, held against everybody else until the action is over.

    Raises:
        NotFound: there is no such lead, or it was deleted.
    """
    lead = Lead.objects.select_for_update().filter(pk=lead_id, deleted_at=None).first()
    if lead is None:
        raise NotFound()
    return lead


def locked_leads(ids: Sequence[int], check: Callable[[Lead], None]) -> list[Lead]:
    """Several leads, held like :func:`locked`, if ``check`` refuses none of them.

    Raises:
        SomeRefused: it refuses some, or some are not there.
    """
    leads = list(Lead.objects.select_for_update().filter(pk__in=list(ids), deleted_at=None).order_by("pk"))
    check_each(leads, check, ids=ids)
    return leads


def require(by: Actor, verb: str, lead: Lead) -> None:
    """Refuse unless ``by`` has the right and the lead is theirs to work on; a lead in the pool is everybody's."""
    by.require(f"{ROW}.{verb}", owner_id=lead.owner_id, team_id=lead.team_id)


def require_answer(by: Actor, verb: str, lead: Lead) -> None:
    """Refuse unless ``by`` may answer the handover: whom it was given to, and who sees that colleague's work."""
    by.require(f"{ROW}.{verb}")
    if lead.handed_to_id is None or lead.handed_to_id == by.user_id:
        return
    asked = team.users_by_ids([lead.handed_to_id]).get(lead.handed_to_id)
    if not by.reaches(owner_id=lead.handed_to_id, team_id=asked.team_id if asked else None):
        raise NotAllowed()


def refuse(refusal: rules.Refusal | None) -> None:
    """Turn a rule's answer into a refusal; what a form can mend is told beside its field."""
    match refusal:
        case None:
            return
        case rules.Refusal.NEEDS_REASON:
            raise Invalid({"reason": [refusal.said]})
        case rules.Refusal.NEEDS_WAKE_UP:
            raise Invalid({"wake_up_on": [refusal.said]})
        case _:
            raise StepRefused(refusal.said, refusal=refusal.code)


def state_of(lead: Lead) -> str:
    """Where the lead is, in one word for its span: its exit, or else its stage."""
    return lead.exit or lead.stage


def stage_values(stage: str, *, at: datetime) -> dict[str, Any]:
    """What being put into a stage changes."""
    return {"stage": stage, "stage_since": at}


def exit_values(exit_code: str, *, at: datetime, reason: str = "", note: str = "") -> dict[str, Any]:
    """What leaving the funnel changes; an open handover falls with it."""
    return {"exit": exit_code, "exit_reason": reason, "exit_note": note, "exited_at": at, **NO_HANDOVER}


NO_EXIT: dict[str, Any] = {
    "exit": "",
    "exit_reason": "",
    "exit_note": "",
    "exited_at": None,
    "wake_up_on": None,
}
NO_HANDOVER: dict[str, Any] = {
    "handed_over_at": None,
    "handed_by_id": None,
    "handed_to_id": None,
    "handover_due_at": None,
}


def take_step(
    lead: Lead,
    values: Mapping[str, Any],
    kind: Callable[..., Fact],
    *,
    by: Actor,
    at: datetime,
    **told: Any,
) -> Event | None:
    """Store what a step changes, keep spans and grants in line with it, and record it; None when nothing differs.

    ``kind`` is the fact, ``told`` what it says beside the changed fields. Call it on a locked lead.
    """
    current_unit()
    changed = put_values(lead, values)
    if not changed:
        return None
    lead.save(update_fields=list(changed))
    keep_in_line(lead, changed, by=by, at=at)
    plain, personal = as_fields(changed)
    fact = kind(
        lead_id=lead.pk,
        fields=plain,
        personal_fields=personal or None,
        party_id=lead.party_id,
        organisation_id=lead.organisation_id,
        **told,
    )
    return record(fact, by=by, at=at)


def keep_in_line(lead: Lead, changed: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Write the spans and grants that follow from what changed: who holds the lead sees its people."""
    if STATE & changed.keys():
        set_span(ROW, lead.pk, "stage", state_of(lead), at=at)
    if "owner_id" in changed:
        set_span(ROW, lead.pk, "owner", str(lead.owner_id or ""), at=at)
    if HOLDERS & changed.keys():
        _pass_on_access(lead, changed, by=by, at=at)


def _pass_on_access(lead: Lead, changed: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    holders = holders_of(lead)
    closed = closed_to(by, [lead])
    former = [
        (None, old) if name == "team_id" else (old, None)
        for name, (old, _) in changed.items()
        if name in HOLDERS and old is not None
    ]
    about: dict[str, Any] = {"reason": grant_reason(lead.pk), "by": by, "at": at}
    for user_id, team_id in former:
        if (user_id, team_id) not in holders:
            access.withdraw_access(party_ids=parties_of(lead), **about, user_id=user_id, team_id=team_id)
    for user_id, team_id in holders:
        opened = opened_to(user_id, team_id, lead, by=by, closed=closed)
        access.grant_access(party_ids=opened, **about, user_id=user_id, team_id=team_id)


def closed_to(by: Actor, leads: Iterable[Lead]) -> set[int]:
    """The companies behind these leads that the actor does not see. One query."""
    return out_of_sight(by, [lead.organisation_id for lead in leads])


def opened_to(user_id: int | None, team_id: int | None, lead: Lead, *, by: Actor, closed: Collection[int]) -> list[int]:
    """Whom a holder of the lead sees because of it: who asked, and their company.

    Nobody opens somebody else's customer to themselves by what they take up: such a company stays closed.
    """
    is_own = user_id == by.user_id if user_id is not None else team_id in by.team_ids
    return [pk for pk in parties_of(lead) if pk == lead.party_id or pk not in closed or not is_own]


def holders_of(lead: Lead) -> list[tuple[int | None, int | None]]:
    """Who holds the lead and so sees the person and the company behind it: users, and the owner's team."""
    users = dict.fromkeys(pk for pk in (lead.owner_id, lead.handed_to_id) if pk is not None)
    return [(pk, None) for pk in users] + ([(None, lead.team_id)] if lead.team_id is not None else [])


def grant_reason(lead_id: int) -> str:
    """The reason parties keep with a grant that a lead gave."""
    return f"lead:{lead_id}"


def parties_of(lead: Lead) -> list[int]:
    """The person and the company of a lead."""
    return [pk for pk in (lead.party_id, lead.organisation_id) if pk is not None]


def as_fields(changed: Mapping[str, list[Any]]) -> tuple[Fields, Fields]:
    """Changed values as a fact carries them: those for the log, and the personal ones kept apart."""
    return split_changes(changed, PERSONAL)


def as_change(step: Step) -> Changed:
    """A step as the plain edit it was, for its undo."""
    return Changed(
        row_type=ROW,
        row_id=step.lead_id,
        names="",
        fields=step.fields,
        personal_fields=step.personal_fields or {},
    )
