"""Suggesting which column of a file feeds which target, from its name and from what is in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rapidfuzz import fuzz

from headwater.intake.aliases import ALIASES
from headwater.intake.errors import BadValue
from headwater.intake.values import BLANK_WORDS, DateOrder, parse_bool, parse_date, parse_decimal
from headwater.platform.importer import Target, TargetKind
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy

IGNORED = "-"
"""The target of a column that is neither imported nor kept."""

_OWN_COLUMNS = {"headwater line", "headwater reason"}
_ENOUGH = 0.55
_OURS = 0.97
_COLLEAGUES = ("owner", "owner_name")  # by name or by e-mail
_TOO_GENERAL = {"code", "data", "date", "datum", "fecha", "list", "name", "number", "time", "total", "type", "value"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"[+(]?[0-9][0-9 ()./\-]{6,20}(?:\s*(?:x|ext\.?)\s*\d+)?")
_URL = re.compile(
    r"(?i)(?:https?://|www\.)\S+"
    r"|[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.(?:com|org|net|de|es|nl|fr|pt|br|co|io|eu|uk|info|biz)(?:/\S*)?"
)
_SAID = {
    "email": lazy("e-mail addresses"),
    "url": lazy("web addresses"),
    "phone": lazy("telephone numbers"),
    "date": lazy("dates"),
}


@dataclass(frozen=True)
class Suggestion:
    """A column, the target it most likely feeds (None: keep it with the record) and why we think so."""

    column: str
    target: str | None
    confidence: float
    reason: str


def suggest(
    header: Sequence[str],
    samples: Sequence[Sequence[str]],
    targets: Sequence[Target],
    *,
    heads: Mapping[str, str] = MappingProxyType({}),
) -> list[Suggestion]:
    """One suggestion per column, in the order of the file; every target is used at most once.

    Names weigh most, in six languages and with slips of the pen; the values confirm, contradict, or stand in
    where a name says nothing. ``heads`` are the names of columns in our own files, with their target.
    """
    own = {column_key(name): key for name, key in heads.items()}
    looks = [_look(samples, index) for index in range(len(header))]
    scored: list[tuple[float, int, int, str]] = []
    for column, name in enumerate(header):
        if column_key(name) in _OWN_COLUMNS:
            continue
        for place, target in enumerate(targets):
            score, reason = _score(name, looks[column], target)
            if score < _OURS and own.get(column_key(name)) == target.key:
                score, reason = _OURS, _("Headwater's own files call it so.")
            if score >= _ENOUGH:
                scored.append((score + (0.001 if target.required else 0), -column, -place, reason))
    scored.sort(reverse=True)
    chosen: dict[int, tuple[str, float, str]] = {}
    used: set[int] = set()
    for score, column, place, reason in scored:
        if -column not in chosen and -place not in used:
            used.add(-place)
            chosen[-column] = (targets[-place].key, round(min(score, 1.0), 2), reason)
    _take_whole_names(chosen, {target.key for target in targets}, samples)
    suggestions = []
    for column, name in enumerate(header):
        if column in chosen:
            suggestions.append(Suggestion(name, *chosen[column]))
        elif column_key(name) in _OWN_COLUMNS:
            suggestions.append(Suggestion(name, IGNORED, 1.0, _("Headwater wrote this column itself.")))
        else:
            suggestions.append(Suggestion(name, None, 0.0, _("No target fits; the column is kept with the record.")))
    return suggestions


def _take_whole_names(
    chosen: dict[int, tuple[str, float, str]], keys: Collection[str], samples: Sequence[Sequence[str]]
) -> None:
    """What is called like first names and has no last ones beside it may hold both: "nombre" of a Spanish list."""
    column = {target: column for column, (target, _score, _reason) in chosen.items()}
    if "first_name" not in column or "name" not in keys or column.keys() & {"name", "last_name"}:
        return
    place = column["first_name"]
    names = [cell for row in samples if (cell := row[place].strip() if place < len(row) else "")]
    if 2 * sum(" " in name for name in names) > len(names):
        chosen[place] = "name", chosen[place][1], _("It holds whole names.")


def nearest(
    header: Sequence[str], samples: Sequence[Sequence[str]], targets: Sequence[Target]
) -> dict[str, tuple[str, float]]:
    """The target each column comes nearest to by itself, whatever the others are, and how near."""
    found: dict[str, tuple[str, float]] = {}
    for index, name in enumerate(header):
        look = _look(samples, index)
        scored = [(_score(name, look, target)[0], target.key) for target in targets]
        score, key = max(scored, default=(0.0, ""))
        found[name] = key, score
    return found


def column_key(name: str) -> str:
    """A column name as it is compared: words in lower case, without accents and punctuation."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # firstName
    folded = unicodedata.normalize("NFKD", apart).casefold()
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", folded).split())


