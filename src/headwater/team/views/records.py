"""The record that an address is about, whatever its noun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.team.queries.records import Record
from headwater.web.http import resource_of, row_of

if TYPE_CHECKING:
    from headwater.team.middleware import Request


def record_of(request: Request, slug: str, pk: int) -> Record:
    """The record, as far as the actor sees it.

    Raises:
        NotFound: there is no such noun or record, or the actor does not see it.
        Moved: it became part of another one.
    """
    resource = resource_of(slug, request)
    return Record(resource, row_of(resource, request, pk, is_bare=True))
