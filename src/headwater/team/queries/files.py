"""Reads about the files that lie with records, and where their content is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.among import VALUES
from headwater.platform.errors import NotFound
from headwater.platform.models import Event
from headwater.platform.written import TEXT, Given, written
from headwater.team.models import StoredFile
from headwater.team.queries.records import Record, visible_records

WRITE = "team.file.create"
DELETE_ANY = "team.file.delete"
THUMBNAIL = ".thumb"


@dataclass(frozen=True)
class Shown:
    """A file as its record lists it."""

    file: StoredFile
    may_delete: bool


def files_of(record: Record) -> QuerySet[StoredFile]:
    """The files with a record, the newest first."""
    rows = StoredFile.objects.filter(noun=record.resource.key, row_id__in=record.ids, deleted_at=None)
    return rows.select_related("added_by").order_by("-added_at", "-pk")


def shown_files(actor: Actor, record: Record) -> list[Shown]:
    """The files with a record, and what the reader may do with each."""
    found = _files_of(noun=record.resource.key, ids=record.ids)
    return [Shown(file, may_delete(actor, file)) for file in found]


@written
def _files_of() -> QuerySet[StoredFile]:
    rows = StoredFile.objects.filter(noun=Given("noun", TEXT), row_id__among=Given("ids", VALUES), deleted_at=None)
    return rows.select_related("added_by").order_by("-added_at", "-pk")


def may_add(actor: Actor) -> bool:
    """Whether somebody who may see a record may put files with it."""
    return actor.user_id is not None and actor.may(WRITE)


def may_delete(actor: Actor, file: StoredFile) -> bool:
    """What one has put there, or with the right to anybody's."""
    return (may_add(actor) and file.added_by_id == actor.user_id) or actor.may(DELETE_ANY)


def folder() -> Path:
    """Where the contents lie: in the data folder, which no address leads to."""
    return Path(settings.HOME.files) / "records"


def content_of(file: StoredFile) -> Path:
    """Where the content of a file lies. The name people know it by has no part in it."""
    return folder() / file.key[:2] / file.key


def stored_content(file: StoredFile) -> Path:
    """Where the content of a file lies, which must be there.

    Raises:
        NotFound: it is not in the data folder, such as after a restore without files.
    """
    path = content_of(file)
    if not path.is_file():
        raise NotFound(_("The content of this file is missing from the data folder."))
    return path


def thumbnail_of(file: StoredFile) -> Path:
    """Where the small picture of an image lies."""
    return content_of(file).with_name(file.key + THUMBNAIL)


def names_on_journey(actor: Actor, events: Sequence[Event]) -> dict[int, str]:
    """What the files among some events are called, for a reader who may see what they are with; by event."""
    ids = {event.pk: int(event.data["file_id"]) for event in events if event.verb == "team.file_added"}
    if not ids:
        return {}
    files = {file.pk: file for file in StoredFile.objects.filter(pk__in=set(ids.values()), deleted_at=None)}
    seen = visible_records(actor, (file.subject for file in files.values()))
    return {event: files[pk].name for event, pk in ids.items() if pk in files and files[pk].subject in seen}
