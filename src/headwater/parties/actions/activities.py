"""What is done with a party: notes, calls, e-mails, meetings and to-dos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from headwater.parties.actions.reach import locked_party, organisation_of
from headwater.parties.events import ActivityDeleted, ActivityLogged, TodoDone, TodoPlanned, TodoReopened
from headwater.parties.models import Activity, ActivityKind, Party
from headwater.parties.queries.visible import visible_activities, visible_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import Edit, change_row, change_rows, old_values
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import Changed, record, record_bulk
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.undo import is_own, undoes, undoes_changes_of

LOGGED = (ActivityKind.NOTE, ActivityKind.CALL, ActivityKind.EMAIL, ActivityKind.MEETING)


@action
def log_activity(
    *,
    party_id: int,
    kind: str,
    subject: str,
    by: Actor,
    at: datetime,
    body: str = "",
    is_outbound: bool = True,
    occurred_at: datetime | None = None,
) -> Activity:
    """Write down a note, call, e-mail or meeting with a party, as it happened (now unless said otherwise).

    Raises:
        NotFound: there is no such party, or the actor may not see it.
        Invalid: no words, an unknown kind, or a time that is still to come.
    """
    party = _party(party_id, by=by)
    if kind not in LOGGED:
        raise Invalid({"kind": [_("Choose a note, call, e-mail or meeting; what is still to come is a to-do.")]})
    happened = occurred_at or at
    if happened > at:
        raise Invalid({"occurred_at": [_("This is still to come: plan a to-do instead.")]})
    activity = Activity.objects.create(
        party=party, kind=kind, subject=_subject(subject), body=body.strip(), is_outbound=is_outbound,
        occurred_at=happened, owner_id=by.user_id, created_at=at,
    )  # fmt: skip
    record(
        ActivityLogged(
            party_id=party.pk, organisation_id=organisation_of(party), activity_id=activity.pk, kind=kind,
            is_outbound=is_outbound, subject=activity.subject, body=activity.body,
        ),
        by=by, at=happened,
    )  # fmt: skip
    return activity


@action
def plan_todo(
    *, party_id: int, subject: str, due_at: datetime, owner_id: int | None, by: Actor, at: datetime, body: str = ""
) -> Activity:
    """Write down that something is to be done for a party by ``due_at``; without an owner it is the actor's own."""
    party = _party(party_id, by=by)
    todo = Activity.objects.create(
        party=party, kind=ActivityKind.TODO, subject=_subject(subject), body=body.strip(), due_at=due_at,
        owner_id=owner_id if owner_id is not None else by.user_id, created_at=at,
    )  # fmt: skip
    record(
        TodoPlanned(
            party_id=party.pk, organisation_id=organisation_of(party), activity_id=todo.pk,
            due_at=due_at.isoformat(), owner_id=todo.owner_id, subject=todo.subject,
        ),
        by=by, at=at,
    )  # fmt: skip
    return todo


@action
def complete_todo(*, activity_id: int, by: Actor, at: datetime) -> Activity:
    """Tick off a to-do.

    Raises:
        Conflict: it is done already.
    """
    todo = _activity(activity_id, "done", by=by)
    _require_todo(todo)
    if todo.done_at is not None:
        raise Conflict(_("This to-do is done already."))
    todo.done_at = at
    todo.save(update_fields=["done_at"])
    record(TodoDone(**_about(todo), subject=todo.subject), by=by, at=at)
    return todo


@action
def complete_todos(*, ids: Sequence[int], by: Actor, at: datetime) -> int:
    """Tick off several to-dos; those that are done already stay so. How many were ticked off."""
    todos = _several(ids, "done", by=by, kind=ActivityKind.TODO, done_at=None)
    Activity.objects.filter(pk__in=[todo.pk for todo in todos]).update(done_at=at)
    record_bulk([TodoDone(**_about(todo), subject=todo.subject) for todo in todos], by=by, at=[at] * len(todos))
    return len(todos)


