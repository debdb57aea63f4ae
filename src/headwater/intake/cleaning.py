"""Turning the cells of a row into typed values, collecting everything that is wrong with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from headwater.intake.errors import OF_COLUMN, BadValue, UnreadableFile, quoted
from headwater.intake.profile import Pass, Profile
from headwater.intake.table import Table
from headwater.intake.values import (
    Blanks,
    choice_parser,
    infer_date_order,
    infer_decimal_comma,
    parse_amount,
    parse_bool,
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_integer,
)
from headwater.platform.importer import CleanRow, Importer, Target, TargetKind
from headwater.platform.installation import installation
from headwater.platform.translated import gettext, gettext_lazy

SAMPLE = 1_000
NO_COUNTRY = gettext_lazy(
    "Numbers without a country prefix stay text, because the company has no country yet."
    " Set it under Settings, Company."
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
Parser = Callable[[str], Any]
Unknown = Counter[tuple[str, str, str, str]]
"""How many rows say a word that is no choice of its column: by kind, column, target and word."""
MOST_UNKNOWN = 200
COUNTRY = "country"  # the target that says in which country the others of its row are to be read
_NUMBERS: Mapping[TargetKind, Callable[..., Any]] = {
    TargetKind.DECIMAL: parse_decimal, TargetKind.MONEY: parse_amount, TargetKind.INTEGER: parse_integer,
}  # fmt: skip


@dataclass(frozen=True)
class _Feed:
    """One column of the file feeding one target."""

    index: int
    column: str
    target: Target
    parse: Parser
    decisions: Mapping[str, str]


@dataclass(frozen=True)
class Guess:
    """Something about a column that the file left open and we decided; shown before anything is written."""

    column: str
    reason: str
    certain: bool


@dataclass
class Look:
    """What a sample of a column holds: good, to be fixed by a decision, or wrong so that its rows are left out."""

    column: str
    target: Target
    good: int = 0
    fixable: int = 0
    left_out: int = 0
    blank: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)  # not among the choices of the target

    def take(self, text: str, parse: Parser, region: str, country: str) -> None:
        """Judge one cell, as the country its row names reads it, else the company's."""
        if not text:
            self.blank += 1
            if self.target.required:
                self.left_out += 1
                self.problems[gettext("is needed and empty")] += 1
            return
        try:
            parse(text)
        except BadValue as bad:
            if self.target.kind is TargetKind.CHOICE:
                self.fixable += 1
                self.words[text] += 1
            else:
                self.left_out += 1
                self.problems[str(bad)] += 1
            return
        if self.target.kind is TargetKind.EMAIL and not _EMAIL.fullmatch(text):
            self.left_out += 1
            self.problems[gettext("{text} is not an e-mail address.").format(text=quoted(text))] += 1
        elif self.target.reads is not None and not self.target.reads(text, region, country):
            self.fixable += 1
            self.problems[gettext("{text} cannot be read; it is kept as text.").format(text=quoted(text))] += 1
        else:
            self.good += 1


