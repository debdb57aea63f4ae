"""Columns of a file that whoever imports it may not fill: they are neither written nor kept with the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headwater.intake.mapping import nearest
from headwater.intake.profile import Pass, Profile
from headwater.intake.suggested import SAMPLE, SURE
from headwater.intake.table import Table
from headwater.platform.importer import Importer
from headwater.platform.translated import gettext as _


def without_withheld(profile: Profile, table: Table, importers: Sequence[Importer]) -> tuple[Profile, list[str]]:
    """The profile without what the actor may not fill, and what is told of it; ``importers`` are cut for the actor.

    What a further pass makes of a guarded column does not stay readable with the rows of the main one either,
    whoever imports it.
    """
    pairs = list(zip(profile.passes, importers, strict=True))
    hidden = {name: label for each, importer in pairs for name, label in _mapped(each, importer).items()}
    for name, label in _unmapped(profile, table, importers).items():
        hidden.setdefault(name, label)
    fixed = {target.label: key for each, imp in pairs for target in imp.withheld if (key := target.key) in each.fixed}
    guarded = {name for each, importer in pairs for name in _guarded(each, importer)}
    passes = [_cut(each, importer, set(hidden)) for each, importer in pairs]
    main = passes[0]
    passes[0] = replace(main, ignored=main.ignored | (guarded - _fed(main)))
    told = [
        _("{name}: left out, because you may not fill “{label}”.").format(name=name, label=label)
        for name, label in hidden.items()
    ]
    told += [f"{label}: not stamped, because you may not fill it." for label in fixed]
    return replace(profile, passes=tuple(passes)), told


def _mapped(each: Pass, importer: Importer) -> dict[str, str]:
    """The columns that feed a target the actor may not fill, with its label."""
    labels = {target.key: target.label for target in importer.withheld}
    return {name: labels[key] for name, keys in each.columns.items() for key in keys if key in labels}


def _unmapped(profile: Profile, table: Table, importers: Sequence[Importer]) -> dict[str, str]:
    """Columns that nobody mapped and that are, by their names, something the actor may not fill."""
    spoken = {name for each in profile.passes for name in _fed(each) | each.ignored}
    found = {}
    for importer in importers:
        if not importer.withheld:
            continue
        labels = {target.key: target.label for target in importer.withheld}
        for name, (key, score) in nearest(
            table.header, table.sample(SAMPLE), [*importer.targets, *importer.withheld]
        ).items():
            if name not in spoken and key in labels and score >= SURE:
                found[name] = labels[key]
    return found


def _guarded(each: Pass, importer: Importer) -> set[str]:
    """The columns that feed a target with a right of its own."""
    keys = {target.key for target in (*importer.targets, *importer.withheld) if target.verb}
    return {name for name, fed in each.columns.items() if keys & set(fed)}


def _fed(each: Pass) -> set[str]:
    return {name for name, keys in each.columns.items() if keys}


def _cut(each: Pass, importer: Importer, hidden: set[str]) -> Pass:
    keys = {target.key for target in importer.withheld}
    return replace(
        each,
        columns={name: fed for name, fed in each.columns.items() if name not in hidden},
        ignored=each.ignored | hidden,
        fixed={key: text for key, text in each.fixed.items() if key not in keys},
        values={key: decided for key, decided in each.values.items() if key not in keys},
    )
