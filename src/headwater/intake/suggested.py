"""Profiles that nobody wrote: made from the columns of a file, as far as they leave no doubt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from headwater.intake.errors import UnreadableFile
from headwater.intake.mapping import IGNORED, Suggestion, suggest
from headwater.intake.profile import Pass, Profile, ProfileError, load_profile
from headwater.intake.reader import open_table
from headwater.intake.table import Table
from headwater.platform.exports import heading
from headwater.platform.importer import Importer
from headwater.platform.resource import REGISTRY

SURE = 0.6
SAMPLE = 200
_FED_BY = {"owner": "owner_name", "outcome": "state", "tags": "tag", "sources": "source", "products": "product"}


class UnmappedFile(UnreadableFile):
    """The columns of a file do not say clearly enough what they are; a person or a profile must."""

    code = "unmapped_file"

    def __init__(
        self, kind: str, missing: Sequence[str], suggestions: Sequence[Suggestion], notes: Sequence[str] = ()
    ) -> None:
        self.columns = [each.column for each in suggestions]
        self.missing, self.suggestions = list(missing), list(suggestions)
        said = "; ".join(
            f"“{each.column}” → {each.target} ({each.confidence:.0%} sure)"
            for each in suggestions
            if each.target not in (None, IGNORED)
        )
        what = f"nothing feeds {', '.join(missing)}" if missing else f"no column is recognised as something of {kind}"
        super().__init__(
            f"The file cannot be imported by guessing: {what}. Its columns are: {', '.join(self.columns)}."
            f" Understood so far: {said or 'nothing'}. Name a profile, or map the columns on the page Imports."
            + "".join(f" {note}" for note in notes)
        )


def chosen_profile(path: Path, importer: Importer, profile: Profile | str | None, *, name: str = "") -> Profile:
    """The profile that was named or given, or one suggested by the file itself.

    Raises:
        ProfileError: there is no such profile, it is wrong, or it is for another kind.
        UnmappedFile: none was named, and the columns leave doubt.
    """
    if profile is None or profile == "":
        return suggested_profile(open_table(path), importer, name=name or path.name)
    if isinstance(profile, str):
        profile = find_profile(profile, importer)
    if profile.kind != importer.kind:
        raise ProfileError(profile.name, [f"It is for {profile.kind}, not for {importer.kind}."])
    return profile


def find_profile(name: str, importer: Importer) -> Profile:
    """The profile of that name, the company's own before those shipped, checked against what can be imported."""
    from headwater.intake.batches import targets

    profile = load_profile(name, [settings.HOME.profiles], targets=targets())
    if profile.kind != importer.kind:
        raise ProfileError(profile.name, [f"It is for {profile.kind}, not for {importer.kind}."])
    return profile


def suggested_profile(table: Table, importer: Importer, *, name: str) -> Profile:
    """What the columns most likely mean.

    Raises:
        UnmappedFile: a target that every row needs is fed by none, or no column is understood at all.
    """
    suggestions = suggestions_for(table, importer)
    sure = {s.column: s.target for s in suggestions if s.target not in (None, IGNORED) and s.confidence >= SURE}
    missing = [t.label for t in importer.targets if t.required and t.key not in sure.values()]
    if missing or not sure:
        raise UnmappedFile(importer.kind, missing, suggestions, table.dialect.notes)
    return Profile(slug_of(name), (suggested_pass(suggestions, importer, system=slug_of(name)),))


def suggestions_for(table: Table, importer: Importer) -> list[Suggestion]:
    """What each column of a file most likely is; one of our own files is known by its heads."""
    return suggest(table.header, table.sample(SAMPLE), importer.targets, heads=_heads(importer))


def _heads(importer: Importer) -> dict[str, str]:
    """What the columns that people get as a file are called, with their target.

    Not the whole name where there are first names: “Nombre” heads the whole one here and the first one elsewhere.
    """
    noun = next(r for r in REGISTRY.values() if r.importer is not None and r.importer.kind == importer.kind)
    keys = {target.key for target in importer.targets}
    fed = {column: target for column, target in _FED_BY.items() if target in keys}
    has_first_names = "first_name" in keys
    return {heading(c): fed.get(c.key, c.key) for c in noun.columns if not (c.key == "name" and has_first_names)}


def suggested_pass(suggestions: Sequence[Suggestion], importer: Importer, *, system: str) -> Pass:
    """The suggestions that are sure enough, as a pass; the other columns are kept with the record."""
    columns = {
        s.column: (s.target,) if s.target is not None and s.confidence >= SURE else ()
        for s in suggestions
        if s.target != IGNORED
    }
    ignored = frozenset(s.column for s in suggestions if s.target == IGNORED)
    return Pass(importer.kind, system, columns, ignored)


def slug_of(name: str) -> str:
    """A file's name as the name of a profile and of the system its ids come from.

    Dates and numbers go: next month's file of the same export has the same ids.
    """
    stem = re.sub(r"(?i)(\.(csv|txt|tsv|xlsx|gz))+$", "", Path(name).name)
    words = re.findall(r"[A-Za-z]+", stem)
    return "-".join(words).lower()[:60] or "file"
