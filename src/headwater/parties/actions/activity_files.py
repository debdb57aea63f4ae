"""Activities of a file: calls, meetings, notes and e-mails that were logged elsewhere, with whom we know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from headwater.parties.actions.activities import LOGGED
from headwater.parties.actions.file_cells import Owners, email_faults
from headwater.parties.actions.known_by import Meant, who_is_meant
from headwater.parties.actions.reach import organisation_of
from headwater.parties.events import ActivityDeleted, ActivityLogged
from headwater.parties.models import Activity, ActivityKind, Party
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import deleted_by_hand, edited_rows, edits_of, stays_deleted, worked_on_since
from headwater.platform.bulk import in_parts, insert_rows, reserve_ids
from headwater.platform.changes import Edit, change_row, change_rows, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import record_bulk
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import (
    Batch,
    CleanRow,
    Kept,
    Outcome,
    RowResult,
    UndoResult,
    UndoStep,
    only_new,
    undo_at_once,
)
from headwater.platform.translated import gettext as _

ROW = "parties.activity"
VERB = "parties.activity.import"
CLOCKS_DIFFER = timedelta(days=1)
COLUMNS = (
    "id", "party_id", "kind", "subject", "body", "is_outbound", "occurred_at", "owner_id", "created_at", "extra",
    "batch_id",
)  # fmt: skip
PERSONAL = ("subject", "body", "extra")


@dataclass(slots=True)
class _Row:
    """A row of the file on its way to an activity."""

    line: int
    values: dict[str, Any]
    extra: dict[str, str]
    owner_id: int | None = None
    party: Party | None = None
    activity: Activity | None = None
    first: _Row | None = None
    outcome: Outcome = Outcome.UNCHANGED
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def external_id(self) -> str:
        return str(self.values.get("external_id", ""))

    def said(self) -> dict[str, Any]:
        """What the file says of the activity; nothing it leaves blank."""
        body = str(self.values.get("body", "")).strip()
        kind = self.values.get("kind", "")
        words = str(self.values.get("subject", "")) or body or (str(ActivityKind(kind).label) if kind else "")
        direction = self.values.get("direction")
        found = {
            "kind": kind, "subject": " ".join(words.split())[:200], "body": body,
            "occurred_at": self.values.get("occurred_at"), "owner_id": self.owner_id,
            "is_outbound": None if direction is None else direction == "OUTBOUND", "extra": self.extra,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value not in (None, "", {})}

    def why_not_new(self) -> str:
        """Why nothing new can come of the row; empty if something can."""
        if self.values.get("kind") == ActivityKind.TODO:
            return _("A file brings what was done; what is still to do is planned here.")
        return "" if self.said().get("subject") else _("The row does not say what was done.")

    def result(self) -> RowResult:
        if self.errors:
            return RowResult(self.line, Outcome.REJECTED, None, tuple(self.errors))
        activity = (self.first or self).activity
        return RowResult(self.line, self.outcome, activity.pk if activity else None, tuple(self.notes))


def activity_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about an activity by itself."""
    moment = values.get("occurred_at")
    faults = email_faults(values)
    if moment is not None and moment > at + CLOCKS_DIFFER:
        faults.append(_("The activity lies in the future."))
    return faults