@action
def reopen_todos(*, ids: Sequence[int], by: Actor, at: datetime) -> int:
    """Open several to-dos again; those that are open already stay so. How many were opened."""
    todos = _several(ids, "done", by=by, kind=ActivityKind.TODO, done_at__isnull=False)
    Activity.objects.filter(pk__in=[todo.pk for todo in todos]).update(done_at=None)
    record_bulk([TodoReopened(**_about(todo), subject=todo.subject) for todo in todos], by=by, at=[at] * len(todos))
    return len(todos)


@action
def reopen_todo(*, activity_id: int, by: Actor, at: datetime) -> Activity:
    """Open a to-do again that was ticked off."""
    todo = _activity(activity_id, "done", by=by)
    _require_todo(todo)
    if todo.done_at is None:
        raise Conflict(_("This to-do is open already."))
    todo.done_at = None
    todo.save(update_fields=["done_at"])
    record(TodoReopened(**_about(todo), subject=todo.subject), by=by, at=at)
    return todo


@action
def change_activity(
    *,
    activity_id: int,
    by: Actor,
    at: datetime,
    subject: str | None = None,
    body: str | None = None,
    due_at: datetime | None = None,
    owner_id: int | None = None,
) -> Activity:
    """Correct the words of an activity, or move or hand on a to-do. What is not given stays."""
    activity = _activity(activity_id, "change", by=by)
    values: dict[str, object] = {}
    if subject is not None:
        values["subject"] = _subject(subject)
    if body is not None:
        values["body"] = body.strip()
    if activity.kind == ActivityKind.TODO:
        if due_at is not None:
            values["due_at"] = due_at
        if owner_id is not None:
            values["owner_id"] = owner_id
    _store(activity, values, by=by, at=at)
    return activity


@action
def assign_todo(*, activity_id: int, owner_id: int | None, by: Actor, at: datetime) -> Activity:
    """Give a to-do to a colleague.

    Raises:
        Conflict: it is no to-do, or is done.
    """
    activity = _activity(activity_id, "change", by=by)
    _require_todo(activity)
    if activity.done_at is not None:
        raise Conflict(_("This to-do is done already."))
    _store(activity, {"owner_id": owner_id}, by=by, at=at)
    return activity


@action
def assign_todos(*, ids: Sequence[int], owner_id: int | None, by: Actor, at: datetime) -> int:
    """Give several open to-dos to a colleague; what is done, and what is no to-do, stays. How many changed hands."""
    return _change_open_todos(ids, {"owner_id": owner_id}, by=by, at=at)


@action
def snooze_todos(*, ids: Sequence[int], due_at: datetime, by: Actor, at: datetime) -> int:
    """Let several open to-dos wait until later; what is done, and what is no to-do, stays. How many wait."""
    return _change_open_todos(ids, {"due_at": due_at}, by=by, at=at)


def _change_open_todos(ids: Sequence[int], values: dict[str, object], *, by: Actor, at: datetime) -> int:
    todos = _several(ids, "change", by=by, kind=ActivityKind.TODO, done_at=None)
    edits = [Edit(todo, dict(values), "parties.activity", todo.party_id, organisation_of(todo.party)) for todo in todos]
    return change_rows(edits, by=by, at=at, personal=("subject", "body"))


@action
def delete_activity(*, activity_id: int, by: Actor, at: datetime) -> Activity:
    """Take an activity off the record; undo brings it back."""
    activity = _activity(activity_id, "delete", by=by)
    activity.deleted_at = at
    activity.save(update_fields=["deleted_at"])
    record(ActivityDeleted(**_about(activity), kind=activity.kind, subject=activity.subject), by=by, at=at)
    return activity


@action
def delete_activities(*, ids: Sequence[int], by: Actor, at: datetime) -> int:
    """Take several activities off their records; undo brings them back. How many went."""
    rows = _several(ids, "delete", by=by)
    Activity.objects.filter(pk__in=[row.pk for row in rows]).update(deleted_at=at)
    facts = [ActivityDeleted(**_about(row), kind=row.kind, subject=row.subject) for row in rows]
    record_bulk(facts, by=by, at=[at] * len(facts))
    return len(rows)


