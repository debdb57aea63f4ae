"""Texts that are stored today and read by somebody else tomorrow: which one it is, and what it speaks of.

Each is said in the language, and with the figures, of whoever reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from headwater.platform.translated import Wording, gettext, grouped

LONGEST_VALUE = 120
_BEGINS = '{"say":'
_BRACES = re.compile(r"\{(\w+)[^{}]*\}")


def phrase(text: str, /, **values: str | int) -> str:
    """What is stored of a text marked with ``noted``, ``%(name)s`` in it being the values: names, numbers, phrases."""
    short = {name: _short(value) for name, value in values.items()}
    return json.dumps({"say": text, **({"of": short} if short else {})}, ensure_ascii=False, separators=(",", ":"))


def stored(text: str) -> str:
    """What is stored of a text that was said, such as why a row was refused; a name or plain words as they are."""
    if not isinstance(text, Wording):
        return text
    return phrase(text.english, **{name: stored(value) for name, value in text.of.items()})


def spoken(stored: str) -> str:
    """What was stored, in the language of the moment; words that are no phrase, such as a name, as they are."""
    if not stored.startswith(_BEGINS):
        return stored
    try:
        found = json.loads(stored)
        said, of = str(found["say"]), found.get("of")
        return _filled(gettext(said), {name: _said(value) for name, value in of.items()}) if of else gettext(said)
    except (ValueError, KeyError, TypeError, AttributeError):  # somebody's text that only looks like one
        return stored


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values, whichever of the two ways it names them; no code that a value could reach is run."""
    return text % values if "%(" in text else _BRACES.sub(lambda found: values[found[1]], text)


def _short(value: str | int) -> str | int:
    return value[:LONGEST_VALUE] if isinstance(value, str) and not value.startswith(_BEGINS) else value


def _said(value: Any) -> str:
    return grouped(value) if isinstance(value, int) else spoken(str(value))
