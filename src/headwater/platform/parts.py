"""Rows with what they point at, of which only what is shown is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import QuerySet

_Rows = TypeVar("_Rows", bound=QuerySet[Any])


def with_parts(rows: _Rows, **parts: Sequence[str]) -> _Rows:
    """The rows whole, together with the rows they point at, each with the named fields alone.

    Writing a query for all columns of eight tables, and making rows of its answer, takes ten times as long as running
    it. Whatever else somebody asks of a part costs a query of its own, which the budgets of lists would show.
    """
    own = [field.name for field in rows.model._meta.concrete_fields]
    named = [f"{part}__{name}" for part, names in parts.items() for name in names]
    return rows.select_related(*parts).only(*own, *named)
