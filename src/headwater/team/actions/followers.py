"""Following records: hearing of what colleagues say about them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import NotAllowed
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.undo import is_own, undoes
from headwater.team.models import Follow
from headwater.team.queries.followers import is_following
from headwater.team.queries.records import Record, the_record
from headwater.team.record_events import RecordFollowed, RecordUnfollowed


@action
def follow_record(*, noun: str, row_id: int, by: Actor, at: datetime) -> None:
    """Hear of every comment on a record from now on; whoever follows already goes on doing so.

    Raises:
        NotFound: there is no such record, or the actor may not see it.
    """
    _set(noun, row_id, is_on=True, by=by, at=at)


@action
def unfollow_record(*, noun: str, row_id: int, by: Actor, at: datetime) -> None:
    """Hear of a record no more, unless one is meant by name; its owner can do so, too.

    Raises:
        NotFound: there is no such record, or the actor may not see it.
    """
    _set(noun, row_id, is_on=False, by=by, at=at)


@undoes(RecordFollowed)
@action
def take_back_following(fact: RecordFollowed, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of following."""
    _require_own(event, by)
    _set(fact.row_type, fact.row_id, is_on=False, by=by, at=at)


@undoes(RecordUnfollowed)
@action
def take_back_leaving(fact: RecordUnfollowed, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of following no more."""
    _require_own(event, by)
    _set(fact.row_type, fact.row_id, is_on=True, by=by, at=at)


def follow_by_taking_part(about: Record, *, user_ids: Collection[int], at: datetime) -> None:
    """Let those who take part in a talk follow it, unless they said once that they will not; inside an action."""
    known = Follow.objects.filter(noun=about.resource.key, row_id__in=about.ids, user_id__in=user_ids)
    said = set(known.values_list("user_id", flat=True))
    rows = [
        Follow(noun=about.resource.key, row_id=about.row.pk, user_id=pk, since=at)
        for pk in set(user_ids) - said
        if pk != about.owner_id
    ]
    Follow.objects.bulk_create(rows, ignore_conflicts=True)


def _set(noun: str, row_id: int, *, is_on: bool, by: Actor, at: datetime) -> None:
    about = the_record(by, noun, row_id)
    if by.user_id is None:
        raise NotAllowed()
    if is_following(by, about) == is_on:
        return
    Follow.objects.update_or_create(
        noun=noun, row_id=about.row.pk, user_id=by.user_id, defaults={"is_on": is_on, "since": at}
    )
    kind = RecordFollowed if is_on else RecordUnfollowed
    # Who reads along is nothing that happened with the customer: it does not stand on the journey.
    record(kind(row_type=noun, row_id=about.row.pk, user_id=by.user_id), by=by, at=at)


def _require_own(event: Event, by: Actor) -> None:
    if not is_own(event, by):
        raise NotAllowed()
