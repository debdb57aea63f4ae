"""Entries by the pieces of text they hold, on both databases behind the same few functions, and how they are kept.

The index (``index.py``) only narrows down: that an entry really holds the text is always compared.
"""

# ruff: noqa: S608  (values are parameters; what is put together are comparisons of our own)

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.expressions import RawSQL
from django.db.models.lookups import IsNull

from headwater.platform.among import VALUES, spread_over
from headwater.platform.models import SearchEntry
from headwater.platform.search.index import ROOM_FOR_IDS, first_id, last_id, of_noun
from headwater.platform.search.words import START, Words, beginning
from headwater.platform.written import Given, written

PIECE = 3
NEWEST = 10_000
COMMON_SHARE = 50  # one in so many of the newest entries: no others need to be looked for
SAMPLE = 1_000
STRETCHES = 4  # so many times fewer places all over, with
STRETCH = 16  # entries at each
PAGE = 50  # rows that a list is read for
ROOM = 1.5  # what a sample tells may be so much more than there is
GATHERED = 2  # so many entries are gathered while one is looked up

_FROM_INDEX = (
    "FROM platform_search CROSS JOIN platform_searchentry e ON e.id = platform_search.rowid"
    " WHERE platform_search MATCH %s"
)
_WITHIN = " AND platform_search.rowid BETWEEN %s AND %s"


def _newest_held(noun: str, words: Words) -> str:
    """Ids of the newest entries of a noun that hold words, up to a limit, from PostgreSQL's index of the noun.

    Put in order by more than the id: PostgreSQL would read all entries backwards in the hope of an early hit.
    """
    held = _held(words, "text LIKE %s")
    return f"SELECT id FROM platform_searchentry WHERE {of_noun(noun)} AND {held} ORDER BY id + 0 DESC LIMIT %s"


# ---------------------------------------------------------------- finding


def there_is(rows: QuerySet[Any]) -> Q:
    """Whether there is such a row, asked row by row of a list that is read in its order.

    For ``EXISTS`` PostgreSQL would rather collect all of them beforehand, taking them for few.
    """
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))


def holding(noun: str, words: Words) -> Q:
    """The rows of ``noun`` whose entry holds the words, asked row by row."""
    entries = SearchEntry.objects.filter(pk=OuterRef("pk") + first_id(noun))
    for term in words.terms:
        anyhow = Q()
        for spelling in term:
            anyhow |= Q(text__contains=spelling)
        entries = entries.filter(anyhow)
    return there_is(entries)


def gathered(noun: str, words: Words, spread: Spread, wanted: int) -> Q | None:
    """The same of all rows that hold the words, side by side, for who wants so many of them.

    None where their entries are sooner looked up one by one until there are as many, or no index can tell.
    """
    if connection.vendor == "sqlite" or _is_too_short(words) or not spread.is_gathered(wanted):
        return None
    held = _held(words, "text LIKE %s")
    found = f"SELECT id - {first_id(noun)} FROM platform_searchentry WHERE {of_noun(noun)} AND {held}"
    return Q(pk__in=RawSQL(found, _patterns(words)))  # noqa: S611


def ids_of(noun: str, words: Words, limit: int, spread: Spread | None = None) -> list[int] | None:
    """Up to ``limit`` rows whose entry holds the words, the newest first.

    None when no index can tell, or when so many rows hold them that collecting those wanted takes longer than asking
    the rows of a list one by one: ``spread`` tells, where it is looked at for more than this.
    """
    spread = spread or Spread(noun, words)
    if connection.vendor == "sqlite":
        wanted = _match(words)
        if not wanted:
            return None
        bounds = [first_id(noun), last_id(noun)]
        if _is_piece(words):
            found = f"SELECT rowid FROM platform_search WHERE platform_search MATCH %s{_WITHIN}"
            return _ids(noun, f"{found} ORDER BY rowid DESC LIMIT %s", [wanted, *bounds, limit])
        params = [wanted, *bounds, *_globs(words), limit]
        if limit <= SAMPLE:
            return _ids(noun, _in_index("e.id", words), params)
        if spread.is_common(limit):
            return None
        ids = _ids(noun, _in_index("e.id", words, order="ASC"), params)
        return ids[::-1] if len(ids) < limit else None
    if _is_too_short(words) or spread.is_common(limit):
        return None
    return _ids(noun, _newest_held(noun, words), [*_patterns(words), limit])


