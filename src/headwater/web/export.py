"""A list as a file: exactly its rows, its columns and its order, streamed, and noted in the log."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.exports import exported_columns, record_export, shown_values
from headwater.platform.files_out import CSV, FORMATS, FileFormat, csv_blocks
from headwater.platform.language import in_this_language
from headwater.platform.paging import in_order
from headwater.platform.resource import Column, Resource, Rows
from headwater.web.http import Request, resource_of
from headwater.web.layout import shown_columns
from headwater.web.liststate import ListState, state_for_all
from headwater.web.notation import counted, reading_zone


def export(request: Request, slug: str, kind: str) -> HttpResponseBase:
    """The list or board behind this address as a file of one of the formats.

    Raises:
        NotAllowed: the actor may see the rows but not take them out.
        Conflict: a column the list is narrowed by is gone since.
    """
    resource = resource_of(slug, request)
    format = format_of(kind)
    request.actor.require(resource.verb("export"))
    if request.method == "HEAD":
        return HttpResponse()
    state = state_for_all(resource, request.GET.dict(), request.actor)
    return sent(
        resource,
        exported_columns(resource, [column.key for column in shown_columns(state)]),
        in_order(state.rows(request), resource, sort=state.order),
        format,
        conditions={**state.conditions, **_told_besides(state)},
        by=request.actor,
        zone=reading_zone(),
    )


def _told_besides(state: ListState) -> dict[str, str]:
    """What narrows it and is no condition: the words of its search, a board's own filters."""
    return {key: text for key, text in {**state.besides, "q": state.search}.items() if text}


def format_of(key: str) -> FileFormat:
    """The format of that name.

    Raises:
        NotFound: there is none.
    """
    if key not in FORMATS:
        labels = ", ".join(format.label for format in FORMATS.values())
        raise NotFound(_("Lists are exported as one of %(formats)s.") % {"formats": labels})
    return FORMATS[key]


def sent(
    resource: Resource,
    columns: list[Column],
    rows: Rows,
    format: FileFormat,
    *,
    conditions: Mapping[str, str],
    by: Actor,
    zone: ZoneInfo,
) -> HttpResponseBase:
    """Rows on their way out as a file, noted in the log before the first one leaves.

    Raises:
        NotAllowed: the actor may not take them out.
        Conflict: there are more rows than such a file holds.
    """
    count = rows.order_by().count()
    if format.most_rows is not None and count > format.most_rows:
        raise Conflict(
            _("A sheet holds at most %(rows)s rows. Narrow the list, or take it as CSV.")
            % {"rows": counted(format.most_rows)}
        )
    moment = now()
    record_export(
        resource=resource,
        rows=count,
        format=format.key,
        columns=columns,
        conditions=urlencode(conditions),
        by=by,
        at=moment,
    )
    name = f"{resource.slug}-{timezone.localtime(moment):%Y-%m-%d}.{format.key}"
    portions = shown_values(rows, columns)
    if format is CSV:  # needs no file in between: its first line leaves at once
        lines = StreamingHttpResponse(
            in_this_language(csv_blocks(columns, portions, zone)), content_type=format.media_type
        )
        lines["Content-Disposition"] = f'attachment; filename="{name}"'
        return lines
    kept = tempfile.TemporaryFile()  # noqa: SIM115  (the answer closes it)
    format.write(kept, resource, columns, portions, zone)
    kept.seek(0)
    return FileResponse(kept, as_attachment=True, filename=name, content_type=format.media_type)