class Cleaner:
    """Cleans the rows of one pass; made once per file, called for every row."""

    def __init__(self, table: Table, profile: Profile, each: Pass, importer: Importer, *, zone: ZoneInfo) -> None:
        """Find every column's target and how it is read.

        Raises:
            UnreadableFile: columns that the profile speaks of are not in the file, or a target is unknown.
        """
        missing = each.missing(table.header)
        if missing:
            names = ", ".join(f"“{name}”" for name in missing)
            there = gettext("The file has no column {names}. Its columns are: {header}.").format(
                names=names, header=", ".join(table.header)
            )
            others = [f"“{name}”" for name in table.dialect.sheets if name != table.dialect.sheet]
            raise UnreadableFile(
                gettext("{there} Its other sheets are {others}.").format(there=there, others=", ".join(others))
                if others
                else there
            )
        self.guesses: list[Guess] = []
        self._blanks = Blanks(profile.file.blank)
        self._table, self._profile, self._zone = table, profile, self._zone_of(profile, zone)
        self._width = len(table.header)
        places = {name: i for i, name in enumerate(table.header)}
        self._feeds = [
            _Feed(
                places[column], column, target, self._parser(target, places[column], column), each.values.get(key, {})
            )
            for column, keys in each.columns.items()
            for key in keys
            for target in (_target(importer, key),)
        ]
        self._fixed = self._fixed_values(each, importer)
        self._where = [(places[column], value) for column, value in each.where.items()]
        fed = {name for name, keys in each.columns.items() if keys} | each.ignored
        keeps_rest = each is profile.main
        self._rest = [(i, name) for name, i in places.items() if keeps_rest and name not in fed]
        self._country = next((feed.index for feed in self._feeds if feed.target.key == COUNTRY), None)
        self._required = [t for t in importer.targets if t.required]
        self._kind = importer.kind
        self.unknown: Unknown = Counter()
        self._note_region()

    def _note_region(self) -> None:
        """Tell where telephone numbers stay text because nobody said in which country they are to be read."""
        feed = next((feed for feed in self._feeds if feed.target.kind is TargetKind.PHONE), None)
        if feed is None or installation().region or self._country is not None:
            return
        cells = (self._blanks.clean(cell) for cell in self._cells(feed.index, SAMPLE))
        if any(cell and not cell.startswith(("+", "00")) for cell in cells):
            self._note(feed.column, str(NO_COUNTRY), certain=False)

    def concerns(self, cells: Sequence[str]) -> bool:
        """Whether this pass is about the row at all."""
        return all(cells[place].strip() == value for place, value in self._where)

    def clean(self, line: int, cells: Sequence[str]) -> tuple[CleanRow, list[str]]:
        """The row with the values that could be read, and everything that is wrong with its cells."""
        reasons: list[str] = []
        if len(cells) > self._width:
            reasons.append(
                gettext("The row has {cells} cells, the header has {width}.").format(
                    cells=len(cells), width=self._width
                )
            )
        clean_text = self._blanks.clean
        values: dict[str, Any] = dict(self._fixed)
        unread: set[str] = set()
        for feed in self._feeds:
            text = clean_text(cells[feed.index])
            text = feed.decisions.get(text, text)
            if not text:
                continue
            try:
                values[feed.target.key] = feed.parse(text)
            except BadValue as bad:
                reasons.append(OF_COLUMN.format(column=feed.column, why=bad))
                unread.add(feed.target.key)
                if feed.target.kind is TargetKind.CHOICE:
                    self._count_unknown(feed, text)
        for target in self._required:
            if target.key not in values and target.key not in unread:
                reasons.append(gettext("{label} is missing.").format(label=target.label))
        if reasons:
            return CleanRow(line, values, {}), reasons
        extra = {name: text for i, name in self._rest if (text := clean_text(cells[i]))}
        return CleanRow(line, values, extra), reasons

    def _count_unknown(self, feed: _Feed, text: str) -> None:
        word = (self._kind, feed.column, feed.target.key, text)
        if word in self.unknown or len(self.unknown) < MOST_UNKNOWN:
            self.unknown[word] += 1

    def look(self, rows: Iterable[Sequence[str]]) -> list[Look]:
        """How good the cells of a sample are, column by column."""
        looks = [(feed, Look(feed.column, feed.target)) for feed in self._feeds]
        region = installation().region
        for cells in rows:
            country = self._blanks.clean(cells[self._country]) if self._country is not None else ""
            for feed, look in looks:
                text = self._blanks.clean(cells[feed.index])
                look.take(feed.decisions.get(text, text), feed.parse, region, country)
        return [look for _, look in looks]

    @staticmethod
    def _zone_of(profile: Profile, zone: ZoneInfo) -> ZoneInfo:
        return ZoneInfo(profile.file.timezone) if profile.file.timezone else zone

    def _fixed_values(self, each: Pass, importer: Importer) -> dict[str, Any]:
        fixed: dict[str, Any] = {}
        for key, text in each.fixed.items():
            target = _target(importer, key)
            try:
                fixed[key] = self._parser(target, None, key)(text)
            except BadValue as bad:
                raise UnreadableFile(
                    gettext("The fixed value for {label} cannot be used: {bad}").format(label=target.label, bad=bad)
                ) from None
        return fixed

    def _parser(self, target: Target, place: int | None, column: str) -> Parser:
        match target.kind:
            case TargetKind.DATE | TargetKind.DATETIME:
                return self._date_parser(target.kind, place, column)
            case TargetKind.DECIMAL | TargetKind.MONEY | TargetKind.INTEGER:
                decimal = self._profile.file.decimal
                if decimal is None and place is not None:
                    guess = infer_decimal_comma(self._cells(place, SAMPLE))
                    decimal = guess.mark
                    self._note(column, guess.reason, guess.certain)
                read = _NUMBERS[target.kind]
                return lambda text: read(text, decimal=decimal)
            case TargetKind.BOOL:
                return parse_bool
            case TargetKind.CHOICE:
                return choice_parser(target.choices, target.called)
            case _:
                return _text_parser(target)

    def _date_parser(self, kind: TargetKind, place: int | None, column: str) -> Parser:
        order = self._profile.file.date_order
        if order is None:
            guess = infer_date_order(self._cells(place, SAMPLE))
            if not guess.certain and place is not None:
                # The first rows decide nothing: a sorted file may only show its order further down.
                guess = infer_date_order(self._cells(place, None))
            order = guess.order
            self._note(column, guess.reason, guess.certain)
        if kind is TargetKind.DATE:
            return lambda text: parse_date(text, order=order)
        zone = self._zone
        return lambda text: parse_datetime(text, order=order, timezone=zone)

    def _cells(self, place: int | None, count: int | None) -> Iterable[str]:
        if place is None:
            return []
        if count is not None:
            return [cells[place] for cells in self._table.sample(count)]
        return (cells[place] for _, cells in self._table.rows())

    def _note(self, column: str, reason: str, certain: bool) -> None:
        if not certain:
            self.guesses.append(Guess(column, reason, certain))


def _target(importer: Importer, key: str) -> Target:
    target = importer.target(key)
    if target is None:
        known = ", ".join(t.key for t in importer.targets)
        raise UnreadableFile(
            gettext("“{key}” is nothing that {kind} can take; there are: {known}.").format(
                key=key, kind=importer.kind, known=known
            )
        )
    return target


def _text_parser(target: Target) -> Parser:
    longest = target.max_length

    def parse(text: str) -> str:
        if len(text) > longest:
            raise BadValue(
                gettext("{label} has {text} characters, {longest} is the most.").format(
                    label=target.label, text=len(text), longest=longest
                )
            )
        return text

    return parse
