"""Finding across all nouns at once, for the palette and the API: the few records that fit best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Value

from headwater.platform.actor import Actor, Visibility
from headwater.platform.among import VALUES
from headwater.platform.few import RARE
from headwater.platform.installation import installation
from headwater.platform.paging import first_ids
from headwater.platform.resource import REGISTRY, Resource, Rows, rows_among
from headwater.platform.search import store
from headwater.platform.search.finding import (
    CANDIDATES,
    COLLECTED,
    NAMED,
    TAIL,
    fitness,
    found_for,
    fresh_texts,
    similar,
    unindexed_of,
)
from headwater.platform.search.keeping import is_behind
from headwater.platform.search.words import Words, read
from headwater.platform.written import Given, written

PER_NOUN = 4
MOST = 10
SHORTEST = 2
FAR = 9
LONG = 1_000
ENOUGH = 3  # fewer records than these, and similar names are looked for


@dataclass(frozen=True)
class Hit:
    """One record, and how well it fits (see ``finding.fitness``): 0 is exactly what was typed."""

    resource: Resource
    row: Any
    fit: int


@dataclass
class Hits:
    """What was found: the best first, names that are like what was typed, and the nouns that have more."""

    words: Words
    records: list[Hit] = field(default_factory=list)
    similar: list[Hit] = field(default_factory=list)
    more: list[Resource] = field(default_factory=list)
    is_behind: bool = False


def find_anything(actor: Actor, text: str, *, limit: int = MOST, per_noun: int = PER_NOUN) -> Hits:
    """The records the actor may see that fit ``text`` best, over all nouns the actor has a right to.

    Similar names come only where hardly anything fits.
    """
    words = read(text, region=installation().region)
    hits = Hits(words)
    if not words or len(text.strip()) < (1 if not text.isascii() else SHORTEST):
        return hits
    nouns = [r for r in REGISTRY.values() if actor.may(r.verb("see"))]
    keys = [r.key for r in nouns]
    held = store.all_of(keys, words, COLLECTED)
    named: dict[str, list[int]] = {}
    is_all = held is not None
    if held is None:
        called = [r.key for r in nouns if r.searched.name]
        at_hand = 0 if actor.visibility is Visibility.ALL else COLLECTED  # of whom only a part is seen
        named, held = store.named_and_held(
            keys, called, words, named=CANDIDATES // 2, held=CANDIDATES + 1, at_hand=at_hand
        )
    fresh, hits.is_behind = _fresh(nouns, words)
    candidates = {r.key: [*named.get(r.key, ()), *fresh.get(r.key, ()), *held.get(r.key, ())] for r in nouns}
    seen = _visible(actor, candidates)
    for noun, ids in seen.items():
        if not is_all and len(ids) <= per_noun and len(held.get(noun, ())) > CANDIDATES:
            seen[noun] = list(dict.fromkeys([*ids, *_further(REGISTRY[noun], actor, words, per_noun + 1)]))
    hits.records, hits.more = _ranked(seen, actor, words, fresh, limit, per_noun)
    if len(hits.records) < ENOUGH and not any(hit.fit <= NAMED for hit in hits.records):
        hits.similar = _similar(nouns, actor, words, {(h.resource.key, h.row.pk) for h in hits.records})
    return hits


def _ranked(
    seen: Mapping[str, list[int]],
    actor: Actor,
    words: Words,
    fresh: Mapping[str, Mapping[int, str]],
    limit: int,
    per_noun: int,
) -> tuple[list[Hit], list[Resource]]:
    """The records that fit best, and the nouns that have more; only what is shown is fetched."""
    names = store.names_of(seen)
    names.update({(noun, pk): store.name_in(text) for noun, texts in fresh.items() for pk, text in texts.items()})
    best: list[tuple[int, int, int, int, Resource]] = []
    for noun, ids in seen.items():
        resource = REGISTRY[noun]
        told = [(names.get((noun, pk), ""), pk) for pk in ids]
        # Of names that fit alike the shorter one is closer to what was typed, and the newer record comes first.
        ranked = sorted((fitness(name, words), len(name) if name else LONG, -pk) for name, pk in told)[:per_noun]
        best += [(fit, resource.searched.rank, length, at, resource) for fit, length, at in ranked]
    best.sort(key=lambda entry: entry[:4])
    del best[limit:]
    rows: dict[tuple[str, int], Any] = {}
    for resource in {entry[4].key: entry[4] for entry in best}.values():
        wanted = [-at for _, _, _, at, of in best if of is resource]
        rows.update({(resource.key, row.pk): row for row in rows_among(resource.rows, actor, ids=wanted)})
    shown = [Hit(of, rows[of.key, -at], fit) for fit, _, _, at, of in best if (of.key, -at) in rows]
    counts = Counter(hit.resource.key for hit in shown)
    return shown, [REGISTRY[noun] for noun, ids in seen.items() if len(ids) > counts[noun]]


def _visible(actor: Actor, candidates: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Which of the rows that were found the actor may see, of each noun that has any. One query."""
    nouns = [noun for noun, ids in candidates.items() if ids]
    seen: dict[str, list[int]] = {noun: [] for noun in nouns}
    told = {_told_as(noun): set(candidates[noun]) for noun in nouns}
    for noun, pk in _seen_of(tuple(nouns), actor, **told) if nouns else ():
        seen[noun].append(pk)
    return seen


