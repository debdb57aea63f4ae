"""The columns of a file on their way to a mapping: what stands in them, where they go, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headwater.intake.cleaning import Cleaner, Guess, Look
from headwater.intake.deciding import choices_of
from headwater.intake.errors import UnreadableFile
from headwater.intake.mapping import IGNORED
from headwater.intake.profile import FileOptions, Pass, Profile, profile_data
from headwater.intake.rejects import reason_group
from headwater.intake.suggested import slug_of, suggested_pass, suggestions_for
from headwater.intake.table import Table
from headwater.intake.values import DateOrder
from headwater.platform.importer import Importer, Target, TargetKind
from headwater.platform.installation import installation
from headwater.platform.translated import gettext_lazy
from headwater.platform.translated import grouped as in_groups

LOOKED_AT = 1_000
SHOWN = 3
WORDS = 12
STAMPS = ("source", "channel", "campaign", "interest", "owner", "owner_name", "tag", "currency")
ORDERS = (
    (DateOrder.DMY, gettext_lazy("day, month, year (31.12.2026)")),
    (DateOrder.MDY, gettext_lazy("month, day, year (12/31/2026)")),
    (DateOrder.YMD, gettext_lazy("year, month, day (2026-12-31)")),
)
DELIMITERS = (
    (",", gettext_lazy("comma")),
    (";", gettext_lazy("semicolon")),
    ("\t", gettext_lazy("tab")),
    ("|", gettext_lazy("vertical bar")),
)
ENCODINGS = ("utf-8", "cp1252", "iso-8859-15", "cp1250", "cp1251", "utf-16", "mac-roman")


@dataclass
class Word:
    """A word of the file that is none of the choices, and what was decided it means."""

    text: str
    count: int
    means: str = ""


@dataclass
class ColumnView:
    """One row of the mapping table."""

    index: int
    name: str
    samples: list[str]
    chosen: str
    also: list[str] = field(default_factory=list)
    look: Look | None = None
    problems: list[str] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)

    @property
    def good_share(self) -> float | None:
        """The share of the filled cells that can be used as they are."""
        if self.look is None:
            return None
        total = self.look.good + self.look.fixable + self.look.left_out
        return self.look.good / total if total else None


@dataclass
class Stamp:
    """A value that every row can be given."""

    target: Target
    value: str
    choices: list[tuple[str, str]]


@dataclass
class ColumnsPage:
    """Everything the columns page shows."""

    columns: list[ColumnView]
    stamps: list[Stamp]
    missing: list[str]
    doubled: list[str]
    wrong: str
    guesses: list[Guess]
    has_dates: bool
    has_numbers: bool

    @property
    def is_ready(self) -> bool:
        """Whether the file can be checked and imported like this."""
        return not self.missing and not self.doubled and not self.wrong and any(c.chosen for c in self.columns)


def first_profile(table: Table, importer: Importer, *, name: str, remembered: Profile | None) -> Profile:
    """Where the mapping of a new file starts: a profile that fits it, or what its columns suggest."""
    if remembered is not None:
        return remembered
    suggestions = suggestions_for(table, importer)
    return Profile(slug_of(name), (suggested_pass(suggestions, importer, system=slug_of(name)),))


def suggested_anew(table: Table, profile: Profile, importer: Importer) -> Profile:
    """The mapping after the file was cut up differently: columns that are still there stay, new ones are guessed."""
    before = profile.main
    suggestions = suggestions_for(table, importer)
    fresh = suggested_pass(suggestions, importer, system=before.system)
    kept = {name: keys for name, keys in before.columns.items() if name in table.header and keys}
    fed = {key for keys in kept.values() for key in keys} | before.fixed.keys()
    guessed = {name: () if fed & set(keys) else keys for name, keys in fresh.columns.items()}
    ignored = (before.ignored | fresh.ignored) & set(table.header) - kept.keys()
    main = replace(before, columns={**guessed, **kept}, ignored=frozenset(ignored))
    return replace(profile, passes=(main, *profile.passes[1:]))


def mapping_view(table: Table, profile: Profile, importer: Importer) -> ColumnsPage:
    """What the columns page shows of a file under a profile that may be incomplete."""
    rows = table.sample(LOOKED_AT)
    each = _that_fits(profile.main, table.header)
    looks: dict[tuple[str, str], Look] = {}
    guesses: list[Guess] = []
    wrong = ""
    try:
        fitting = replace(profile, passes=(each, *profile.passes[1:]))
        cleaner = Cleaner(table, fitting, each, importer, zone=installation().zone)
        looks = {(look.column, look.target.key): look for look in cleaner.look(rows)}
        guesses = cleaner.guesses
    except UnreadableFile as refusal:
        wrong = refusal.text
    by_key = {target.key: target for target in importer.targets}
    views = []
    for index, name in enumerate(table.header):
        fed = [key for key in each.columns.get(name, ()) if key in by_key]
        chosen = IGNORED if name in each.ignored else fed[0] if fed else ""
        view = ColumnView(index, name, _samples(rows, index), chosen, also=[by_key[key].label for key in fed[1:]])
        for key in fed:
            if look := looks.get((name, key)):
                _judge(view, look, by_key[key], each.values.get(key, {}), is_first=key == fed[0])
        views.append(view)
    fed_targets = [key for keys in each.columns.values() for key in keys]
    kinds = {by_key[key].kind for key in fed_targets if key in by_key}
    return ColumnsPage(
        columns=views,
        stamps=[
            Stamp(by_key[key], each.fixed.get(key, ""), _choices(by_key[key]))
            for key in dict.fromkeys((*STAMPS, *each.fixed))
            if key in by_key and key not in fed_targets
        ],
        missing=[t.label for t in importer.targets if t.required and t.key not in each.targets],
        doubled=[by_key[key].label for key in by_key if fed_targets.count(key) > 1],
        wrong=wrong,
        guesses=guesses,
        has_dates=bool(kinds & {TargetKind.DATE, TargetKind.DATETIME}),
        has_numbers=bool(kinds & {TargetKind.DECIMAL, TargetKind.MONEY, TargetKind.INTEGER}),
    )


def posted_profile(posted: Mapping[str, str], table: Table, profile: Profile, importer: Importer) -> Profile:
    """The profile after what the page sent: ``to-3`` is where the fourth column goes, ``fix-source`` a stamp."""
    by_key = {target.key: target for target in importer.targets}
    before = profile.main
    columns: dict[str, tuple[str, ...]] = {}
    ignored = set()
    for index, name in enumerate(table.header):
        old = before.columns.get(name, ())
        said = posted.get(f"to-{index}")
        if said is None:
            said = IGNORED if name in before.ignored else old[0] if old else ""
        if said == IGNORED:
            ignored.add(name)
        elif said in by_key:
            columns[name] = old if old and old[0] == said else (said,)
        else:
            columns[name] = ()
    fed = {key for keys in columns.values() for key in keys}
    fixed = {key: text for key, text in before.fixed.items() if key not in fed and f"fix-{key}" not in posted}
    for key in by_key:
        if (text := posted.get(f"fix-{key}", "").strip()) and key not in fed:
            fixed[key] = text[:500]
    values = {key: dict(decided) for key, decided in before.values.items() if key in fed}
    for name, keys in columns.items():
        index = table.header.index(name)
        for place in range(WORDS):
            word = posted.get(f"word-{index}-{place}")
            if word is None or not keys:
                continue
            decided = values.setdefault(keys[0], {})
            decided.pop(word, None)
            if means := posted.get(f"means-{index}-{place}", ""):
                decided[word] = "" if means == IGNORED else means
    system = posted.get("system", before.system).strip()[:60] or "file"
    kept = {key: decided for key, decided in values.items() if decided}
    main = Pass(importer.kind, system, columns, frozenset(ignored), fixed, kept)
    return replace(profile, passes=(main, *profile.passes[1:]), file=_posted_file(posted, profile.file))


def stored(profile: Profile) -> dict[str, Any]:
    """The profile as a draft keeps it."""
    return profile_data(profile)


def _posted_file(posted: Mapping[str, str], before: FileOptions) -> FileOptions:
    """The file's own settings; what the form did not show stays."""

    def said(key: str, old: str | None, allowed: Sequence[str] | None = None) -> str | None:
        if key not in posted:
            return old
        text = posted[key]
        return text if text and (allowed is None or text in allowed) else None

    order = said("date_order", before.date_order, [str(order) for order, _ in ORDERS])
    mark = said("decimal", before.decimal, [".", ","])
    header = said("header", {True: "yes", False: "no", None: ""}[before.header], ["yes", "no"])
    delimiter = posted.get("delimiter", before.delimiter or "")
    return replace(
        before,
        date_order=DateOrder(order) if order else None,
        decimal="." if mark == "." else "," if mark == "," else None,
        header={"yes": True, "no": False}.get(header or ""),
        delimiter={"tab": "\t"}.get(delimiter, delimiter)[:1] or None,
        encoding=said("encoding", before.encoding, [*ENCODINGS, before.encoding or ""]),
        sheet=said("sheet", before.sheet),
    )


