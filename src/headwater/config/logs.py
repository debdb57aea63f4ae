"""What is written to the log: one line for each request and event, with nothing in it that is somebody's.

Lines name addresses by their pattern, people by their number, and exceptions by their kind and place: what was typed,
searched for or looked at is in none of them, so they may be kept and handed on.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import structlog

JSON, CONSOLE = "json", "console"
FRAMES = 20
_VALUE = re.compile(r"%(\(\w+\))?[-#0 +]*[\d.*]*[a-zA-Z]")


def configure(style: str) -> dict[str, Any]:
    """Django's ``LOGGING`` for a style, and structlog to go with it; without one, lines for people on what is wrong."""
    level = "INFO" if style else "WARNING"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    last = structlog.processors.JSONRenderer() if style == JSON else structlog.dev.ConsoleRenderer(colors=False)
    formatters = {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "use_get_message": False,  # what libraries log is told without what they put into it, such as whose page
            "foreign_pre_chain": [*shared, _named],
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _place_of_exception, last],
        }
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": formatters,
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "headwater": {"level": level},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }


def _named(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a library logs, by what happened; its own words may be nothing but places for values ("%s: %s")."""
    record: logging.LogRecord = line["_record"]
    line["logger"] = record.name
    status = getattr(record, "status_code", None)  # Django's, beside the text of an exception as its words
    if status is not None:
        line["event"], line["status"] = HTTPStatus(status).name.lower(), status
        return line
    words = _VALUE.sub("…", record.msg) if isinstance(record.msg, str) else ""  # an error says what was typed
    line["event"] = words if any(map(str.isalpha, words)) else record.name
    return line


def _place_of_exception(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Its kind and where it happened; neither its text nor any value, which may be a customer's."""
    told = line.pop("exc_info", None)
    if told is True:  # "the one that is being handled", as structlog's own loggers say
        told = sys.exc_info()
    error = told if isinstance(told, BaseException) else told[1] if isinstance(told, tuple) else None
    if error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        line["exception"] = f"{type(error).__module__}.{type(error).__qualname__}"
        line["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return line