@written
def _seen_of(nouns: Sequence[str], actor: Actor) -> Rows:
    one, *others = (
        REGISTRY[noun].in_sight(actor).filter(pk__among=Given(_told_as(noun), VALUES))
        .order_by().values_list(Value(noun), "pk")
        for noun in nouns
    )  # fmt: skip
    return one.union(*others, all=True)


def _further(resource: Resource, actor: Actor, words: Words, count: int) -> list[int]:
    """Some rows of all that the actor sees of a noun: the first of its list, where what they see is read lot by lot."""
    found = found_for(actor, resource, words)
    if connection.vendor == "sqlite":
        seen, is_all = _newest_in_sight(resource, actor, words, count)
        if is_all or len(seen) == count:
            return seen
    else:
        rare = store.rare_among(resource.key, words, found.spread, resource.in_sight(actor), RARE, count)
        if rare is not None:
            return rare
    rows = found.among(resource.in_sight(actor))
    if found.ids is None and found.is_in_lots:
        return first_ids(rows, resource, reach=resource.reach(actor), count=count)
    return list(rows.values_list("pk", flat=True)[:count])


def _newest_in_sight(resource: Resource, actor: Actor, words: Words, count: int) -> tuple[list[int], bool]:
    """Some of the newest hits that the actor sees, and whether these are all: more are looked at where few are seen.

    SQLite hands out the next hit of its index far sooner than it asks the next row who sees it.
    """
    seen: list[int] = []
    for most in (COLLECTED, RARE):
        _, held = store.named_and_held([resource.key], [], words, named=0, held=most + 1, at_hand=0)
        hits = held.get(resource.key, [])
        rows = resource.in_sight(actor).filter(pk__among=hits).order_by("-pk")
        seen = list(rows.values_list("pk", flat=True)[:count])
        if len(seen) == count or len(hits) <= most:
            return seen, len(hits) <= most
    return seen, False


def _told_as(noun: str) -> str:
    return noun.replace(".", "_")


def _fresh(nouns: Sequence[Resource], words: Words) -> tuple[dict[str, dict[int, str]], bool]:
    """Rows without an entry yet that hold the words, and whether there are more such rows than were compared."""
    found: dict[str, dict[int, str]] = {}
    if not is_behind():
        return found, False
    behind = False
    by_key = {resource.key: resource for resource in nouns}
    for noun, ids in unindexed_of(nouns, TAIL).items():
        behind = behind or len(ids) == TAIL
        found[noun] = fresh_texts(by_key[noun], words, ids)
    return found, behind


def _similar(nouns: Sequence[Resource], actor: Actor, words: Words, shown: set[tuple[str, int]]) -> list[Hit]:
    """Names like what was typed, of the nouns that have a name of their own."""
    own = {r.key: r for r in nouns if r.searched.name and "__" not in r.searched.name[0]}
    hits = []
    for resource, row in similar(own, {key: r.rows(actor) for key, r in own.items()}, words, 2 * ENOUGH):
        if (resource.key, row.pk) not in shown:
            hits.append(Hit(resource, row, FAR))
    return hits
