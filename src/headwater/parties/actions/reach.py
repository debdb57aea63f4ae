"""Getting hold of the party an action is about: seen by the actor, allowed, and locked."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.parties.models import Party, PartyKind
from headwater.parties.queries.visible import visible_parties
from headwater.platform.actor import Actor
from headwater.platform.bulk import check_each
from headwater.platform.errors import NotFound


def organisation_of(party: Party) -> int | None:
    """The organisation on whose timeline the party's facts also stand."""
    return party.pk if party.kind == PartyKind.ORGANISATION else party.employer_id


def locked_parties(ids: Sequence[int], what: str, *, by: Actor) -> list[Party]:
    """Several parties, locked until the action is over, in order of their ids.

    Raises:
        SomeRefused: some are not there, or the actor may not see them or not do ``what`` with them.
    """
    found = list(visible_parties(by).select_for_update().filter(pk__in=list(ids)).order_by("pk"))
    check_each(found, lambda party: by.require(f"{party.noun}.{what}"), ids=ids)
    return found


def locked_party(party_id: int, what: str, *, by: Actor) -> Party:
    """The party, locked until the action is over.

    Raises:
        NotFound: there is no such party, or the actor may not see it.
        NotAllowed: the actor may see it, but not do ``what`` with it.
    """
    party = visible_parties(by).select_for_update().filter(pk=party_id).first()
    if party is None:
        raise NotFound()
    by.require(f"{party.noun}.{what}")
    return party
