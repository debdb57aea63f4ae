"""What needs no database: words with placeholders, when a mail is tried again, which addresses can be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

PATIENCE: Final = timedelta(days=1)  # a mail that nobody took for so long is given up
INVITATION_LASTS: Final = timedelta(days=3)
RESET_LASTS: Final = timedelta(hours=1)
KEPT_DAYS: Final = 30  # how long the list of mails is kept
LONGEST_SUBJECT, LONGEST_TEXT = 200, 5_000

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_BROKEN: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def pause_after(attempts: int) -> timedelta:
    """How long to wait before the next attempt: half a minute, then ever longer, an hour at most."""
    return min(timedelta(seconds=30 << min(attempts - 1, 7)), timedelta(hours=1))


def filled(words: str, values: Mapping[str, str]) -> str:
    """Words with their placeholders replaced, once: what a value says is never read as a placeholder."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), words)


def unknown_placeholders(words: str, known: Mapping[str, object]) -> list[str]:
    """The placeholders that mean nothing."""
    return [name for name in dict.fromkeys(_PLACEHOLDER.findall(words)) if name not in known]


def one_line(text: str) -> str:
    """A text as a header of a mail can hold it: on one line, so that nobody smuggles in another header."""
    return " ".join(_BROKEN.sub(" ", text).split())


def base_address(text: str) -> str | None:
    """Where people open Headwater, without a slash at the end; None when it is no such address."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    fits = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    extra = parts.username or parts.password or parts.query or parts.fragment or parts.path
    is_clean = text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\")
    return text if fits and not extra and is_clean else None


# ---------------------------------------------------------------- what people are told

OLD_NEWS: Final = timedelta(days=3)  # what happened longer ago (a file with a history) is no news
NEWS_KEPT_DAYS: Final = 90  # what was read
MOST_SHOWN: Final = 99

# How people are told until they say otherwise: at once of what somebody waits for, at the bell of the rest.
WAYS: Final[dict[str, str]] = {
    "MENTION": "MAIL", "HANDED_OVER": "MAIL", "WEBHOOK": "MAIL", "ASSIGNED": "DIGEST", "SENT_BACK": "DIGEST",
    "ANSWER_DUE": "DIGEST", "TODO_DUE": "DIGEST", "COMMENT": "DIGEST", "CHANGE": "BELL", "WORK": "BELL",
    "TOKEN": "BELL",
    "SHARED": "BELL",
}  # fmt: skip
