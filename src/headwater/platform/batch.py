"""What an import did to rows, and what happened to them since: the questions every undo of a batch asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from django.db.models import Min, Model, QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel

from headwater.platform.bulk import in_parts
from headwater.platform.events import Changed, fact_of
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy

# What a row of a file is told that says otherwise than people did.
BY_HAND = lazy("It was changed here by hand since; that was left as it is.")


def worked_on_since(row_type: str, ids: Sequence[int], batch_id: int) -> dict[int, str]:
    """Those of ``ids`` that something outside the batch happened to after it, with the verb of the first such fact."""
    found: dict[int, str] = {}
    without = taken_back() | {batch_id}
    for part in in_parts(ids):
        events = Event.objects.filter(subject_type=row_type, subject_id__in=part)
        since = dict.fromkeys(part, 0)
        for subject_id, event_id in events.filter(batch_id=batch_id).values_list("subject_id", "pk"):
            since[subject_id] = max(since[subject_id], event_id)
        others = events.exclude(batch_id__in=without).order_by("pk").values_list("subject_id", "pk", "verb")
        for subject_id, event_id, verb in others:
            if event_id > since[subject_id]:
                found.setdefault(subject_id, verb)
    return found


def taken_back() -> set[int]:
    """The imports that were taken back: what they did, and what undid it, is nothing that happened to a row."""
    undone = Event.objects.filter(subject_type="intake.batch", verb="intake.import_undone")
    return set(undone.values_list("subject_id", flat=True))


def people_worked_on_since(row_type: str, ids: Sequence[int], batch_id: int) -> set[int]:
    """Those of ``ids`` that people did something with since the batch began; files and jobs do not count."""
    found: set[int] = set()
    for part in in_parts(ids):
        events = by_people_since(batch_id).filter(subject_type=row_type, subject_id__in=part)
        found.update(events.values_list("subject_id", flat=True).distinct())
    return found


def by_people_since(batch_id: int) -> QuerySet[Event]:
    """What people did since the batch began, neither by files nor by jobs."""
    began = Event.objects.filter(batch_id=batch_id).aggregate(first=Min("pk"))["first"] or 0
    return Event.objects.filter(pk__gt=began, batch_id=None).exclude(actor__startswith="job:")


def edited_rows(row_type: str, batch_id: int) -> list[int]:
    """The rows of one noun that a batch made plain edits to, in order."""
    return happened_to(row_type, batch_id, Changed.verb)


def edits_of(row_type: str, batch_id: int, ids: Sequence[int] | None = None) -> Iterator[tuple[int, Changed]]:
    """The plain edits a batch made to rows of one noun, newest first, so that each can be taken back in turn."""
    events = Event.objects.filter(batch_id=batch_id, verb=Changed.verb, subject_type=row_type)
    if ids is not None:
        events = events.filter(subject_id__in=ids)
    for event in events.order_by("-pk").iterator(chunk_size=2_000):
        yield event.subject_id, cast(Changed, fact_of(event))


def happened_to(row_type: str, batch_id: int, *verbs: str) -> list[int]:
    """The rows of one noun that facts of these kinds in the batch are about, in order."""
    events = Event.objects.filter(batch_id=batch_id, verb__in=verbs, subject_type=row_type)
    return list(events.order_by("subject_id").values_list("subject_id", flat=True).distinct())


def gone_by_undo(row_type: str, ids: Sequence[int], verb: str) -> set[int]:
    """Those of the rows that are gone whose last removal (``verb``) was the undo of an import, not somebody's will."""
    return {pk for pk, batch_id in _last_removals(row_type, ids, verb).items() if batch_id is not None}


def deleted_by_hand(row_type: str, gone: Mapping[int, datetime | None], verb: str) -> dict[int, datetime]:
    """Those of the rows whose last removal (``verb``) was somebody's will, not the undo of an import, with when.

    ``gone`` says for each row since when it is away; None where it is not.
    """
    away = {pk: since for pk, since in gone.items() if since is not None}
    last = _last_removals(row_type, list(away), verb)
    return {pk: since for pk, since in away.items() if pk in last and last[pk] is None}


def _last_removals(row_type: str, ids: Sequence[int], verb: str) -> dict[int, int | None]:
    """The batch that last removed each row; None where no batch did."""
    last: dict[int, int | None] = {}
    for part in in_parts(ids):
        events = Event.objects.filter(subject_type=row_type, subject_id__in=part, verb=verb).order_by("pk")
        last.update(events.values_list("subject_id", "batch_id"))
    return last


def stays_deleted(what: str, since: datetime, zone: str) -> str:
    """What a row of a file is told that is about something people deleted: a file does not bring it back."""
    told = _("{what} was deleted by hand on {day:%Y-%m-%d} and stays deleted. It can be restored.")
    return told.format(what=what, day=since.astimezone(ZoneInfo(zone)))


def stays_archived(what: str, since: datetime, zone: str) -> str:
    """As :func:`stays_deleted`, of something people archived."""
    told = _("{what} was archived by hand on {day:%Y-%m-%d} and stays archived. It can be restored.")
    return told.format(what=what, day=since.astimezone(ZoneInfo(zone)))


def still_named(model: type[Model], ids: Sequence[int]) -> set[int]:
    """Those of the rows that a row of any other table refers to, deleted ones aside."""
    found: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel):
            continue
        other = relation.related_model
        if other._meta.auto_created:
            continue  # the table between two nouns: the noun beyond it is asked
        name = relation.field.name
        rows = other._base_manager.all()
        if any(field.name == "deleted_at" for field in other._meta.fields):
            rows = rows.filter(deleted_at=None)
        for part in in_parts(ids):
            found.update(rows.filter(**{f"{name}__in": part}).values_list(name, flat=True).distinct())
    return found
