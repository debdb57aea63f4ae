"""Finding rows by what one remembers of them. What an actor may see is always asked of the noun, never of the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from django.db.models import Q, QuerySet
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from headwater.platform.actor import Actor, Visibility
from headwater.platform.custom.closed import searched_keys
from headwater.platform.custom.values import is_custom, key_of
from headwater.platform.installation import installation
from headwater.platform.lots import is_in_lots, path_of
from headwater.platform.models import Event, Job, SearchProgress
from headwater.platform.search import store
from headwater.platform.search.declared import Searched
from headwater.platform.search.folding import fold
from headwater.platform.search.romanising import romanised
from headwater.platform.search.texts import texts_of
from headwater.platform.search.words import Words, beginning, read
from headwater.platform.written import Given, put_in, written

if TYPE_CHECKING:
    from headwater.platform.resource import Resource, Rows

FEW = 15_000  # so many hits are collected first; beyond, the list is read in its order and each row asked
CANDIDATES = 40  # hits of a noun looked at first for the few that fit best
COLLECTED = 500  # hits of a noun looked at when few of those may be seen
FOLLOWED = ""  # the progress row of the log
REMAKE_JOB: Final = "platform.remake_entries"
TAIL = 5_000  # so many rows that have no entry yet are compared one by one
NEAR = 1_000  # candidates for a word with a mistake in it
SHORTEST_MISTYPED = 4
ALIKE = 78  # of 100: how much a name must be like what was typed


@dataclass(frozen=True)
class Found:
    """The rows of one noun that hold some words, whoever may see them; :meth:`among` makes them a list's.

    How best to look, not what is found, tell ``seen``, the rows whoever asks sees where that is not all, and
    ``is_in_lots``: that their list is read lot by lot.
    """

    resource: Resource
    words: Words
    few: int = FEW
    seen: Rows | None = None
    is_in_lots: bool = False

    @cached_property
    def spread(self) -> store.Spread:
        """How common the words are."""
        return store.Spread(self.resource.key, self.words, self.seen)

    @cached_property
    def ids(self) -> list[int] | None:
        """The rows whose entry holds the words, the newest first; None when there are more than a few."""
        found = store.ids_of(self.resource.key, self.words, self.few + 1, self.spread)
        return None if found is None or len(found) > self.few else found

    @cached_property
    def fresh(self) -> list[int]:
        """Those of the newest rows, which have no entry yet, that hold the words."""
        return list(fresh_texts(self.resource, self.words, self.unindexed))

    @cached_property
    def unindexed(self) -> list[int]:
        """The newest rows, as far as they have no entry yet."""
        position = SearchProgress.objects.filter(pk=self.resource.key).values_list("position", flat=True).first()
        return unindexed(self.resource, TAIL, beyond=position or 0)

    @property
    def is_partial(self) -> bool:
        """Whether there are more new rows than are compared: some of them may be missing."""
        return len(self.unindexed) == TAIL

    def among(self, rows: Rows) -> Rows:
        """Those of ``rows`` that hold the words."""
        if not self.words:
            return rows.none()
        if self.ids is not None:
            # A set: Django looks through a list for expressions, value by value.
            return rows.filter(pk__collected=frozenset([*self.ids, *self.fresh]))
        # Each lot would gather them anew.
        gathered = None if self.is_in_lots else self._gathered(store.PAGE)
        # As a value, not a condition: PostgreSQL would put in order what it found instead.
        return self._holding(rows, store.opaque(gathered) if gathered else None)

    def _gathered(self, wanted: int) -> Q | None:
        return store.gathered(self.resource.key, self.words, self.spread, wanted)

    def _holding(self, rows: Rows, gathered: Q | None) -> Rows:
        held = gathered or store.holding(self.resource.key, self.words)
        return rows.filter(held | Q(pk__in=self.fresh)) if self.fresh else rows.filter(held)

    def count_among(self, rows: Rows, limit: int) -> int:
        """How many of ``rows`` hold the words, never counting beyond ``limit`` + 1."""
        if not self.words or self.ids is not None:
            return _count(self.among(rows), limit)
        # Most often the newest hits alone are more than anybody counts.
        newest = store.newest_ids(self.resource.key, self.words, limit + limit // 10)
        if newest is not None and _count(rows.filter(pk__in=newest), limit) > limit:
            return limit + 1
        return _count(self._holding(rows, self._gathered(limit)), limit)


def is_behind() -> bool:
    """Whether something happened that the index has not looked at. Two small queries."""
    followed = SearchProgress.objects.filter(pk=FOLLOWED).values_list("position", flat=True).first() or 0
    return Event.objects.filter(pk__gt=followed).exists()


def _is_made_again(noun: str) -> bool:
    """Whether entries of a noun may still lack what is searched since an upgrade."""
    asked = Job.objects.filter(kind=REMAKE_JOB).exclude(state=Job.State.DONE)
    return any(noun in args["nouns"] for args in asked.values_list("args", flat=True))


def find(resource: Resource, text: str, *, few: int = FEW, by: Actor | None = None, sort: str = "") -> Found:
    """What of ``resource`` is found by ``text``: names, addresses, numbers in any notation, notes, in any script.

    ``by`` says for whom and ``sort`` in which order, where that is known.
    """
    words = read(text, region=installation().region)
    return Found(resource, words, few) if by is None else found_for(by, resource, words, few=few, sort=sort)


def found_for(by: Actor, resource: Resource, words: Words, *, few: int = FEW, sort: str = "") -> Found:
    """The same for words that were read: what an index has in order of what ``by`` sees is as good as all."""
    if by.visibility is Visibility.ALL:
        return Found(resource, words, few)
    if is_in_lots(resource, resource.reach(by), path_of(resource, sort)):
        return Found(resource, words, few, is_in_lots=True)
    return Found(resource, words, few, resource.in_sight(by))


def narrowed(resource: Resource, path: str, text: str) -> Q:
    """A condition that every row with ``text`` somewhere in the column at ``path`` meets: the index narrows down.

    No condition where it cannot tell: the column is not searched, the text too short or common, or the index behind.
    """
    spelling = fold(text)
    is_searched = path in resource.searched.singles or (
        is_custom(path) and key_of(path) in searched_keys(resource.key, resource.by_key)
    )
    if len(spelling) < store.PIECE or not is_searched or is_behind() or _is_made_again(resource.key):
        return Q()
    found = Found(resource, Words(spelling, ((spelling,),)))
    if found.ids is None or found.is_partial:
        return Q()
    return Q(pk__collected=frozenset([*found.ids, *found.fresh]))


def fresh_texts(resource: Resource, words: Words, ids: Sequence[int]) -> dict[int, str]:
    """Those of ``ids``, rows too new to have an entry, that hold the words, the newest first, with their text."""
    texts = texts_of(resource, ids) if ids else {}
    return {pk: texts[pk] for pk in ids if pk in texts and words.match(texts[pk])}


def unindexed(resource: Resource, limit: int, *, beyond: int) -> list[int]:
    """The newest rows that have no entry yet, of those ``beyond`` the last one the index has followed to."""
    return _ids_without_entry(resource.key, resource.searched, limit, beyond=beyond)


@written
def _ids_without_entry(noun: str, declared: Searched, limit: int) -> QuerySet[Any, int]:
    return _without_entry(noun, declared, Given("beyond"))[:limit]


def unindexed_of(nouns: Sequence[Resource], limit: int) -> dict[str, list[int]]:
    """The same of several nouns, those that have such rows. Two queries however many nouns."""
    positions = dict(SearchProgress.objects.values_list("noun", "position"))
    found: dict[str, list[int]] = {}
    if nouns:
        sql, params = _all_without_entry(tuple((resource.key, resource.searched) for resource in nouns), limit)
        told = {str(at): positions.get(resource.key, 0) for at, resource in enumerate(nouns)}
        with connection.cursor() as cursor:
            cursor.execute(sql, put_in(params, told))
            for at, pk in cursor.fetchall():
                found.setdefault(nouns[at].key, []).append(pk)
    return found


@lru_cache(maxsize=128)
def _all_without_entry(nouns: Sequence[tuple[str, Searched]], limit: int) -> tuple[str, list[Any]]:
    """The question for the rows without an entry of several nouns, each beyond the position told by its place."""
    parts: list[str] = []
    params: list[Any] = []
    for at, (noun, searched) in enumerate(nouns):
        sql, values = _without_entry(noun, searched, Given(str(at)))[:limit].query.sql_with_params()
        parts.append(f"SELECT {at}, pk FROM ({sql}) AS noun_{at}")  # noqa: S608  (Django's own SQL)
        params += values
    return " UNION ALL ".join(parts), params


def _without_entry(noun: str, declared: Searched, beyond: int | Given) -> QuerySet[Any, int]:
    rows = declared.model._base_manager.filter(store.without_entry(noun), pk__gt=beyond)
    if declared.where:  # asked of the newest rows, which are few, not of an index, which would bring them all
        rows = rows.filter(store.opaque(Q(**declared.where)))
    return rows.order_by("-pk").values_list("pk", flat=True)


def best(resource: Resource, rows: Rows, words: Words, limit: int) -> list[Any]:
    """The few of ``rows`` that fit the words best: by name first, then the newest."""
    if not words:
        return []
    noun = resource.key
    named = store.ids_of(noun, beginning(words), CANDIDATES) or []
    found = Found(resource, words, few=COLLECTED)
    candidates = dict.fromkeys([*named, *found.fresh, *(store.ids_of(noun, words, CANDIDATES) or [])])
    seen = set(rows.filter(pk__in=list(candidates)).values_list("pk", flat=True))
    if len(seen) < limit:
        seen.update(found.among(rows).values_list("pk", flat=True)[:limit])
    names = store.names_of({noun: seen})
    ranked = sorted(seen, key=lambda pk: (fitness(names.get((noun, pk), ""), words), -pk))[:limit]
    shown = {row.pk: row for row in rows.filter(pk__in=ranked)}
    return [shown[pk] for pk in ranked if pk in shown]


BEGUN = 1  # the worst fitness of a row whose name begins with what was typed
NAMED = 2  # the worst fitness of a row whose name was typed
SHOWN = 4  # the worst fitness of a row whose name and second line show why it was found


def fitness(title: str, words: Words, subtitle: str = "") -> int:
    """How well a row fits what was typed.

    0 its name is exactly that, 1 begins so, 2 has words that begin so, 3 holds the words; 4 name and second line
    together hold them, 5 they stand elsewhere in the record.
    """
    name = fold(title)
    if name == words.text:
        return 0
    if name.startswith(words.text):
        return 1
    padded = f" {name} "
    if all(any(f" {spelling.strip()}" in padded for spelling in term) for term in words.terms):
        return 2
    if (other := _fitness_in_latin(name, words.text)) is not None:
        return other
    if words.match(padded):
        return 3
    return 4 if words.match(f"{padded} {fold(subtitle)} ") else 5


def _fitness_in_latin(name: str, typed: str) -> int | None:
    """The same of a Cyrillic or Greek name that was typed in Latin letters, in any of its ways."""
    spelled = [_without_y(word) for word in romanised(name)]
    wanted = [_without_y(word) for word in typed.split()]
    if not spelled or not all(any(word.startswith(part) for word in spelled) for part in wanted):
        return None
    return 0 if len(wanted) == len(name.split()) and set(wanted) <= set(spelled) else 2


def _without_y(word: str) -> str:
    """ "sergei" for "sergey", "dostoevski" for "dostoevskii": folded, the letters that told them apart are one."""
    return word.replace("y", "i").replace("ii", "i")


# ---------------------------------------------------------------- with a mistake in it


def similar(
    nouns: Mapping[str, Resource], rows: Mapping[str, Rows], words: Words, limit: int
) -> list[tuple[Resource, Any]]:
    """Rows of some nouns whose name is much like what was typed, the likest first: for whoever mistyped.

    ``rows`` are those of each noun that may be seen.
    """
    names = store.names_of(_near(list(nouns), words))
    scores = {row: likeness(name, words.text) for row, name in names.items()}
    likest = sorted((row for row, score in scores.items() if score >= ALIKE), key=lambda row: (-scores[row], -row[1]))
    found: dict[tuple[str, int], Any] = {}
    for noun in {noun for noun, _ in likest}:
        ids = [pk for of, pk in likest if of == noun]
        found.update({(noun, row.pk): row for row in rows[noun].filter(pk__in=store.one_of(ids))})
    return [(nouns[noun], found[noun, pk]) for noun, pk in likest if (noun, pk) in found][:limit]


def likeness(folded: str, typed: str) -> float:
    """How much a name is like what was typed, of 100: every typed word compared with the likest of the name."""
    name, wanted = folded.split(), typed.split()
    if not name or not wanted:
        return 0.0
    scores = [max(100 * OSA.normalized_similarity(word, other) for other in name) for word in wanted]
    # Of two names as like, the one with less besides comes first.
    return float(min(scores) + sum(scores) / len(scores)) / 2 + fuzz.ratio(" ".join(name), typed) / 1000


def _near(nouns: Sequence[str], words: Words) -> dict[str, list[int]]:
    """Rows that hold, of the longest word typed, everything but one stretch of a letter or two."""
    longest = max(words.text.split(), key=len, default="")
    if len(longest) < SHORTEST_MISTYPED or any(letter.isdigit() for letter in longest):
        return {}
    ways = list(_with_one_mistake(longest))
    found = store.ids_near(nouns, ways, NEAR)
    others = [word for word in words.text.split() if word != longest]
    if others and sum(map(len, found.values())) == NEAR:
        found = store.ids_near(nouns, [[*way, f" {others[0]}"] for way in ways], NEAR)
    return found


def _with_one_mistake(word: str) -> Iterable[Sequence[str]]:
    """The pieces that stay of ``word`` wherever one letter is wrong, missing or too much, or two are exchanged.

    Three letters are left out at a time, two on: every pair of neighbours is left out together once.
    """
    for at in range(0, len(word) - 1, 2):
        yield f" {word[:at]}" if at else "", word[at + 3 :]


def _count(rows: Rows, limit: int) -> int:
    return int(rows.order_by().values("pk")[: limit + 1].count())