def _that_fits(each: Pass, header: Sequence[str]) -> Pass:
    """The pass as far as the file has its columns, and without values for targets that a column feeds."""
    columns = {name: keys for name, keys in each.columns.items() if name in header}
    return replace(each, columns=columns, where={})


def _samples(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    found = dict.fromkeys(row[index].strip()[:80] for row in rows if index < len(row))
    return [text for text in found if text][:SHOWN]


def _judge(view: ColumnView, look: Look, target: Target, decided: Mapping[str, str], *, is_first: bool) -> None:
    if is_first:
        view.look = look
        view.choices = _choices(target)
        view.words = [Word(text, count) for text, count in look.words.most_common(WORDS)]
        known = {word.text for word in view.words}
        if target.kind is TargetKind.CHOICE:
            room = WORDS - len(view.words)
            view.words += [Word(t, 0, means or IGNORED) for t, means in decided.items() if t not in known][:room]
    grouped: dict[str, tuple[int, str]] = {}
    for problem, count in look.problems.items():
        group = reason_group(problem)
        grouped[group] = (grouped.get(group, (0, ""))[0] + count, problem)
    for count, example in sorted(grouped.values(), reverse=True)[:2]:
        view.problems.append(f"{in_groups(count)}: {example}" if count > 1 else example)


def _choices(target: Target) -> list[tuple[str, str]]:
    """The choices of a target as a page offers them; those that pages have no name for any more are retired."""
    offered = [word for word in choices_of(target) if not target.called or target.choices[word] in target.called]
    return [(word, str(target.called.get(target.choices[word]) or _as_label(word))) for word in offered]


def _as_label(word: str) -> str:
    return word[:1].upper() + word[1:] if len(word) > 3 else word.upper()
