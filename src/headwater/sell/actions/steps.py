"""What every step of an opportunity does the same way: lock, check, store, keep spans and grants, record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from headwater.parties.actions.access import grant_access, withdraw_access
from headwater.parties.queries.visible import out_of_sight
from headwater.platform.action import current_unit
from headwater.platform.actor import Actor
from headwater.platform.changes import old_values, put_values, split_changes
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound
from headwater.platform.events import Changed, Fact, record
from headwater.platform.spans import set_span
from headwater.platform.translated import gettext as _
from headwater.sell import rules
from headwater.sell.models import Opportunity, Order, Product
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event
    from headwater.sell.events import Fields, Step

ROW = "sell.opportunity"
ORDER_ROW = "sell.order"
PRODUCT_ROW = "sell.product"
OPEN = "OPEN"
PERSONAL = frozenset({"name", "next_step", "lost_note"})
ORDER_PERSONAL = frozenset({"note"})
HOLDERS = frozenset({"owner_id", "team_id"})


class StepRefused(Conflict):
    """The opportunity's state does not allow this step now."""

    code: ClassVar[str] = "step_refused"


class AlreadyClosed(StepRefused):
    """Somebody won or lost the opportunity first."""

    code: ClassVar[str] = "opportunity_already_closed"


def locked(opportunity_id: int, *, by: Actor, verb: str) -> Opportunity:
    """The opportunity, held against everybody else, if the actor has the right and it is theirs to work on.

    Raises:
        NotFound: there is no such opportunity, or it was deleted.
        NotAllowed: the right is missing, or it belongs to others.
    """
    row = Opportunity.objects.select_for_update().filter(pk=opportunity_id, deleted_at=None).first()
    if row is None:
        raise NotFound()
    require(by, f"{ROW}.{verb}", row)
    return row


def require(by: Actor, verb: str, row: Opportunity | Order) -> None:
    """Refuse unless ``by`` has the right and the row lies within their reach; rows without owner are the head's."""
    by.require(verb)
    if not by.reaches(owner_id=row.owner_id, team_id=row.team_id):
        raise NotAllowed()


def refuse(refusal: rules.Refusal | None) -> None:
    """Turn a rule's answer into a refusal; what a form can mend is told beside its field."""
    match refusal:
        case None:
            return
        case rules.Refusal.NEEDS_REASON:
            raise Invalid({"reason": [refusal.said]})
        case rules.Refusal.ALREADY_WON | rules.Refusal.ALREADY_LOST:
            raise AlreadyClosed(refusal.said)
        case _:
            raise StepRefused(refusal.said)


def take_step(
    row: Opportunity,
    values: Mapping[str, Any],
    kind: Callable[..., Fact],
    *,
    by: Actor,
    at: datetime,
    since: datetime | None = None,
    **told: Any,
) -> Event | None:
    """Store what a step changes, keep spans and grants in line with it, and record it; None when nothing differs.

    ``kind`` is the fact, ``told`` what it says beside the changed fields, ``since`` when it happened in the world.
    """
    current_unit()
    changed = put_values(row, values)
    if not changed:
        return None
    row.save(update_fields=list(changed))
    keep_in_line(row, changed, by=by, at=since or at)
    plain, personal = as_fields(changed)
    fact = kind(
        opportunity_id=row.pk,
        fields=plain,
        personal_fields=personal or None,
        party_id=row.party_id,
        organisation_id=row.organisation_id,
        **told,
    )
    return record(fact, by=by, at=since or at)


def keep_in_line(row: Opportunity, changed: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Write the spans and grants that follow from what changed. A closed opportunity is in no stage any more."""
    if {"stage_id", "outcome"} & changed.keys():
        set_span(ROW, row.pk, "stage", "" if row.outcome else str(row.stage_id), at=at)
    if "outcome" in changed:
        set_span(ROW, row.pk, "outcome", row.outcome or OPEN, at=at)
    if "owner_id" in changed:
        set_span(ROW, row.pk, "owner", str(row.owner_id or ""), at=at)
    if HOLDERS & changed.keys():
        withdraw_access(party_ids=parties_of(row), reason=grant_reason(row.pk), by=by, at=at)
        give_access(row, by=by, at=at)


def give_access(row: Opportunity, *, by: Actor, at: datetime) -> None:
    """Let who holds the opportunity see the person and company behind it.

    Nobody opens somebody else's company to themselves by an opportunity with one of its people.
    """
    closed = out_of_sight(by, [row.organisation_id]) - {row.party_id}
    about: dict[str, Any] = {"reason": grant_reason(row.pk), "by": by, "at": at}
    for user_id, team_id in ((row.owner_id, None), (None, row.team_id)):
        is_own = user_id == by.user_id if user_id is not None else team_id in by.team_ids
        opened = [pk for pk in parties_of(row) if not (is_own and pk in closed)]
        grant_access(party_ids=opened, **about, user_id=user_id, team_id=team_id)


def grant_reason(opportunity_id: int) -> str:
    """The reason parties keep with a grant that an opportunity gave."""
    return f"opportunity:{opportunity_id}"


def parties_of(row: Opportunity) -> list[int]:
    """The person and the company of an opportunity."""
    return [pk for pk in (row.party_id, row.organisation_id) if pk is not None]


def as_fields(changed: Mapping[str, list[Any]]) -> tuple[Fields, Fields]:
    """Changed values as a fact carries them: those for the log, and the personal ones kept apart."""
    return split_changes(changed, PERSONAL)


def values_before(row: Opportunity, step: Step) -> dict[str, Any]:
    """What the fields of a step were before it.

    Raises:
        NotUndoable: one of them changed again since, or was erased.
    """
    changes = Changed(
        row_type=ROW, row_id=row.pk, names="", fields=step.fields, personal_fields=step.personal_fields or {}
    )
    return old_values(row, changes)


def require_cost(by: Actor, cost: object) -> None:
    """Refuse a cost from somebody who may not fill any in.

    Raises:
        NotAllowed: costs are not theirs to say.
    """
    if cost is not None:
        by.require(rules.CHANGE_COST)


def require_cost_currency(by: Actor, row: Order | Product, values: Mapping[str, Any]) -> None:
    """Refuse another currency from somebody who may not fill any cost in where one is known: it would be in that too.

    Raises:
        NotAllowed: the cost is not theirs to change.
    """
    is_other = values.get("currency", row.currency) != row.currency
    if is_other and row.cost is not None and not by.may(rules.CHANGE_COST):
        raise NotAllowed(
            _("Another currency would change what the goods cost us, too. Ask a colleague who may change costs.")
        )


def owner_values(owner_id: int | None, by: Actor) -> tuple[dict[str, Any], str]:
    """The owner and their team as the values of a row, and the owner's name.

    Raises:
        Invalid: no such colleague within the actor's reach.
    """
    if owner_id is None:
        return {"owner_id": None, "team_id": None}, "nobody"
    if owner_id != by.user_id and not team.assignable_users(by).filter(pk=owner_id).exists():
        raise Invalid({"owner_id": [_("Choose a colleague you may give work to.")]})
    owner = team.users_by_ids([owner_id])[owner_id]
    return {"owner_id": owner.pk, "team_id": owner.team_id}, str(owner)
