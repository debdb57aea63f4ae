"""The column that tells which import a row came with, for the lists of every noun that files become."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.intake.queries import batch_choices
from headwater.platform.resource import Column, Kind


def _named(row: Any) -> str | None:
    return None if row.batch_id is None else _("Import {batch_id}").format(batch_id=row.batch_id)


BATCH = Column(
    "batch", lazy("Import"), Kind.RELATION, path="batch_id", choices=batch_choices, value=_named, shown=False,
    exported=False,
    chip=False,
)  # fmt: skip
