"""Writes for sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from headwater.acquire.events import SourceAdded, SourceArchived, SourceRestored
from headwater.acquire.models import Channel, Source
from headwater.acquire.rules import LONGEST_NAME, fold_name, guess_channel
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import gone_by_undo
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import Changed, record, record_bulk
from headwater.platform.shelf import Shelf
from headwater.platform.translated import gettext, gettext_lazy
from headwater.platform.turns import take_turns
from headwater.platform.undo import undoes, undoes_changes_of

if TYPE_CHECKING:
    from headwater.platform.models import Event

ROW = "acquire.source"
SHELF = Shelf(
    ROW, Source, "archived_at", "acquire.source.delete",
    gone=lambda source: SourceArchived(source_id=source.pk, name=source.name),
    back=lambda source: SourceRestored(source_id=source.pk, name=source.name),
)  # fmt: skip


class SourceExists(Conflict):
    """Another source has this name already."""

    code: ClassVar[str] = "source_exists"
    message = gettext_lazy("There is a source “{name}” already.")


@action
def add_source(*, name: str, channel: str, by: Actor, at: datetime, note: str = "") -> Source:
    """Name a new way in, inside a channel.

    Raises:
        NotAllowed: the actor may not add sources.
        Invalid: no name, or a channel that does not exist.
        SourceExists: a source of this name is known; one that was archived can be restored.
    """
    by.require("acquire.source.create")
    name = _checked_name(name)
    _check_channel(channel)
    _check_free(name)
    source = Source.objects.create(
        name=name, name_key=fold_name(name), channel=channel, note=note.strip(), created_at=at, batch_id=by.batch_id
    )
    record(SourceAdded(source_id=source.pk, name=name, channel=channel), by=by, at=at)
    return source


@action
def change_source(
    *,
    source_id: int,
    by: Actor,
    at: datetime,
    name: str | None = None,
    channel: str | None = None,
    note: str | None = None,
) -> Source:
    """Correct a source's name, channel or note; what came from it follows.

    Raises:
        NotAllowed: the actor may not change sources.
        SourceExists: another source has the new name.
    """
    by.require("acquire.source.change")
    source = _locked(source_id)
    values: dict[str, object] = {}
    if name is not None and name != source.name:
        name = _checked_name(name)
        _check_free(name, except_id=source.pk)
        values.update(name=name, name_key=fold_name(name))
    if channel is not None:
        _check_channel(channel)
        values["channel"] = channel
    if note is not None:
        values["note"] = note.strip()
    change_row(source, values, row_type=ROW, by=by, at=at)
    return source


@action
def archive_source(*, source_id: int, by: Actor, at: datetime) -> Source:
    """Stop offering a source for new records; what came from it keeps it."""
    return SHELF.put_away(pk=source_id, by=by, at=at)


@action
def restore_source(*, source_id: int, by: Actor, at: datetime) -> Source:
    """Offer an archived source again."""
    return SHELF.bring_back(pk=source_id, by=by, at=at)


@action
def ensure_sources(names: Mapping[str, str], *, by: Actor, at: datetime) -> dict[str, int]:
    """The ids of the sources that a file names; those not known yet are added. Few queries however many names.

    ``names`` maps each name to its channel, or to nothing: then the channel is guessed from the name.

    Raises:
        NotAllowed: a source has to be added and the actor may not.
    """
    keys = {name: fold_name(name) for name in names if name.strip()}
    take_turns(ROW, keys.values())
    known = list(Source.objects.filter(name_key__in=set(keys.values())).values_list("name_key", "pk", "archived_at"))
    found = {key: pk for key, pk, _ in known}
    _use_again([pk for _, pk, archived_at in known if archived_at is not None], by=by, at=at)
    missing: dict[str, tuple[str, str]] = {}
    for name, key in keys.items():
        if key not in found:
            missing.setdefault(key, (name.strip()[:LONGEST_NAME], names[name] or guess_channel(name)))
    if missing:
        by.require("acquire.source.create")
        ids = reserve_ids(Source, len(missing))
        found.update(zip(missing, ids, strict=True))
        insert_rows(
            Source,
            ("id", "name", "name_key", "channel", "note", "created_at", "extra", "batch_id"),
            [(found[key], name, key, channel, "", at, {}, by.batch_id) for key, (name, channel) in missing.items()],
        )
        facts = [SourceAdded(source_id=found[k], name=n, channel=c) for k, (n, c) in missing.items()]
        record_bulk(facts, by=by, at=[at] * len(facts))
    return {name: found[key] for name, key in keys.items()}


def _use_again(archived: Sequence[int], *, by: Actor, at: datetime) -> None:
    """Sources that only the undo of an earlier import had put away are in use again; what people archived stays."""
    for pk in sorted(gone_by_undo(ROW, archived, SourceArchived.verb)):
        restore_source(source_id=pk, by=by, at=at)


@undoes(SourceAdded, SourceRestored)
@action
def take_back_source(fact: SourceAdded | SourceRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo an addition by archiving: records may have come from the source meanwhile, and keep it."""
    archive_source(source_id=fact.source_id, by=by, at=at)


@undoes(SourceArchived)
@action
def bring_back_source(fact: SourceArchived, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the archiving of a source."""
    restore_source(source_id=fact.source_id, by=by, at=at)


@undoes_changes_of(ROW)
@action
def undo_source_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give a source its old values back.

    Raises:
        NotUndoable: they changed again since, or its old name is taken.
    """
    by.require("acquire.source.change")
    source = _locked(fact.row_id)
    values = old_values(source, fact)
    take_turns(ROW, [values.get("name_key", "")])
    taken = Source.objects.filter(name_key=values.get("name_key", "")).exclude(pk=source.pk)
    if taken.exists():
        raise NotUndoable(reason=gettext("another source has the old name now"))
    change_row(source, values, row_type=ROW, by=by, at=at)


def _locked(source_id: int) -> Source:
    source = Source.objects.select_for_update().filter(pk=source_id).first()
    if source is None:
        raise NotFound()
    return source


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not fold_name(name):
        raise Invalid({"name": [gettext("Give the source a name.")]})
    if len(name) > LONGEST_NAME:
        raise Invalid(
            {"name": [gettext("A name has at most {longest_name} characters.").format(longest_name=LONGEST_NAME)]}
        )
    return name


def _check_channel(channel: str) -> None:
    if channel not in Channel.values:
        raise Invalid({"channel": [gettext("Choose the channel this source belongs to.")]})


def _check_free(name: str, *, except_id: int = 0) -> None:
    take_turns(ROW, [fold_name(name)])
    if Source.objects.filter(name_key=fold_name(name)).exclude(pk=except_id).exists():
        raise SourceExists(name=name)
