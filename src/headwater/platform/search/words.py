"""What somebody typed into a search field, read the way it was meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers

from headwater.platform.search.folding import (
    SHORTEST_NUMBER,
    digits_of,
    fold,
    is_unspaced,
    numbers_in,
    without_digraphs,
    written_out,
)
from headwater.platform.search.romanising import romanised

LONGEST = 200
MOST_TERMS = 8
START = "\x02"  # stands before the name in every entry


@dataclass(frozen=True)
class Words:
    """What must be found: every term, in any of its spellings, anywhere in the text of a row.

    A spelling of fewer than three letters counts only at the beginning of a word. ``text`` is all of it as typed,
    folded.
    """

    text: str
    terms: tuple[tuple[str, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.terms)

    def match(self, entry: str) -> bool:
        """Whether the text of an entry holds all terms."""
        return all(any(spelling in entry for spelling in term) for term in self.terms)


def read(text: str, *, region: str = "") -> Words:
    """The words of a search. ``region`` is the country whose telephone numbers need no country code.

    Digits with spaces, dots, dashes or brackets between them are one number, in any notation.
    """
    typed = text.strip()[:LONGEST]
    terms: list[tuple[str, ...]] = []
    rest, end = "", 0
    for number, start, stop in numbers_in(typed):
        terms.append(_number_spellings(number, region))
        rest, end = rest + typed[end:start] + " ", stop
    for word in (rest + typed[end:]).split():
        spellings = _spellings(word)
        if spellings and spellings not in terms:
            terms.append(spellings)
    return Words(fold(typed), tuple(terms[:MOST_TERMS]))


def beginning(words: Words) -> Words:
    """The rows whose name begins with what was typed."""
    return Words(words.text, ((f"{START} {words.text}",),)) if words.text else words


def _spellings(word: str) -> tuple[str, ...]:
    folded = fold(word)
    if not folded:
        return ()
    forms = [folded, written_out(word), *(without_digraphs(part) for part in (folded,) if " " not in part)]
    forms += romanised(word)
    if " " in folded and "@" not in word and any(letter.isdigit() for letter in folded):
        forms.append(folded.replace(" ", ""))
    return tuple(dict.fromkeys(_needle(form) for form in forms if form))


def _needle(form: str) -> str:
    if len(form) >= 3:  # the length of the pieces the index knows
        return form
    return f" {form} " if is_unspaced(form) else f" {form}"


def _number_spellings(number: str, region: str) -> tuple[str, ...]:
    """The digits as they are, and without what only says where the call comes from."""
    digits = digits_of(number)
    forms = [digits, fold(number)]
    try:
        national = str(phonenumbers.parse(number.strip(), region or None).national_number)
    except phonenumbers.NumberParseException:
        national = digits.removeprefix("00") if number.strip().startswith("00") else digits.lstrip("0")
    # A number is kept with its country code: what is dialled before it inside the country is not in it.
    forms += [form for form in (national, digits.lstrip("0")) if len(form) >= SHORTEST_NUMBER]
    if "+" not in number and digits.startswith("00"):
        forms += [form for form in (digits[2:],) if len(form) >= SHORTEST_NUMBER]
    return _shortest(forms)


def _shortest(forms: Iterable[str]) -> tuple[str, ...]:
    """The forms without those that hold another one: whatever holds them holds that, too."""
    found = dict.fromkeys(forms)
    return tuple(form for form in found if not any(other in form for other in found if other != form))
