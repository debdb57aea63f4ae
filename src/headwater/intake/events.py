"""The facts intake records: a file came in, an import was taken back."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class FileImported(
    Fact,
    verb="intake.file_imported",
    subject="intake.batch:batch_id",
    sentence=_("Imported {kind}: {created} created, {updated} updated, {rejected} left out"),
    icon="table-import",
):
    """A file was read to its end; the counts say what became of its rows."""

    batch_id: int
    kind: str
    created: int
    updated: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, kw_only=True)
class ImportUndone(
    Fact,
    verb="intake.import_undone",
    subject="intake.batch:batch_id",
    sentence=_("Took an import back: {removed} removed, {restored} restored, {kept} kept"),
    icon="arrow-back-up",
):
    """What an import wrote was taken back, except what people had worked on since."""

    batch_id: int
    removed: int
    restored: int
    kept: int
