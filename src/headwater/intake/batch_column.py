"""The column that tells which import a row came with, for the lists of every noun that files become."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.intake.queries import batch_choices
from headwater.platform.resource import Column, Kind


def _named(batch_id: int | None) -> str | None:
    return None if batch_id is None else _("Import {batch_id}").format(batch_id=batch_id)


BATCH = Column(
    "batch", lazy("Import"), Kind.RELATION, path="batch_id", choices=batch_choices, made=_named, shown=False,
    exported=False,
    chip=False,
)  # fmt: skip
