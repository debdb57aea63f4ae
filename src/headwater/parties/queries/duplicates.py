"""Pairs that may be one, in the order in which somebody looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.parties.models import MatchProposal, Party
from headwater.parties.queries.visible import visible_parties, visible_proposals
from headwater.platform.actor import Actor

PER_PAGE = 50


@dataclass(frozen=True)
class Pairs:
    """A stretch of the pairs that wait to be looked at; ``after`` is where the next one starts, 0 at the end."""

    rows: list[MatchProposal]
    after: int


def pairs(actor: Actor, *, after: int = 0, kind: str = "") -> Pairs:
    """The pairs nobody has judged yet, the longest waiting first, with companies. Two queries."""
    rows = visible_proposals(actor).select_related("party__employer", "other__employer")
    if kind:
        rows = rows.filter(party__kind=kind)
    found = list(rows.filter(pk__gt=after).order_by("pk")[: PER_PAGE + 1])
    return Pairs(found[:PER_PAGE], found[PER_PAGE - 1].pk if len(found) > PER_PAGE else 0)


def pair_among(actor: Actor, ids: Sequence[int]) -> MatchProposal | None:
    """The proposal that says why these records may be one."""
    return visible_proposals(actor).filter(party_id__in=ids, other_id__in=ids).order_by("pk").first()


def pair_after(actor: Actor, proposal: MatchProposal) -> MatchProposal | None:
    """The pair to look at after this one."""
    return visible_proposals(actor).filter(pk__gt=proposal.pk).order_by("pk").first()


def side_by_side(actor: Actor, ids: Sequence[int], *, kind: str) -> list[Party]:
    """Those of ``ids`` that are of this kind and in sight, with what a comparison shows."""
    return list(visible_parties(actor).filter(pk__in=ids, kind=kind).select_related("employer", "owner").order_by("pk"))