@action
def import_activities(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of activities with people and companies that are here; nobody is added for them.

    The same external id is the same activity, whose words are corrected; without one, the same time, kind and words
    with the same party. Whom the actor does not see, the row does not find.
    """
    by.require(VERB)
    by = by.in_batch(batch.id)
    owners = Owners(row.values.get("owner") for row in rows)
    read = [_Row(row.line, row.values, dict(row.extra)) for row in rows]
    for row in read:
        row.owner_id, _team = owners.of_cell(row.values.get("owner"), row.extra, row.notes)
        row.errors.extend(activity_faults(row.values, batch, at))
    _find_by_id(read, batch)
    _find_whom([row for row in read if row.activity is None and not row.errors], batch, by)
    for row in read:
        if row.activity is None and not row.errors and (why_not := row.why_not_new()):
            row.errors.append(why_not)
    new = _find_the_same([row for row in read if row.activity is None and not row.errors])
    known = [row for row in read if row.activity is not None and not row.errors]
    _correct(known, batch, by=by, at=at)
    _write(new, batch, by=by, at=at)
    return [row.result() for row in read]


def _find_by_id(rows: Sequence[_Row], batch: Batch) -> None:
    named = [row for row in rows if row.external_id]
    known = known_ids(batch.system, ROW, [row.external_id for row in named]) if named else {}
    here = Activity.objects.select_related("party").in_bulk(list(known.values()))
    for row in named:
        row.activity = here.get(known.get(row.external_id, 0))


def _find_whom(rows: Sequence[_Row], batch: Batch, by: Actor) -> None:
    get = [row.values.get for row in rows]
    meant = [
        Meant(
            lead=of("lead", ""), person=of("person", ""), organisation=of("organisation", ""),
            email=of("email", ""), phone=of("phone", ""),
        )
        for of in get
    ]  # fmt: skip
    for row, (party, why_not) in zip(rows, who_is_meant(meant, batch=batch, by=by), strict=True):
        row.party = party
        if party is None:
            row.errors.append(why_not)


def _find_the_same(rows: Sequence[_Row]) -> list[_Row]:
    """The rows that are new: neither here already, nor said by an earlier row."""
    here: dict[object, Activity] = {}
    for part in in_parts({row.party.pk for row in rows if row.party is not None}):
        for activity in Activity.objects.filter(party__in=part).select_related("party").order_by("-pk"):
            here[_key(activity.party_id, activity.kind, activity.occurred_at, activity.subject)] = activity

    def key_of(row: _Row) -> object:
        assert row.party is not None
        said = row.said()
        return _key(row.party.pk, said.get("kind", ActivityKind.NOTE), said.get("occurred_at"), said["subject"])

    def known(row: _Row, activity: Activity) -> None:
        row.activity = activity

    return only_new(rows, key_of=key_of, here=here, known=known)


def _key(party_id: int, kind: str, moment: datetime | None, subject: str) -> tuple[int, str, datetime | None, str]:
    return party_id, str(kind), moment, subject.casefold()


def _correct(rows: Sequence[_Row], batch: Batch, *, by: Actor, at: datetime) -> None:
    """What is here gets the words of the file; what an undo took comes back, what people deleted does not."""
    gone = {row.activity.pk: row.activity.deleted_at for row in rows if row.activity is not None}
    stay = deleted_by_hand(ROW, gone, ActivityDeleted.verb)
    back: dict[int, Activity] = {}
    edits: list[Edit] = []
    for row in rows:
        activity = row.activity
        assert activity is not None
        if activity.pk in stay:
            row.notes.append(stays_deleted(_("The activity"), stay[activity.pk], batch.zone))
            continue
        said = {**row.said(), "extra": {**activity.extra, **row.extra}}
        if activity.kind not in LOGGED:
            said = {name: said[name] for name in ("subject", "body", "extra") if name in said}
        if any(getattr(activity, name) != value for name, value in said.items()):
            edits.append(Edit(activity, said, ROW, activity.party_id, organisation_of(activity.party)))
            row.outcome = Outcome.UPDATED
        if activity.deleted_at is not None:
            back[activity.pk] = activity
            row.outcome = Outcome.CREATED
    if edits:
        change_rows(edits, by=by, at=at, personal=PERSONAL)
    Activity.objects.filter(pk__in=list(back)).update(deleted_at=None, batch_id=batch.id)
    _tell_logged(list(back.values()), by=by, at=at)


def _write(rows: Sequence[_Row], batch: Batch, *, by: Actor, at: datetime) -> None:
    for row, pk in zip(rows, reserve_ids(Activity, len(rows)), strict=True):
        assert row.party is not None
        values = {"kind": ActivityKind.NOTE, "body": "", "is_outbound": True, "occurred_at": None, **row.said()}
        values |= {"owner_id": row.owner_id, "extra": row.extra}
        row.activity = Activity(pk=pk, party=row.party, created_at=at, batch_id=batch.id, **values)
    made = [row.activity for row in rows if row.activity is not None]
    insert_rows(Activity, COLUMNS, [tuple(getattr(a, name) for name in COLUMNS) for a in made])
    remember_ids(
        batch.system, ROW, {row.external_id: row.activity.pk for row in rows if row.external_id and row.activity}
    )
    _tell_logged(made, by=by, at=at)


def _tell_logged(activities: Sequence[Activity], *, by: Actor, at: datetime) -> None:
    facts = [
        ActivityLogged(
            party_id=a.party_id, organisation_id=organisation_of(a.party), activity_id=a.pk, kind=a.kind,
            is_outbound=a.is_outbound, subject=a.subject, body=a.body,
        )
        for a in activities
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[a.occurred_at or at for a in activities])


# Taking a file back ---------------------------------------------------------------------------------------------


@action
def undo_activity_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the activities a batch brought in and what it corrected, except what was worked on since."""
    return undo_at_once(UNDO_ACTIVITIES, batch_id=batch_id, by=by.in_batch(batch_id), at=at)


def _of_batch(batch_id: int) -> list[int]:
    rows = Activity.objects.filter(batch_id=batch_id, deleted_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _remove(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    rows = Activity.objects.filter(pk__in=ids, batch_id=batch_id, deleted_at=None).select_related("party").in_bulk()
    touched = worked_on_since(ROW, list(rows), batch_id)
    going = [activity for pk, activity in rows.items() if pk not in touched]
    Activity.objects.filter(pk__in=[activity.pk for activity in going]).update(deleted_at=at)
    facts = [
        ActivityDeleted(
            party_id=a.party_id, organisation_id=organisation_of(a.party), activity_id=a.pk, kind=a.kind,
            subject=a.subject,
        )
        for a in going
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))
    kept = [Kept(pk, rows[pk].subject, _("it was changed since")) for pk in sorted(touched)]
    return UndoResult(removed=len(going), kept=kept)


def _corrected(batch_id: int) -> list[int]:
    new = set(Activity.objects.filter(batch_id=batch_id).values_list("pk", flat=True))
    return [pk for pk in edited_rows(ROW, batch_id) if pk not in new]


def _put_back(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    rows = Activity.objects.select_for_update(of=("self",)).select_related("party").in_bulk(list(ids))
    kept: dict[int, Kept] = {}
    restored: set[int] = set()
    for pk, fact in edits_of(ROW, batch_id, ids):
        activity = rows[pk]
        if pk in kept:
            continue
        try:
            values = old_values(activity, fact)
        except NotUndoable as refusal:  # asked before anything was written, so nothing has to be rolled back
            kept[pk] = Kept(pk, activity.subject, str(refusal.params["reason"]))
            continue
        change_row(
            activity, values, row_type=ROW, by=by, at=at, personal=PERSONAL,
            party_id=activity.party_id, organisation_id=organisation_of(activity.party),
        )  # fmt: skip
        restored.add(pk)
    return UndoResult(restored=len(restored - kept.keys()), kept=list(kept.values()))


UNDO_ACTIVITIES = (UndoStep(VERB, _of_batch, _remove), UndoStep(VERB, _corrected, _put_back))
