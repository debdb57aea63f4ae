"""Cyrillic and Greek names in Latin letters, as texts in English and German and passports write them: "ivanov" and
"iwanow" for "Иванов"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

FOREIGN: Final = "[\u0370-\u03ff\u1f00-\u1fff\u0400-\u04ff]"  # a regular expression on both databases, too

_GREEK: Final = dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True))
_CYRILLIC: Final = {
    **dict(zip("абвгдезиклмнопрстуфыэієґјѓќў", "abvgdeziklmnoprstufyeiegjgku", strict=True)),
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ђ": "dj", "љ": "lj",
    "њ": "nj", "ћ": "c", "џ": "dz", "ѕ": "dz",
}  # fmt: skip
# Who writes "Sergey" and "Yulia" for one name writes "Sergei" and "Iuliia" for another: no one table finds both.
_IN_TEXTS: Final = {"й": "y", "ё": "e", "ю": "yu", "я": "ya", "ї": "yi", "є": "ye"}
_IN_PASSPORTS: Final = {"й": "i", "ё": "e", "ю": "iu", "я": "ia", "ї": "i", "ъ": "a"}
_UKRAINIAN: Final = {**_IN_PASSPORTS, "г": "h", "и": "y", "є": "ie"}
_SOUTHERN: Final = {**_IN_TEXTS, "й": "j", "х": "h", "ц": "c", "щ": "sht", "ъ": "a", "ж": "z", "ч": "c", "ш": "s"}
_GERMAN: Final = {
    **_IN_PASSPORTS, "в": "w", "з": "s", "ё": "jo", "ж": "sch", "х": "ch", "ц": "z", "ч": "tsch", "ш": "sch",
    "щ": "schtsch", "ъ": "", "ю": "ju", "я": "ja", "ї": "ji", "є": "je",
}  # fmt: skip
_WAYS: Final = tuple(
    str.maketrans({**_GREEK, "θ": "th", "χ": "ch", "ψ": "ps", "ς": "s", **_CYRILLIC, **way})
    for way in (_IN_TEXTS, _IN_PASSPORTS, _UKRAINIAN, _SOUTHERN, _GERMAN)
)
_HAS_FOREIGN: Final = re.compile(FOREIGN)
_WORD: Final = re.compile("[a-z]+")
SHORTEST: Final = 3  # letters: shorter ones fit anything
_ACCENTS: Final = re.compile("[\u0300\u0301\u0308\u0313\u0314\u0342\u0345]")
_PAIRS: Final = (
    (re.compile(r"\bμπ"), "b"),
    (re.compile("ου"), "ou"),
    (re.compile("([αε])υ(?=[θκξπσςτφχψ]|\\b)"), r"\1f"),
    (re.compile("([αε])υ"), r"\1v"),
    (re.compile("γ(?=[γξχ])"), "n"),
)
# "Dostoevsky" and "Maria" in texts, not "Dostoevskiy" and "Mariya"
_ENDINGS: Final = ((re.compile(r"(?:ий|ый)\b"), "y"), (re.compile(r"ия\b"), "ia"))
# "Jelzin", "Dostojewski" and "Chruschtschow", not "Elzin", "Dostoewskii" and "Chruschtschjow"
_IN_GERMAN: Final = (
    (re.compile("(?<=[жчшщ])ё"), "o"),
    (re.compile(r"(?:(?<=[аеёиоуыэюяьъ])|\b)е"), "je"),
    (re.compile(r"(?<=[иы])й"), ""),
)


def romanised(text: str) -> list[str]:
    """The words of ``text`` in Latin letters, each in all its ways; none where it has no Cyrillic or Greek letter.

    Words once each, whatever their order: a text is looked through word by word.
    """
    if text.isascii() or not _HAS_FOREIGN.search(text):
        return []
    lower = unicodedata.normalize("NFC", text).lower()
    # Greek accents go, those that make another letter in Cyrillic stay.
    lower = "".join(letter if letter in "йёїўѓќ" else _without_accents(letter) for letter in lower)
    lower = _put(_PAIRS, lower)
    texts = (_put(_ENDINGS, lower), lower, lower, lower, _put(_IN_GERMAN, lower))
    written = " ".join(text.translate(way) for text, way in zip(texts, _WAYS, strict=True))
    return list(dict.fromkeys(word for word in _WORD.findall(written) if len(word) >= SHORTEST))


def _put(pairs: Iterable[tuple[re.Pattern[str], str]], text: str) -> str:
    """``text`` with the letters of each pair where its pattern is."""
    for pattern, letters in pairs:
        text = pattern.sub(letters, text)
    return text


def _without_accents(letter: str) -> str:
    return _ACCENTS.sub("", unicodedata.normalize("NFD", letter)) if letter > "\u0370" else letter
