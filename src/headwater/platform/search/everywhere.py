"""Finding across all nouns at once, for the palette and the API: the few records that fit best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.platform.actor import Actor
from headwater.platform.installation import installation
from headwater.platform.models import SearchProgress
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.search import store
from headwater.platform.search.finding import TAIL, Found, fitness, fresh_ids, similar, unindexed
from headwater.platform.search.keeping import is_behind
from headwater.platform.search.words import Words, beginning, read

PER_NOUN = 4
MOST = 10
SHORTEST = 2
CANDIDATES = 24  # hits of a noun looked at first
COLLECTED = 500  # hits of a noun looked at when few of those may be seen
FAR = 9
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
    named = store.newest_of(keys, beginning(words), CANDIDATES // 2)
    held = store.newest_of(keys, words, COLLECTED + 1)
    fresh, hits.is_behind = _fresh(nouns, words)
    for resource in nouns:
        newest = [*fresh.get(resource.key, ()), *held.get(resource.key, ())]
        if not newest and not named.get(resource.key):
            continue
        rows = _visible(resource, actor, words, named.get(resource.key, []), newest, per_noun)
        ranked = sorted(
            (Hit(resource, row, fitness(resource.title(row), words, resource.subtitle(row))) for row in rows),
            key=lambda hit: (hit.fit, -hit.row.pk),
        )
        hits.records += ranked[:per_noun]
        if len(ranked) > per_noun:
            hits.more.append(resource)
    hits.records.sort(key=lambda hit: (hit.fit, hit.resource.searched.rank))
    del hits.records[limit:]
    if len(hits.records) < ENOUGH:
        hits.similar = _similar(nouns, actor, words, {(h.resource.key, h.row.pk) for h in hits.records})
    return hits


def _visible(
    resource: Resource, actor: Actor, words: Words, named: Sequence[int], newest: Sequence[int], wanted: int
) -> list[Any]:
    """Some of the rows the actor may see, those that begin so and the newest before others."""
    first = list(dict.fromkeys([*named, *newest[:CANDIDATES]]))
    rows = list(resource.rows(actor).filter(pk__in=first))
    if len(rows) > wanted or len(newest) <= CANDIDATES:
        return rows
    if len(newest) <= COLLECTED:
        return rows + list(resource.rows(actor).filter(pk__in=newest[CANDIDATES:])[: wanted + 1])
    known = {row.pk for row in rows}
    further = Found(resource, words, few=COLLECTED).among(resource.rows(actor))[: wanted + 1]
    return rows + [row for row in further if row.pk not in known]


def _fresh(nouns: Sequence[Resource], words: Words) -> tuple[dict[str, list[int]], bool]:
    """Rows without an entry yet that hold the words, and whether there are more such rows than were compared."""
    found: dict[str, list[int]] = {}
    if not is_behind():
        return found, False
    behind = False
    positions = dict(SearchProgress.objects.values_list("noun", "position"))
    for resource in nouns:
        ids = unindexed(resource, TAIL, beyond=positions.get(resource.key, 0))
        behind = behind or len(ids) == TAIL
        if ids:
            found[resource.key] = fresh_ids(resource, words, ids)
    return found, behind


def _similar(nouns: Sequence[Resource], actor: Actor, words: Words, shown: set[tuple[str, int]]) -> list[Hit]:
    """Names like what was typed, of the nouns that have a name of their own."""
    own = [r for r in nouns if r.searched.name and "__" not in r.searched.name[0]]
    hits = []
    for resource in sorted(own, key=lambda r: r.searched.rank):
        for row in similar(resource, resource.rows(actor), words, ENOUGH):
            if (resource.key, row.pk) not in shown:
                hits.append(Hit(resource, row, FAR))
    return hits[: 2 * ENOUGH]
