"""The report as CSV or XLSX: the numbers of the JSON, one row a line; text is made harmless for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import xlsxwriter

from headwater.measure.queries import SourcesReport
from headwater.measure.schema import Json, sources_json
from headwater.platform.exports import cell_text

# Column of the file, and where its value stands in the JSON of a row.
COLUMNS: Final = {
    "source": "label", "unknown": "unknown", "channel": "channel", "spend": "spend", "leads": "leads", "mql": "mql",
    "sql": "sql", "won": "won", "orders": "orders",
    "orders_other_currency": "orders_other_currency", "revenue": "revenue", "margin": "margin",
    "conversion": "conversion.share", "conversion_low": "conversion.low", "conversion_high": "conversion.high",
    "conversion_by_age": "conversion_by_age.share", "conversion_by_age_low": "conversion_by_age.low",
    "conversion_by_age_high": "conversion_by_age.high", "conversion_by_age_days": "conversion_by_age.days",
    "average_sale": "average_sale", "days_to_win_median": "days_to_win.median", "days_to_win_mean": "days_to_win.mean",
    "cost_per_lead": "cost_per_lead", "cost_per_customer": "cost_per_customer.value",
    "cost_per_customer_low": "cost_per_customer.low", "cost_per_customer_high": "cost_per_customer.high",
    "return": "return.value", "return_low": "return.low", "return_high": "return.high", "too_few": "too_few",
    "currency": "currency",
}  # fmt: skip


XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COUNTS: Final = ("leads", "mql", "sql", "won", "orders", "orders_other_currency")
_SHAPES: Final = {"count": "#,##0", "share": "0.0%", "amount": "#,##0.00"}


def csv_lines(report: SourcesReport) -> Iterator[str]:
    """The lines of the file, its head first and the total last, with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Echo())
    found = sources_json(report)
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in _rows(found):
        yield writer.writerow([cell_text(value) if isinstance(value, str) else value for value in row])


def workbook(report: SourcesReport) -> bytes:
    """The same rows as a spreadsheet: numbers are numbers, text stays text, the head stays in sight."""
    kept = BytesIO()
    book = xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet("Report")
    bold = book.add_format({"bold": True})
    formats = {name: book.add_format({"num_format": shape}) for name, shape in _SHAPES.items()}
    page.freeze_panes(1, 1)
    page.set_column(0, 0, 30)
    page.set_column(1, len(COLUMNS) - 1, 13)
    page.write_row(0, 0, [name.replace("_", " ") for name in COLUMNS], bold)
    for number, row in enumerate(_rows(sources_json(report)), 1):
        for place, (column, value) in enumerate(zip(COLUMNS, row, strict=True)):
            if isinstance(value, str):
                page.write_string(number, place, value)
            elif value is not None:
                page.write_number(number, place, value, formats[_shape(column)])
    page.autofilter(0, 0, len(report.rows), len(COLUMNS) - 1)  # without the total
    book.close()
    return kept.getvalue()


def _shape(column: str) -> str:
    if column.endswith("_days") or column in _COUNTS:
        return "count"
    return "share" if column.startswith(("conversion", "return")) else "amount"


def _rows(found: Json) -> Iterator[list[Any]]:
    """The cells of each row in the order of the columns; what is not known is empty."""
    for row in (*found["rows"], found["total"]):
        values = {**row, "currency": found["currency"]}
        yield [_value(values, path) for path in COLUMNS.values()]


def _value(row: Json, path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value[part]
    return ("yes" if value else "no") if isinstance(value, bool) else value


class _Echo:
    """A file that hands back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line
