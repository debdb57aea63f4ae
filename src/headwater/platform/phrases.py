"""Texts that are stored today and read by somebody else tomorrow: which one it is, and what it speaks of.

Each is said in the language, and with the figures, of whoever reads it.
"""

from __future__ import annotations

import json
from typing import Any

from headwater.platform.translated import gettext, grouped

LONGEST_VALUE = 120
_BEGINS = '{"say":'


def phrase(text: str, **values: str | int) -> str:
    """What is stored of a text marked with ``noted``, ``%(name)s`` in it being the values: names, numbers, phrases."""
    short = {name: _short(value) for name, value in values.items()}
    return json.dumps({"say": text, **({"of": short} if short else {})}, ensure_ascii=False, separators=(",", ":"))


def spoken(stored: str) -> str:
    """What was stored, in the language of the moment; words that are no phrase, such as a name, as they are."""
    if not stored.startswith(_BEGINS):
        return stored
    try:
        found = json.loads(stored)
        said, of = str(found["say"]), found.get("of")
        return gettext(said) % {name: _said(value) for name, value in of.items()} if of else gettext(said)
    except (ValueError, KeyError, TypeError, AttributeError):  # somebody's text that only looks like one
        return stored


def _short(value: str | int) -> str | int:
    return value[:LONGEST_VALUE] if isinstance(value, str) and not value.startswith(_BEGINS) else value


def _said(value: Any) -> str:
    return grouped(value) if isinstance(value, int) else spoken(str(value))
