"""Putting files with records, taking them off, and letting go of what was deleted long ago."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.events import record, record_many
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.platform.translated import gettext
from headwater.platform.undo import is_own, undoes
from headwater.team.actions import file_store
from headwater.team.models import StoredFile
from headwater.team.queries.files import THUMBNAIL, WRITE, content_of, folder, may_delete
from headwater.team.queries.records import Record, the_record
from headwater.team.record_events import FileAdded, FileDeleted, FilePurged, FileRestored

MOST_AT_ONCE = 20
KEPT_AFTER_DELETING = timedelta(days=30)
PURGED_AT_ONCE = 500


@dataclass(frozen=True)
class Upload:
    """A file that somebody sends: what they call it, and its content in pieces."""

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Attached:
    """What became of some uploads: those that lie with the record now, and why others do not."""

    files: list[StoredFile]
    refused: list[str]


def attach_files(*, noun: str, row_id: int, uploads: Sequence[Upload], by: Actor, at: datetime) -> Attached:
    """Put files with a record; one that is empty or too large is left out with the reason, the others are kept.

    The contents are written before the database is asked to wait for anything.

    Raises:
        NotFound: there is no such record, or the actor may not see it.
        NotAllowed: the actor may only read.
        Invalid: no file was sent, or too many at once.
        NotStored: the data folder took none of them.
    """
    _writable(noun, row_id, by)
    if not uploads or len(uploads) > MOST_AT_ONCE:
        raise Invalid(
            {"files": [gettext("Choose between 1 and {most_at_once} files.").format(most_at_once=MOST_AT_ONCE)]}
        )
    kept: list[tuple[str, file_store.Kept, bool]] = []
    refused: list[str] = []
    try:
        for upload in uploads:
            name = file_store.clean_name(upload.name)
            try:
                content = file_store.keep(upload.chunks, name=name, limit=settings.FILE_LIMIT)
            except Invalid as refusal:
                refused += refusal.fields["files"]
                continue
            kept.append((name, content, False))
            kept[-1] = (name, content, file_store.draw_thumbnail(content))
        files = record_files(noun=noun, row_id=row_id, kept=kept, by=by, at=at) if kept else []
    except BaseException:
        for _, content, _has_thumbnail in kept:
            file_store.discard(content.path)
        raise
    return Attached(files, refused)


@action
def record_files(
    *, noun: str, row_id: int, kept: Sequence[tuple[str, file_store.Kept, bool]], by: Actor, at: datetime
) -> list[StoredFile]:
    """Note the files whose contents lie in the data folder with their record.

    Raises:
        NotFound: the record went out of sight meanwhile.
    """
    about = _writable(noun, row_id, by)
    files = [
        StoredFile.objects.create(
            noun=noun, row_id=about.row.pk, name=name, media_type=content.media_type, is_odd=content.is_odd,
            size=content.size, sha256=content.sha256, key=content.key, has_thumbnail=has_thumbnail,
            added_by_id=by.user_id or 0, added_at=at,
        )
        for name, content, has_thumbnail in kept
    ]  # fmt: skip
    facts = [
        FileAdded(
            **about.about(), file_id=file.pk, name=file.name, media_type=file.media_type, size=file.size,
            sha256=file.sha256,
        )
        for file in files
    ]  # fmt: skip
    record_many(facts, by=by, at=[at] * len(facts))
    return files


@action
def delete_file(*, file_id: int, by: Actor, at: datetime) -> StoredFile:
    """Take a file off its record. Its content stays for a while, so that undo can bring it back.

    Raises:
        NotFound: there is no such file, or the actor may not see its record.
        NotAllowed: somebody else put it there, and the actor may not delete those.
    """
    file = StoredFile.objects.select_for_update().filter(pk=file_id, deleted_at=None).first()
    if file is None:
        raise NotFound()
    about = the_record(by, file.noun, file.row_id)
    if not may_delete(by, file):
        raise NotAllowed()
    file.deleted_at = at
    file.save(update_fields=["deleted_at"])
    record(FileDeleted(**about.about(), file_id=file.pk), by=by, at=at)
    return file


@action
def purge_files(*, by: Actor, at: datetime) -> int:
    """Let go of the contents of files that were deleted long ago; how many."""
    by.require("team.file.purge")
    old = StoredFile.objects.select_for_update().filter(deleted_at__lt=at - KEPT_AFTER_DELETING, purged_at=None)
    files = list(old.order_by("pk")[:PURGED_AT_ONCE])
    for file in files:
        file.purged_at = at
        file.save(update_fields=["purged_at"])
    facts = [FilePurged(row_type=file.noun, row_id=file.row_id, file_id=file.pk) for file in files]
    record_many(facts, by=by, at=[at] * len(facts))
    for file in files:
        file_store.discard(content_of(file))
    return len(files)


def sweep_contents(*, at: datetime) -> int:
    """Remove contents that no file knows of, such as those of an upload that was cut off; how many."""
    removed, before = 0, (at - timedelta(days=1)).timestamp()
    for path in folder().glob("??/*"):
        key = path.name.removesuffix(THUMBNAIL).removesuffix(".part")
        if path.stat().st_mtime < before and not StoredFile.objects.filter(key=key).exists():
            path.unlink(missing_ok=True)
            removed += 1
    return removed


@undoes(FileAdded)
@action
def take_back_file(fact: FileAdded, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of putting a file there."""
    delete_file(file_id=fact.file_id, by=by, at=at)


@undoes(FileRestored)
@action
def take_back_restoring_file(fact: FileRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of bringing a file back."""
    delete_file(file_id=fact.file_id, by=by, at=at)


@undoes(FileDeleted)
@action
def restore_file(fact: FileDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of deleting: the file is with its record again, as long as its content is there."""
    about = the_record(by, fact.row_type, fact.row_id)
    file = StoredFile.objects.select_for_update().filter(pk=fact.file_id).first()
    if file is None or file.deleted_at is None:
        raise NotUndoable(reason=gettext("the file is there"))
    if not (may_delete(by, file) and (is_own(event, by) or file.added_by_id != by.user_id)):
        raise NotAllowed()
    if file.purged_at is not None or not content_of(file).is_file():
        raise NotUndoable(reason=gettext("its content is gone for good"))
    file.deleted_at = None
    file.save(update_fields=["deleted_at"])
    record(FileRestored(**about.about(), file_id=file.pk), by=by, at=at)


def _writable(noun: str, row_id: int, by: Actor) -> Record:
    about = the_record(by, noun, row_id)
    by.require(WRITE)
    if by.user_id is None or noun not in REGISTRY:
        raise NotAllowed()
    return about
