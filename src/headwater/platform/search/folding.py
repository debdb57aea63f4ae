"""Text as it is compared: whatever people write differently and mean alike becomes the same letters.

Case, accents, punctuation, width and the vowel marks of Arabic and Hebrew go; Katakana becomes Hiragana. Letters of
scripts that put no spaces between words stand alone, so that one character of a name can be found in its middle.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from headwater.platform.search.romanising import romanised

_APOSTROPHES = re.compile(r"['’‘`´ʼ׳]")
_BETWEEN_WORDS = re.compile(r"[^a-z0-9#]+|#(?![a-z0-9])")
# Accents of Latin, Greek and Cyrillic; Arabic vowel marks with the stretching line; Hebrew points.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŋ": "n",
        "ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي",
        **{chr(code): chr(code - 0x60) for code in range(0x30A1, 0x30F7)},
    }
)  # fmt: skip
_UNSPACED = re.compile("[\u3041-\u3096\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "ae", "Ö": "oe", "Ü": "ue", "Ø": "oe", "Å": "aa"}
)
_HAS_UMLAUT = re.compile("[äöüøåÄÖÜØÅ]")
# "ue" that may stand for "ü": before a consonant, and not the "ue" of "quer" or the "eue" of "neue".
_WRITTEN_OUT = re.compile(r"(?<![aeiouq])([aou])e(?=[^\Waeiou])")
_LONG_ENOUGH = 4
_NUMBER = re.compile(r"(?<!\S)[+(]?\d[\d\s().\-/]{3,30}\d(?!\S)")
_LONGEST_CODE = 60
_DIGIT = re.compile(r"\d")
_NOT_DIGIT = re.compile(r"\D")
SHORTEST_NUMBER = 5


def fold(text: str) -> str:
    """``text`` in the letters it is compared by, words parted by one space.

    ``#`` before a word stays: it is how one asks for a tag.
    """
    if not text.isascii():
        return _folded(text)
    return _BETWEEN_WORDS.sub(" ", _APOSTROPHES.sub("", text.lower())).strip()


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    folded = unicodedata.normalize("NFC", _MARKS.sub("", folded))
    folded = _APOSTROPHES.sub("", folded)
    kept = "".join(_kept(folded)) if not folded.isascii() else folded
    # The rest of the marks belong to the letters: vowel signs of Thai and of the scripts of India.
    kept = re.sub(r"#(?!\w)", " ", kept) if "#" in kept else kept
    if folded.isascii():
        return _BETWEEN_WORDS.sub(" ", kept).strip()
    return " ".join(_UNSPACED.sub(r" \g<0> ", kept).split())


def _kept(text: str) -> Iterator[str]:
    for letter in text:
        kind = unicodedata.category(letter)
        if kind == "Nd":
            yield str(unicodedata.digit(letter))
        else:
            yield letter if kind[0] in "LNM" or letter == "#" else " "


def is_unspaced(text: str) -> bool:
    """Whether it is one character of a script that puts no spaces between words."""
    return _UNSPACED.fullmatch(text) is not None


def also_written(text: str) -> list[str]:
    """Other forms somebody may look for ``text`` by: "mueller" for "Müller" and the other way round, "ivanov" for
    "Иванов", joined numbers.

    A number is joined whatever stands between its digits; so is a code such as "AB-12/4".
    """
    forms: list[str] = []
    plain = fold(text)
    if "e" in plain and _WRITTEN_OUT.search(plain):
        forms += map(without_digraphs, plain.split())
    if text.isascii() and not _DIGIT.search(text):
        return [form for form in dict.fromkeys(forms) if form]
    for word in text.split():
        if _HAS_UMLAUT.search(word):
            forms.append(fold(word.translate(_UMLAUTS)))
        if len(word) <= _LONGEST_CODE and "@" not in word and not word.isalnum() and _DIGIT.search(word):
            forms.append(fold(word).replace(" ", ""))
    forms += romanised(text)
    forms += (digits_of(number) for number, _, _ in numbers_in(text))
    return [form for form in dict.fromkeys(forms) if form and form not in plain]


def without_digraphs(word: str) -> str:
    """ "muller" for a folded "mueller"; nothing where there is no other way to write it."""
    if "e" not in word:
        return ""
    shorter = _WRITTEN_OUT.sub(r"\1", word)
    return shorter if shorter != word and len(shorter) >= _LONG_ENOUGH else ""


def written_out(text: str) -> str:
    """ "mueller" for "Müller"; nothing where there is no umlaut."""
    return fold(text.translate(_UMLAUTS)) if _HAS_UMLAUT.search(text) else ""


def numbers_in(text: str) -> Iterator[tuple[str, int, int]]:
    """The stretches of ``text`` that read as one number of five digits and more, with their places."""
    for found in _NUMBER.finditer(text):
        if len(digits_of(found[0])) >= SHORTEST_NUMBER:
            yield found[0], found.start(), found.end()


def digits_of(text: str) -> str:
    """The digits of a number, whatever stands between them."""
    digits = _NOT_DIGIT.sub("", text)
    return digits if digits.isascii() else "".join(str(unicodedata.digit(digit)) for digit in digits)
