"""Words of a file that are none of the choices of their column: which there are, and deciding what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from headwater.intake.batches import importer_of
from headwater.intake.errors import UnreadableFile
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Pass, Profile, decisions_as_toml
from headwater.intake.values import BadValue, parse_choice
from headwater.platform.importer import Target, TargetKind
from headwater.platform.translated import gettext as _


@dataclass(frozen=True)
class UnknownWord:
    """A word of a file that is none of the choices, how many rows say it, and what it could mean."""

    kind: str
    column: str
    target: str
    value: str
    count: int
    choices: Sequence[str]


def unknown_words(batch: ImportBatch) -> list[UnknownWord]:
    """The words nobody knew, the most frequent first."""
    found = []
    for kind, column, key, value, count in batch.checkpoint.get("unknown", []):
        target = importer_of(kind).target(key)
        if target is not None:
            found.append(UnknownWord(kind, column, key, value, count, choices_of(target)))
    return sorted(found, key=lambda word: (-word.count, word.column, word.value))


def choices_of(target: Target) -> list[str]:
    """The choices of a target, each once, under its first word."""
    found: dict[str, str] = {}
    for word, code in target.choices.items():
        found.setdefault(code, word)
    return list(found.values())


def as_toml(words: Sequence[UnknownWord]) -> str:
    """The words as they stand in a profile, with what is to be filled in."""
    parts = []
    for kind, target in dict.fromkeys((word.kind, word.target) for word in words):
        mine = [word for word in words if (word.kind, word.target) == (kind, target)]
        parts.append(decisions_as_toml(target, {word.value: "" for word in mine}, mine[0].choices))
    return "\n\n".join(parts)


def decided(profile: Profile, texts: Sequence[str]) -> Profile:
    """The profile with decisions written as ``COLUMN:VALUE=MEANING``; an empty meaning is blank.

    Raises:
        UnreadableFile: one names no column of the profile, or means none of the choices.
    """
    for text in texts:
        column, value, meaning = _read(text, profile)
        profile = replace(profile, passes=tuple(_with(each, column, value, meaning) for each in profile.passes))
    return profile


def _read(text: str, profile: Profile) -> tuple[str, str, str]:
    columns = {name: None for each in profile.passes for name, keys in each.columns.items() if keys}
    column = max((name for name in columns if text.startswith(f"{name}:")), key=len, default=None)
    value, equals, meaning = text[len(column or "") + 1 :].rpartition("=")
    if column is None or not equals or not value.strip():
        raise UnreadableFile(
            _("A decision is written COLUMN:VALUE=MEANING, not “{text}”. Columns that are read: {columns}.").format(
                text=text, columns=", ".join(columns)
            )
        )
    return column, value.strip(), meaning.strip()


def _with(each: Pass, column: str, value: str, meaning: str) -> Pass:
    targets = [importer_of(each.kind).target(key) for key in each.columns.get(column, ())]
    known = [target for target in targets if target is not None]
    about = [target for target in known if target.kind is TargetKind.CHOICE] or known[:1]
    values: dict[str, Mapping[str, str]] = dict(each.values)
    for target in about:
        _check(column, target, meaning)
        values[target.key] = {**values.get(target.key, {}), value: meaning}
    return replace(each, values=values)


def _check(column: str, target: Target, meaning: str) -> None:
    if target.kind is TargetKind.CHOICE and meaning:
        try:
            parse_choice(meaning, target.choices, target.called)
        except BadValue as bad:
            raise UnreadableFile(
                _("{column}: {bad} There are: {target}.").format(
                    column=column, bad=bad, target=", ".join(choices_of(target))
                )
            ) from None