def _score(name: str, look: str, target: Target) -> tuple[float, str]:
    named, reason = _name_score(name, target)
    fits = _fits(look, target)
    if named >= _ENOUGH:
        if fits is False:
            return named - 0.3, _("{reason}, but the values look like something else.").format(reason=reason)
        # A name and values that agree are surer than values alone: "Contact Email" before "Assigned by".
        agree = 0.8 if fits and look in ("email", "url") else 0.0
        return max(named + (0.02 if fits else 0), agree), f"{reason}."
    if fits and (look in ("email", "url") or (look in ("phone", "date") and named > 0.3)):
        return 0.75 if look in ("email", "url") else 0.6, _("The values look like {said}.").format(said=_SAID[look])
    return 0.0, ""


def _name_score(name: str, target: Target) -> tuple[float, str]:
    key = column_key(name)
    if not key or re.fullmatch(r"column \d+", key):
        return 0.0, ""
    own = {column_key(target.key), column_key(target.label), *map(column_key, target.aliases)}
    if key in own:
        return 0.98, _('"{name}" is another word for {label}').format(name=name, label=target.label)
    known = [column_key(alias) for alias in ALIASES.get(target.key, ())]
    if key in known:
        # "date" or "name" fit many targets: the more usual word, the earlier it stands in the list.
        return 0.95 - 0.001 * known.index(key), _('"{name}" is a usual word for {label}').format(
            name=name, label=target.label
        )
    best = 0.0
    for other in (*own, *known):
        if len(other) < 4 or len(key) < 4:
            continue
        near = fuzz.ratio(key, other) / 100
        if near >= 0.85:
            best = max(best, 0.5 + near * 0.35)
        elif other not in _TOO_GENERAL and set(other.split()) < set(key.split()) and len(other) * 3 > len(key):
            best = max(best, 0.5 + 0.2 * len(other) / len(key))
        else:
            best = max(best, near * 0.5)
    return best, _('"{name}" is close to {label}').format(name=name, label=target.label)


def _look(samples: Sequence[Sequence[str]], index: int) -> str:
    """What most values of a column look like, "" if nothing in particular."""
    cells = [row[index][:200].strip() for row in samples if index < len(row)]
    cells = [cell for cell in cells if cell not in BLANK_WORDS][:200]
    if not cells:
        return ""
    tests = (
        ("email", lambda cell: bool(_EMAIL.fullmatch(cell))),
        ("url", lambda cell: bool(_URL.fullmatch(cell))),
        ("bool", _is_bool),
        ("number", _is_number),
        ("date", _is_date),
        ("phone", lambda cell: bool(_PHONE.fullmatch(cell)) and sum(c.isdigit() for c in cell) >= 7),
    )
    for kind, test in tests:
        if sum(1 for cell in cells if test(cell)) >= 0.8 * len(cells):
            return kind
    return "text"


def _is_number(cell: str) -> bool:
    try:
        parse_decimal(cell)
    except BadValue:
        return False
    return len(cell) < 7 or "." in cell or "," in cell  # a long row of digits may be a telephone number or a key


def _is_date(cell: str) -> bool:
    if cell.isdigit() and len(cell) != 8:
        return False
    for order in (DateOrder.DMY, DateOrder.MDY):
        try:
            parse_date(cell, order=order)
        except BadValue:
            continue
        return True
    return False


def _is_bool(cell: str) -> bool:
    try:
        parse_bool(cell)
    except BadValue:
        return False
    return True


def _fits(look: str, target: Target) -> bool | None:
    """Whether values of this look can feed a target; None where they say nothing about it."""
    kind = target.kind
    if not look:
        return None
    if target.key == "website":
        return look == "url"
    if kind is TargetKind.EMAIL:
        return look == "email"
    if kind is TargetKind.PHONE:
        return True if look == "phone" else False if look in ("email", "url", "bool") else None
    if kind in (TargetKind.DATE, TargetKind.DATETIME):
        return True if look == "date" else None if look == "number" else False
    if kind in (TargetKind.DECIMAL, TargetKind.MONEY, TargetKind.INTEGER):
        return True if look in ("number", "bool") else None if look == "phone" else False
    if kind is TargetKind.BOOL:
        return look == "bool"
    return False if look == "email" and target.key not in _COLLEAGUES else None
