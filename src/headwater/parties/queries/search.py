"""Finding parties by what people remember of them: a name, an address, a number, the company."""

from __future__ import annotations

from headwater.parties.models import Party, PartyKind
from headwater.parties.queries.visible import visible_parties
from headwater.platform.actor import Actor
from headwater.platform.resource import REGISTRY
from headwater.platform.search.finding import best, find

SHORTEST = 2
_NOUNS = (("parties.person", PartyKind.PERSON), ("parties.organisation", PartyKind.ORGANISATION))


def search(actor: Actor, text: str, limit: int) -> list[Party]:
    """The first ``limit`` parties that match ``text``, people first, and of those the best by name."""
    if len(text.strip()) < SHORTEST:
        return []
    found: list[Party] = []
    for noun, kind in _NOUNS:
        rows = visible_parties(actor).filter(kind=kind).select_related("employer")
        found += best(REGISTRY[noun], rows, find(REGISTRY[noun], text).words, limit)
    return found[:limit]
