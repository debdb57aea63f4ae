"""Where in a shown text the typed words stand, whatever their case, accents and punctuation."""

from __future__ import annotations

from headwater.platform.search.folding import fold

LONGEST = 500


def spans_of(text: str, typed: str) -> list[tuple[int, int]]:
    """The stretches of ``text`` to set off for what was typed, in order and apart from each other.

    At the beginning of a word where the typed word stands there, else in the middle.
    """
    letters, places = _letters(text[:LONGEST])
    found: list[tuple[int, int]] = []
    for word in dict.fromkeys(fold(typed).replace("#", "").split()):
        at = letters.find(f" {word}") + 1 or letters.find(word)
        if at >= 0:
            found.append((places[at], places[at + len(word) - 1] + 1))
    return _apart(found)


def _letters(text: str) -> tuple[str, list[int]]:
    """The folded letters of a text, a space where it has anything else, and where each comes from."""
    letters, places = [" "], [0]
    for place, letter in enumerate(text):
        folded = fold(letter) or ("" if letter in "'’" else " ")
        letters.append(folded)
        places += [place] * len(folded)
    return "".join(letters), places


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