@undoes_changes_of("parties.activity")
@action
def take_back_activity_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`change_activity`."""
    activity = _activity(fact.row_id, "change", by=by)
    _store(activity, old_values(activity, fact), by=by, at=at)


@undoes(ActivityLogged, TodoPlanned)
@action
def take_back_activity(fact: ActivityLogged | TodoPlanned, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`log_activity` and :func:`plan_todo`."""
    activity = _activity(fact.activity_id, "change" if is_own(event, by) else "delete", by=by)
    if activity.done_at is not None:
        raise NotUndoable(reason=_("the to-do is done"))
    activity.deleted_at = at
    activity.save(update_fields=["deleted_at"])
    record(ActivityDeleted(**_about(activity), kind=activity.kind, subject=activity.subject), by=by, at=at)


@undoes(TodoDone)
@action
def take_back_done(fact: TodoDone, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`complete_todo`."""
    reopen_todo(activity_id=fact.activity_id, by=by, at=at)


@undoes(TodoReopened)
@action
def take_back_reopening(fact: TodoReopened, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`reopen_todo`."""
    complete_todo(activity_id=fact.activity_id, by=by, at=at)


@undoes(ActivityDeleted)
@action
def put_back_activity(fact: ActivityDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`delete_activity`."""
    restore_activity(activity_id=fact.activity_id, by=by, at=at)


@action
def restore_activity(*, activity_id: int, by: Actor, at: datetime) -> None:
    """Put a deleted activity on its party's record again.

    Raises:
        NotUndoable: it is there already.
    """
    activity = Activity.objects.select_for_update().filter(pk=activity_id).first()
    if activity is None or activity.deleted_at is None:
        raise NotUndoable(reason=_("it is on the record again already"))
    party = locked_party(activity.party_id, "see", by=by)
    by.require("parties.activity.change")
    activity.deleted_at = None
    activity.save(update_fields=["deleted_at"])
    about = {"party_id": party.pk, "organisation_id": organisation_of(party), "activity_id": activity.pk}
    if activity.kind == ActivityKind.TODO:
        record(TodoReopened(**about, subject=activity.subject), by=by, at=at)  # type: ignore[arg-type]
    else:
        record(
            ActivityLogged(
                party_id=party.pk, organisation_id=organisation_of(party), activity_id=activity.pk,
                kind=activity.kind, is_outbound=activity.is_outbound, subject=activity.subject, body=activity.body,
            ),
            by=by, at=activity.occurred_at or at,
        )  # fmt: skip


def _store(activity: Activity, values: dict[str, object], *, by: Actor, at: datetime) -> None:
    change_row(
        activity, values, row_type="parties.activity", by=by, at=at, personal=("subject", "body"),
        party_id=activity.party_id, organisation_id=organisation_of(activity.party),
    )  # fmt: skip


def _party(party_id: int, *, by: Actor) -> Party:
    by.require("parties.activity.create")
    party = visible_parties(by).filter(pk=party_id).first()
    if party is None:
        raise NotFound()
    return party


def _activity(activity_id: int, what: str, *, by: Actor) -> Activity:
    by.require(f"parties.activity.{what}")
    activity = visible_activities(by).select_for_update(of=("self",)).filter(pk=activity_id).first()
    if activity is None:
        raise NotFound()
    return activity


def _several(ids: Sequence[int], what: str, *, by: Actor, **only: object) -> list[Activity]:
    """Those of many activities that the actor sees and that are as wanted, locked."""
    by.require(f"parties.activity.{what}")
    seen = visible_activities(by).filter(pk__in=list(ids), **only)
    return list(seen.select_for_update(of=("self",)).select_related("party").order_by("pk"))


class _About(TypedDict):
    party_id: int
    organisation_id: int | None
    activity_id: int


def _about(activity: Activity) -> _About:
    return {
        "party_id": activity.party_id, "organisation_id": organisation_of(activity.party), "activity_id": activity.pk,
    }  # fmt: skip


def _require_todo(activity: Activity) -> None:
    if activity.kind != ActivityKind.TODO:
        raise Conflict(_("Only a to-do can be done or open."))


def _subject(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise Invalid({"subject": [_("Say in a few words what it was.")]})
    return words[:200]
