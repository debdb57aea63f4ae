"""The report as a CSV file: the numbers of the JSON, one row a line; text is made harmless for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, Final

from headwater.measure.queries import SourcesReport
from headwater.measure.schema import Json, sources_json
from headwater.platform.exports import cell_text

# Column of the file, and where its value stands in the JSON of a row.
COLUMNS: Final = {
    "source": "label", "unknown": "unknown", "channel": "channel", "spend": "spend", "leads": "leads", "mql": "mql",
    "sql": "sql", "won": "won", "orders": "orders", "revenue": "revenue", "margin": "margin",
    "conversion": "conversion.share", "conversion_low": "conversion.low", "conversion_high": "conversion.high",
    "conversion_by_age": "conversion_by_age.share", "conversion_by_age_low": "conversion_by_age.low",
    "conversion_by_age_high": "conversion_by_age.high", "conversion_by_age_days": "conversion_by_age.days",
    "average_sale": "average_sale", "days_to_win_median": "days_to_win.median", "days_to_win_mean": "days_to_win.mean",
    "cost_per_lead": "cost_per_lead", "cost_per_customer": "cost_per_customer.value",
    "cost_per_customer_low": "cost_per_customer.low", "cost_per_customer_high": "cost_per_customer.high",
    "return": "return.value", "return_low": "return.low", "return_high": "return.high", "too_few": "too_few",
    "currency": "currency",
}  # fmt: skip


def csv_lines(report: SourcesReport) -> Iterator[str]:
    """The lines of the file, its head first and the total last, with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Echo())
    found = sources_json(report)
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in (*found["rows"], found["total"]):
        values = {**row, "currency": found["currency"]}
        yield writer.writerow([_cell(values, path) for path in COLUMNS.values()])


def _cell(row: Json, path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value[part]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return cell_text(value) if isinstance(value, str) else value


class _Echo:
    """A file that hands back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line
