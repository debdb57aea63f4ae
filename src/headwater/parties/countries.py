"""Which country a text means: its code, or its name in one of the languages files come in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from babel import Locale
from phonenumbers import SUPPORTED_REGIONS

_LANGUAGES = ("en", "de", "es", "fr", "nl", "pt", "it")
_ALSO = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
    "usa": "US", "u s a": "US", "u s": "US", "america": "US", "holland": "NL", "czech republic": "CZ",
}  # fmt: skip
_NO_LETTERS = re.compile(r"[\W_]+")


@lru_cache(maxsize=4_096)
def region_of(country: str) -> str:
    """The ISO code of the country that "DE", "Deutschland" or "Germany" means; empty where it is none we know."""
    words = _folded(country)
    if words in _ALSO:
        return _ALSO[words]
    if len(words) == 2 and words.upper() in SUPPORTED_REGIONS:
        return words.upper()
    return next((found for language in _LANGUAGES if words and (found := _names(language).get(words))), "")


@cache
def _names(language: str) -> Mapping[str, str]:
    territories = Locale.parse(language).territories
    return {_folded(str(name)): code for code, name in territories.items() if code in SUPPORTED_REGIONS}


def _folded(text: str) -> str:
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return _NO_LETTERS.sub(" ", plain).strip().casefold().removeprefix("the ")
