"""Handing over what somebody who leaves still holds, in one step that is taken back as one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict

from headwater.platform import many
from headwater.platform.action import action, current_unit
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict, Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.lists import actions as lists
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.translated import inside
from headwater.platform.undo import heads_step, undoes
from headwater.team.events import WorkHandedOver, WorkTakenBack
from headwater.team.models import User
from headwater.team.queries.leaving import HeldWork, held_work

RIGHT = "team.user.change"


@action
def hand_over_work(
    *, user_id: int, to_id: int, by: Actor, at: datetime, kinds: Collection[str] | None = None
) -> WorkHandedOver:
    """Give everything a colleague still holds to another one, or only some ``kinds`` of it.

    Much of it goes in the background, as any step for many rows does; little at once, all or none.

    Raises:
        NotAllowed: the actor may not change accounts, or not give such work away.
        NotFound: there is no such colleague.
        Conflict: they hold nothing of it any more.
        Invalid: the other one cannot take it, or is not here.
        SomeRefused: some of it cannot be given away.
    """
    by.require(RIGHT)
    if not User.objects.filter(pk=user_id).exists():
        raise NotFound()
    if to_id == user_id or not User.objects.filter(pk=to_id, is_active=True).exists():
        raise Invalid({"to_id": [_("Choose another colleague who works here.")]})
    works = [work for work in held_work(user_id, by) if kinds is None or work.key in kinds]
    if not works:
        raise Conflict(_("There is nothing left of it to hand over."))
    _refuse_who_cannot(works, to_id, by)
    fact = WorkHandedOver(user_id=user_id, to_id=to_id, counts={work.key: work.count for work in works})
    record(fact, by=by, at=at)  # first, so that all that follows is taken back with it
    are_many = sum(work.count for work in works) > many.AT_ONCE
    for work in works:
        _hand_over(work, user_id, to_id, in_background=are_many, by=by, at=at)
    return fact


@undoes(WorkHandedOver)
@action
def take_work_back(fact: WorkHandedOver, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`hand_over_work`: its parts are taken back by their own rooms, this says that it was."""
    by.require(RIGHT)
    record(WorkTakenBack(user_id=fact.user_id, to_id=fact.to_id), by=by, at=at)


def _refuse_who_cannot(works: list[HeldWork], to_id: int, by: Actor) -> None:
    """Ask each kind's own form whether this colleague can take it, before anything is given."""
    cannot = [inside(work.label) for work in works if work.held is not None and _form(work, to_id, by) is None]
    if cannot:
        kinds = ", ".join(cannot)
        raise Invalid({"to_id": [_("This colleague cannot take: %(kinds)s. Choose whom for each.") % {"kinds": kinds}]})


def _form(work: HeldWork, to_id: int, by: Actor) -> dict[str, object] | None:
    assert work.held is not None
    step = work.held.step()
    by.require(step.verb)
    form = step.form(QueryDict(_filled_in(to_id)), actor=by)
    return form.cleaned_data if form.is_valid() else None


def _hand_over(work: HeldWork, user_id: int, to_id: int, *, in_background: bool, by: Actor, at: datetime) -> None:
    if work.held is None:
        lists.give_views(ids=work.ids, owner_id=to_id, by=by, at=at)
        return
    step = work.held.step()
    if in_background:
        many.start(
            resource=work.held.resource, command=step, ids=work.ids, form=_filled_in(to_id), by=by, at=at,
            back=f"/settings/users/{user_id}/work", request=current_unit().request_id,
        )  # fmt: skip
        return
    assert step.run_many is not None
    step.run_many(ids=list(work.ids), by=by, at=at, **(_form(work, to_id, by) or {}))


def _filled_in(to_id: int) -> str:
    return urlencode({"owner_id": to_id})


heads_step(WorkHandedOver)