def all_of(nouns: Iterable[str], words: Words, limit: int) -> dict[str, list[int]] | None:
    """Of each noun all rows whose entry holds the words, the newest first; None when there are more than ``limit``.

    None on PostgreSQL as well, which has an index for each noun and none of all.
    """
    wanted = _match(words) if connection.vendor == "sqlite" else ""
    if not wanted:
        return None
    with connection.cursor() as cursor:
        every = _in_index("e.id", words, order="ASC").replace(_WITHIN, "")
        cursor.execute(every, [wanted, *_globs(words), limit + 1])
        ids = sorted((row[0] for row in cursor.fetchall()), reverse=True)
    if len(ids) > limit:
        return None
    return _split(nouns, ids)


def named_and_held(
    nouns: Sequence[str], called: Sequence[str], words: Words, *, named: int, held: int, at_hand: int
) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Of each noun rows whose name begins with the words, of those ``called`` something, and rows that hold them.

    Up to ``named`` and ``held`` of each, the newest first, and up to ``at_hand`` where as many are found with them.
    PostgreSQL has none of its index where its newest entries hold half as many names, or all that are wanted of the
    others.
    """
    first = beginning(words)
    if connection.vendor == "sqlite":
        return _newest_of(called, first, named), _newest_of(nouns, words, held)
    common = NEWEST // COMMON_SHARE
    found = _among_newest(nouns, words, common)
    often = [n for n in called if len(found.get(n, ())) == common]
    begun = _beginning_with({n: found[n] for n in called if n in found and n not in often}, first)
    begun |= _among_newest(often, first, named)
    lacking = [n for n in called if len(begun.get(n, ())) < min(named // 2, common)]
    # What stands at the beginning is found by the index wherever it stands: no help where that is common.
    anywhere = _among_newest([n for n in lacking if n in often], _without_place(first), common)
    rare = [n for n in lacking if len(anywhere.get(n, ())) < common]
    begun |= _by_noun({n: (_newest_held(n, first), [*_patterns(first), named]) for n in rare})
    if not _is_too_short(words):
        rare = [n for n in nouns if len(found.get(n, ())) < min(held, common)]
        found |= _by_noun({n: (_newest_held(n, words), [*_patterns(words), held]) for n in rare})
    held = max(held, at_hand)
    return {n: ids[:named] for n, ids in begun.items()}, {n: ids[:held] for n, ids in found.items()}


def _newest_of(nouns: Sequence[str], words: Words, limit: int) -> dict[str, list[int]]:
    """Of each noun up to ``limit`` rows whose entry holds the words, the newest first. For SQLite."""
    wanted = _match(words)
    if not wanted:
        return {}
    one = _in_index("e.id", words)
    return _by_noun({n: (one, [wanted, first_id(n), last_id(n), *_globs(words), limit]) for n in nouns})


def _beginning_with(found: Mapping[str, Sequence[int]], first: Words) -> dict[str, list[int]]:
    """Those of the rows whose name begins so, the newest first."""
    ids = [first_id(noun) + pk for noun, rows in found.items() for pk in rows]
    entries = SearchEntry.objects.filter(pk__among=ids, text__startswith=first.terms[0][0]).order_by("-pk")
    return _split(found, entries.values_list("pk", flat=True)) if ids else {}


def _among_newest(nouns: Sequence[str], words: Words, limit: int) -> dict[str, list[int]]:
    """Of each noun up to ``limit`` rows that hold the words, of its newest entries. For PostgreSQL."""
    sql = (
        "SELECT id FROM (SELECT id, text FROM platform_searchentry WHERE id BETWEEN %s AND %s ORDER BY id DESC"
        f" LIMIT %s) AS newest WHERE {_held(words, 'text LIKE %s')} LIMIT %s"
    )
    patterns = _patterns(words)
    return _by_noun({n: (sql, [first_id(n), last_id(n), NEWEST, *patterns, limit]) for n in nouns})


def _without_place(words: Words) -> Words:
    """The words wherever they stand, not only at the beginning of a name."""
    return Words(words.text, tuple(tuple(spelling.removeprefix(START) for spelling in term) for term in words.terms))


def _by_noun(asked: Mapping[str, tuple[str, list[Any]]]) -> dict[str, list[int]]:
    """What is asked of several nouns, in one query."""
    if not asked:
        return {}
    found: dict[str, list[int]] = {}
    parts = [f"SELECT {at}, id FROM ({sql}) AS noun_{at}" for at, (sql, _) in enumerate(asked.values())]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [value for _, values in asked.values() for value in values])
        nouns = list(asked)
        for at, pk in cursor.fetchall():
            found.setdefault(nouns[at], []).append(pk - first_id(nouns[at]))
    return found


def ids_near(nouns: Sequence[str], pieces: Sequence[Sequence[str]], limit: int) -> dict[str, list[int]]:
    """Rows whose entry holds all pieces of one of the ways: candidates for a word with a mistake in it."""
    ways = [[piece for piece in way if len(piece) >= PIECE] for way in pieces]
    ways = [way for way in ways if way]
    if not ways or not nouns:
        return {}
    if connection.vendor == "sqlite":
        match = " OR ".join(f"({' AND '.join(_grams(piece) for piece in way)})" for way in ways)
        # Noun by noun: from between others the index would hand out all there is.
        part = f"SELECT * FROM (SELECT rowid FROM platform_search WHERE platform_search MATCH %s{_WITHIN} LIMIT %s)"
        sql = " UNION ALL ".join(part for _ in nouns)
        params: list[Any] = [value for n in nouns for value in (match, first_id(n), last_id(n), limit)]
    else:
        held = " OR ".join("text LIKE %s" for _ in ways)
        parts = [f"SELECT id FROM platform_searchentry WHERE {of_noun(noun)} AND ({held})" for noun in nouns]
        # Kept apart, or the database reads all entries in the hope of early hits.
        sql = f"WITH found AS MATERIALIZED ({' UNION ALL '.join(parts)}) SELECT id FROM found"
        patterns = ["%" + "%".join(_escaped(piece) for piece in way) + "%" for way in ways]
        params = patterns * len(nouns)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT %s", [*params, limit])
        return _split(nouns, (row[0] for row in cursor.fetchall()))


def _split(nouns: Iterable[str], entries: Iterable[int]) -> dict[str, list[int]]:
    numbers = {first_id(noun) >> ROOM_FOR_IDS: noun for noun in nouns}
    found: dict[str, list[int]] = {}
    for entry in entries:
        noun = numbers.get(entry >> ROOM_FOR_IDS)
        if noun is not None:
            found.setdefault(noun, []).append(entry - first_id(noun))
    return found


def names_of(ids: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], str]:
    """The names of rows of some nouns, folded, as their entries hold them. One query."""
    return {row: name_in(text) for row, text in texts_in(ids).items()}


def texts_in(ids: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], str]:
    """The text of the entries that rows of some nouns have. One query."""
    wanted = {first_id(noun) + pk: (noun, pk) for noun, some in ids.items() for pk in some}
    return {wanted[pk]: text for pk, text in _entries(ids=wanted)}


@written
def _entries() -> QuerySet[SearchEntry, tuple[int, str]]:
    return SearchEntry.objects.filter(pk__among=Given("ids", VALUES)).values_list("pk", "text")


def name_in(text: str) -> str:
    """The name in the text of an entry."""
    return text.split("\n", 1)[0].removeprefix(START).strip()


def one_of(ids: Sequence[int]) -> Any:
    """``ids`` for a comparison ``pk__in``: one parameter, however many they are."""
    told = VALUES.get_db_prep_value(ids, connection)
    if connection.vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [told])
    return RawSQL("SELECT unnest(%s::bigint[])", [told])


def opaque(condition: Q) -> Q:
    """The condition in a form that no index serves, and of which no database believes to know how many rows meet it."""
    return Q(Case(When(condition, then=True), default=False, output_field=BooleanField()))


def newest_ids(noun: str, words: Words, limit: int) -> RawSQL | None:
    """As :func:`ids_of`, for a comparison ``pk__in`` where SQLite keeps them to itself; None as there."""
    wanted = _match(words) if connection.vendor == "sqlite" else ""
    if not wanted:
        return None
    return RawSQL(  # noqa: S611
        _in_index(f"e.id - {first_id(noun)}", words),
        [wanted, first_id(noun), last_id(noun), *_globs(words), limit],
    )


def rare_among(noun: str, words: Words, spread: Spread, rows: QuerySet[Any], most: int, count: int) -> list[int] | None:
    """Up to ``count`` of some rows that hold the words, in no order; None where more than ``most`` rows may hold them.

    For PostgreSQL, from hit to hit of its index: it would else gather all of them first, or ask each row for its entry.
    """
    if _is_too_short(words) or spread.held > most:
        return None
    held = f"SELECT id - {first_id(noun)} AS pk FROM platform_searchentry WHERE {of_noun(noun)}"
    one = rows.order_by().filter(pk=RawSQL("hit.pk", [])).values("pk")
    sql, params = one.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT seen.pk FROM ({held} AND {_held(words, 'text LIKE %s')} OFFSET 0) AS hit, LATERAL ({sql}) AS seen"
            " LIMIT %s",
            [*_patterns(words), *params, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _ids(noun: str, sql: str, params: list[Any]) -> list[int]:
    first = first_id(noun)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] - first for row in cursor.fetchall()]


def _in_index(what: str, words: Words, *, order: str = "DESC") -> str:
    """Entries that hold words, from SQLite's index: the newest first, where a few of them will do.

    All of them are sooner collected from the oldest on: SQLite finds the next entry beside the one before, and going
    backwards it looks for each from the top of the table.
    """
    held = _held(words, "e.text GLOB %s")
    return f"SELECT {what} {_FROM_INDEX}{_WITHIN} AND {held} ORDER BY platform_search.rowid {order} LIMIT %s"


def _match(words: Words) -> str:
    """The words as the full-text table is asked; terms too short for it are left to the comparison."""
    terms = [term for term in words.terms if all(len(spelling) >= PIECE for spelling in term)]
    return " AND ".join(f"({' OR '.join(f'({_grams(spelling)})' for spelling in term)})" for term in terms)


def _is_too_short(words: Words) -> bool:
    """Whether PostgreSQL's index can tell nothing of any term."""
    return all(any(len(spelling) < PIECE for spelling in term) for term in words.terms)


