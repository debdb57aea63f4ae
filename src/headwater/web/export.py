"""A list as a file: exactly its rows, its columns and its order, streamed, and noted in the log."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import xlsxwriter
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from headwater.platform.clock import now
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.exports import cell_text, cell_value, exported_columns, heading, local_time, record_export
from headwater.platform.paging import in_order
from headwater.platform.resource import Column, Resource
from headwater.web.http import Request, resource_of
from headwater.web.layout import shown_columns
from headwater.web.liststate import state_of

CHUNK = 2_000
SHEET_ROWS = 1_048_575
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export(request: Request, slug: str, kind: str) -> HttpResponseBase:
    """The list behind this address as CSV or XLSX.

    Raises:
        NotAllowed: the actor may see the rows but not take them out.
    """
    resource = resource_of(slug, request)
    if kind not in ("csv", "xlsx"):
        raise NotFound(_("Lists are exported as CSV or Excel."))
    request.actor.require(resource.verb("export"))
    if request.method == "HEAD":
        return HttpResponse()
    state = state_of(resource, request.GET.dict(), f"/{slug}", request.actor)
    columns = exported_columns(resource, [column.key for column in shown_columns(state)])
    rows = in_order(state.rows(request), resource, sort=state.order)
    count = rows.order_by().count()
    if kind == "xlsx" and count > SHEET_ROWS:
        raise Conflict(
            _("A sheet holds at most %(rows)s rows. Narrow the list, or take it as CSV.") % {"rows": f"{SHEET_ROWS:,}"}
        )
    moment = now()
    record_export(
        resource=resource,
        rows=count,
        format=kind,
        columns=columns,
        conditions=urlencode({**state.conditions, **({"q": state.search} if state.search else {})}),
        by=request.actor,
        at=moment,
    )
    name = f"{resource.slug}-{timezone.localtime(moment):%Y-%m-%d}.{kind}"
    if kind == "xlsx":
        book = _sheet(resource, columns, rows.iterator(chunk_size=CHUNK), request.company.zone)
        return FileResponse(book, as_attachment=True, filename=name, content_type=XLSX)
    lines = csv_lines(columns, rows.iterator(chunk_size=CHUNK), request.company.zone)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_lines(columns: list[Column], rows: Iterable[Any], zone: ZoneInfo) -> Iterator[str]:
    """The lines of a CSV file, with the mark by which spreadsheets know UTF-8. Moments are on the clock of ``zone``."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([heading(column) for column in columns])
    for row in rows:
        yield writer.writerow([cell_text(cell_value(column, row), zone) for column in columns])


def _sheet(resource: Resource, columns: list[Column], rows: Iterable[Any], zone: ZoneInfo) -> Any:
    """A workbook in a temporary file, written row by row. Text stays text: no cell is ever a formula."""
    kept = tempfile.TemporaryFile()  # noqa: SIM115  (the answer closes it)
    book = xlsxwriter.Workbook(kept, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(resource.label_plural[:31])
    bold = book.add_format({"bold": True})
    moments = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for at, column in enumerate(columns):
        sheet.write_string(0, at, heading(column), bold)
    sheet.freeze_panes(1, 0)
    for line, row in enumerate(rows, start=1):
        for at, column in enumerate(columns):
            value = cell_value(column, row)
            if isinstance(value, datetime):
                sheet.write_datetime(line, at, local_time(value, zone), moments)
            elif isinstance(value, date):
                sheet.write_datetime(line, at, value)
            elif isinstance(value, (int, float, Decimal)):
                sheet.write_number(line, at, value)
            elif value is not None:
                sheet.write_string(line, at, str(value)[:32_767])
    book.close()
    kept.seek(0)
    return kept


class _Echo:
    """A file that hands back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line
