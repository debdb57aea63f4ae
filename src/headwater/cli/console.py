"""What commands print: JSON for scripts, aligned text for people, progress on the side."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=plain))


def plain(value: Any) -> Any:
    """Dates as ISO 8601 text; exact amounts as numbers."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def print_pairs(pairs: Mapping[str, Any]) -> None:
    """Names and values under each other; what is empty is left out."""
    shown = {name: value for name, value in pairs.items() if value not in (None, "")}
    width = max((len(name) for name in shown), default=0)
    for name, value in shown.items():
        print(f"{name:<{width}}  {value}")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A table with the columns named, figures to the right."""
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(column), *(len(line[i]) for line in cells), 0) for i, column in enumerate(columns)]
    figures = [all(_is_figure(row.get(column)) for row in rows) for column in columns]
    for line in [list(columns), *cells]:
        print(
            "  ".join(
                text.rjust(width) if figure else text.ljust(width)
                for text, width, figure in zip(line, widths, figures, strict=True)
            ).rstrip()
        )


def cell(value: Any) -> str:
    """A value as it stands in a table; unknown is a dash."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:,.2f}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_figure(value: Any) -> bool:
    return value is None or isinstance(value, (int, float, Decimal))


class Progress:
    """How far a long command is, on standard error: one line that renews itself, or a line now and then in a log."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._terminal = sys.stderr.isatty()
        self._shown_at = 0.0
        self._text = self._message = ""

    def __call__(self, done: int, total: int | None = None, message: str = "") -> None:
        """Say how far it is; calls that come too fast are not shown."""
        moment = time.monotonic()
        is_news = message != self._message or (total is not None and done >= total)
        if moment - self._shown_at < (0.1 if self._terminal else 5) and not is_news:
            return
        self._message = message
        self._shown_at = moment
        of = f" of {total:,}" if total else ""
        text = f"{self._what}: {done:,}{of}{' · ' + message if message else ''}"
        if text == self._text:
            return
        self._text = text
        print(f"\r\x1b[K{text}" if self._terminal else text, end="" if self._terminal else "\n", file=sys.stderr)
        sys.stderr.flush()

    def close(self) -> None:
        """Leave the line, so that what follows begins on its own."""
        if self._terminal and self._text:
            print(file=sys.stderr)


class Share:
    """How much of a command is done, on a terminal only: a line that renews itself, and goes when all is done."""

    def __init__(self, what: str) -> None:
        self._what, self._shown = what, ""
        self._terminal = sys.stderr.isatty()
        self._show(f"{what} …")

    def __call__(self, done: int, total: int) -> None:
        """Say how far it is; the same share is said once."""
        self._show(f"{self._what}: {100 * done // (total or 1)} %")

    def close(self) -> None:
        """Take the line away."""
        self._show("")

    def _show(self, text: str) -> None:
        if self._terminal and text != self._shown:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._shown = text