def _is_piece(words: Words) -> bool:
    """Whether the index alone can tell: all that is looked for is one piece as it keeps them."""
    return [len(spelling) for spelling in _spellings(words)] == [PIECE]


def _grams(text: str) -> str:
    # Every other piece and the last: half the lookups, and what they let through is compared anyway.
    places = [*range(0, len(text) - PIECE, 2), len(text) - PIECE]
    pieces = dict.fromkeys(text[at : at + PIECE] for at in places)
    return " AND ".join(f'"{piece}"' for piece in pieces)


def _held(words: Words, comparison: str) -> str:
    return " AND ".join(f"({' OR '.join(comparison for _ in term)})" for term in words.terms)


def _spellings(words: Words) -> list[str]:
    return [spelling for term in words.terms for spelling in term]


def _patterns(words: Words) -> list[str]:
    return [f"%{_escaped(spelling)}%" for spelling in _spellings(words)]


def _globs(words: Words) -> list[str]:
    """The same for SQLite's ``GLOB``, the quickest it has: folded words hold none of its signs."""
    return [f"*{spelling}*" for spelling in _spellings(words)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@dataclass(frozen=True)
class Spread:
    """How common words are among the entries of a noun, as a look at some from all over tells.

    ``seen`` are the rows among which they are looked for, where that is not all: of a list in its order the more rows
    are read the fewer of them are seen.
    """

    noun: str
    words: Words
    seen: QuerySet[Any] | None = None

    def is_common(self, limit: int) -> bool:
        """Whether a page of a list in its order is sooner read than so many entries, up to ``limit``, are collected."""
        most = self.rows_for(PAGE)
        return self.held > (most if self.seen is None else min(most, limit * ROOM))

    def is_gathered(self, wanted: int) -> bool:
        """Whether all are sooner gathered than the entry of each row is looked up until so many wanted are found."""
        return self.held < GATHERED * self.rows_for(wanted)

    def rows_for(self, wanted: int) -> float:
        """How many rows of a list in its order are read for so many that hold the words and are seen."""
        return wanted / (self._share * self._share_seen) if self._share else inf

    @property
    def held(self) -> float:
        """How many entries hold the words."""
        oldest, newest = self._ends
        return self._share * (newest - oldest)

    @cached_property
    def _ends(self) -> tuple[int, int]:
        return _ends(self.noun)

    @cached_property
    def _sample(self) -> Sequence[int]:
        """Entries all over; none where there are few."""
        oldest, newest = self._ends
        places = SAMPLE // (1 if connection.vendor == "sqlite" else STRETCHES)
        return [] if newest - oldest < SAMPLE else spread_over(oldest, newest, places)

    @cached_property
    def _share(self) -> float:
        return _share_of(self.words, self._sample, self._ends[1]) if self._sample else 0.0

    @cached_property
    def _share_seen(self) -> float:
        if self.seen is None:
            return 1.0
        rows = [pk - first_id(self.noun) for pk in self._sample[:: len(self._sample) // (SAMPLE // STRETCHES)]]
        return max(self.seen.filter(pk__in=one_of(rows)).count(), 1) / len(rows)


def _ends(noun: str) -> tuple[int, int]:
    """The oldest and the newest entry of a noun."""
    entries = "FROM platform_searchentry WHERE id BETWEEN %s AND %s ORDER BY id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT id {entries} LIMIT 1), (SELECT id {entries} DESC LIMIT 1)",
            [first_id(noun), last_id(noun)] * 2,
        )
        oldest, newest = cursor.fetchone()
    return oldest or 0, newest or 0


def _share_of(words: Words, sample: Sequence[int], newest: int) -> float:
    """Of some entries the share that holds words: counted where they are, as texts take longer to fetch than to look
    through.

    On PostgreSQL also of those that follow each: neighbours stand on one page, so more of them take less time.
    """
    if connection.vendor == "sqlite":
        spread, held = one_of(sample), _held(words, "instr(text, %s) > 0")
        source, params = f"platform_searchentry WHERE id IN ({spread.sql})", spread.params
    else:
        held = _held(words, "strpos(text, %s) > 0")
        some = "SELECT text FROM platform_searchentry WHERE id BETWEEN first AND %s ORDER BY id LIMIT %s"
        source, params = (
            f"unnest(%s::bigint[]) AS first, LATERAL ({some}) AS stretch",
            [VALUES.get_db_prep_value(sample, connection), newest, STRETCH],
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT AVG(CASE WHEN {held} THEN 1.0 ELSE 0.0 END) FROM {source}", [*_spellings(words), *params]
        )
        (share,) = cursor.fetchone()
    return float(share or 0)


# ---------------------------------------------------------------- writing


def write(noun: str, texts: Mapping[int, str]) -> None:
    """Store the text of rows; what has not changed is not written."""
    first = first_id(noun)
    if not texts:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO platform_searchentry (id, text) VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET"
            " text = excluded.text WHERE platform_searchentry.text <> excluded.text",
            [(first + pk, text) for pk, text in texts.items()],
        )


def remove(noun: str, ids: Iterable[int]) -> None:
    """Forget rows that are not of this noun any more."""
    entries = [first_id(noun) + pk for pk in ids]
    if entries:
        SearchEntry.objects.filter(pk__in=entries).delete()


def without_entry(noun: str) -> Q:
    """The rows of ``noun`` that have no entry yet."""
    return ~Q(Exists(SearchEntry.objects.filter(pk=OuterRef("pk") + first_id(noun))))
