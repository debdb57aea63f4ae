"""Whom an actor may see. Every other read of parties starts here."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from headwater.parties.models import Activity, Grant, MatchProposal, Party, PartyKind
from headwater.platform.actor import Actor, Visibility, owned_by, owned_rows, per_actor
from headwater.platform.among import VALUES
from headwater.platform.parts import with_parts
from headwater.platform.written import Given, written

# What records of other nouns show of a party: its name, as a link or marked as deleted, and what they sort by.
NAMED = ("kind", "name", "name_key", "deleted_at", "merged_into")
NOBODYS = Q(owner=None, team=None)


@per_actor
def visible_parties(actor: Actor) -> QuerySet[Party]:
    """The people and companies ``actor`` may see.

    Those within the actor's visibility by owner and team, those nobody owns, and those that were opened to the
    actor because work on them was given to them. Companies and people follow the same rule.
    """
    return reachable_parties(actor).filter(deleted_at=None, merged_into=None)


@per_actor
def reachable_parties(actor: Actor) -> QuerySet[Party]:
    """As :func:`visible_parties`, with those that were deleted or became part of another record."""
    kinds = [
        kind
        for kind, noun in ((PartyKind.PERSON, "person"), (PartyKind.ORGANISATION, "organisation"))
        if actor.may(f"parties.{noun}.see")
    ]
    if not kinds:
        return Party.objects.none()
    rows = Party.objects.all()
    if len(kinds) == 1:
        rows = rows.filter(kind=kinds[0])
    return rows.filter(_within_reach(actor))


def became(actor: Actor, party_id: int) -> int | None:
    """Which party one that is out of sight is part of by now, as far as the actor may see that."""
    rows = visible_parties(actor).filter(
        pk__in=Party.objects.filter(pk=party_id, merged_into__isnull=False).values("merged_into")
    )
    return rows.values_list("pk", flat=True).first()


def absorbed(party_id: int) -> list[int]:
    """The parties that became part of one: what hangs on them is read with it."""
    return list(Party.objects.filter(merged_into=party_id).order_by("pk").values_list("pk", flat=True))


def visible_people(actor: Actor) -> QuerySet[Party]:
    """The people ``actor`` may see, with their employer and owner."""
    people = visible_parties(actor).filter(kind=PartyKind.PERSON)
    return with_parts(people, employer=NAMED, owner=("name",))


def visible_organisations(actor: Actor) -> QuerySet[Party]:
    """The companies ``actor`` may see, with their owner."""
    return with_parts(visible_parties(actor).filter(kind=PartyKind.ORGANISATION), owner=("name",))


@per_actor
def visible_activities(actor: Actor) -> QuerySet[Activity]:
    """What was done or is to be done with the parties ``actor`` may see, and the actor's own to-dos."""
    if not actor.may("parties.activity.see"):
        return Activity.objects.none()
    rows = Activity.objects.filter(deleted_at=None, party__deleted_at=None)
    rows = with_parts(rows, party=(*NAMED, "employer"), owner=("name",))
    if actor.visibility is Visibility.ALL:
        return rows
    mine = Q(owner_id=actor.user_id) if actor.user_id is not None else Q(pk__in=())
    # Asked activity by activity: a list of all visible parties would be made anew for every search.
    return rows.filter(mine | Exists(visible_parties(actor).filter(pk=OuterRef("party_id"))))


def deleted_parties(actor: Actor, kind: str) -> QuerySet[Party]:
    """The deleted people or companies an actor may restore."""
    noun = "person" if kind == PartyKind.PERSON else "organisation"
    if not actor.may(f"parties.{noun}.delete"):
        return Party.objects.none()
    rows = reachable_parties(actor).filter(kind=kind, merged_into=None).exclude(deleted_at=None)
    return rows.select_related("employer")


def deleted_activities(actor: Actor) -> QuerySet[Activity]:
    """The deleted activities an actor may restore."""
    if not actor.may("parties.activity.delete"):
        return Activity.objects.none()
    rows = Activity.objects.exclude(deleted_at=None).filter(party_id__in=visible_parties(actor).values("pk"))
    return rows.select_related("party")


@per_actor
def visible_proposals(actor: Actor) -> QuerySet[MatchProposal]:
    """Pairs of parties that may be one and that nobody has judged yet; both sides visible to ``actor``."""
    # Asked pair by pair: there are few, and a list of everybody who is seen would be made for each page.
    sides = [Exists(visible_parties(actor).filter(pk=OuterRef(side))) for side in ("party_id", "other_id")]
    return MatchProposal.objects.filter(*sides, decided_at=None).select_related("party", "other")


def by_ids(actor: Actor, ids: Iterable[int]) -> QuerySet[Party]:
    """Those of ``ids`` the actor may see."""
    return visible_parties(actor).filter(pk__in=list(ids))


def out_of_sight(actor: Actor, ids: Iterable[int | None]) -> set[int]:
    """Those of the parties that the actor does not see. One query, none for who sees everybody."""
    asked = {pk for pk in ids if pk is not None}
    sees_both = actor.may("parties.person.see") and actor.may("parties.organisation.see")
    if not asked or (sees_both and actor.visibility is Visibility.ALL):
        return set()
    return asked - set(_seen_among(actor, ids=asked))


def beyond_reach(actor: Actor, ids: Iterable[int]) -> set[int]:
    """The same by whose they are, of those deleted since as well; one query, none for who sees as far as all."""
    asked = set(ids)
    if not asked or actor.visibility is Visibility.ALL:
        return set()
    return asked - set(Party.objects.filter(_within_reach(actor), pk__among=asked).values_list("pk", flat=True))


@written
def _seen_among(actor: Actor) -> QuerySet[Party, int]:
    return visible_parties(actor).filter(pk__among=Given("ids", VALUES)).values_list("pk", flat=True)


def names_of(ids: Iterable[int]) -> dict[int, str]:
    """The names of parties, deleted ones included, for sentences about them. One query; unknown ids are missing.

    It asks for no rights: call it with ids the reader was already shown.
    """
    wanted = set(ids)
    if not wanted:
        return {}
    return dict(Party.objects.filter(pk__in=wanted).values_list("pk", "name"))


def owners_of(ids: Iterable[int]) -> dict[int, int]:
    """Who looks after parties, whoever asks: rules of other rooms need it. Those without an owner are missing."""
    rows = Party.objects.filter(pk__in=list(ids), owner__isnull=False)
    return {pk: owner_id for pk, owner_id in rows.values_list("pk", "owner_id") if owner_id is not None}


def _within_reach(actor: Actor) -> Q:
    if actor.visibility is Visibility.ALL:
        return Q()
    opened = Exists(_grants(actor).filter(party_id=OuterRef("pk")))
    return owned_rows(actor) | NOBODYS | Q(opened)


def seen_by(actor: Actor) -> list[Q]:
    """By what an actor sees people and companies, any of which suffices; nothing for who sees all."""
    owned = owned_by(actor)
    return [*owned, NOBODYS, Q(pk__in=_grants(actor).values("party"))] if owned else []


def parties_by_reach(actor: Actor) -> list[QuerySet[Party]]:
    """The people and companies an actor sees, each lot by one of the conditions; nothing for who sees all."""
    return [Party.objects.filter(each) for each in seen_by(actor)]


def _grants(actor: Actor) -> QuerySet[Grant]:
    granted = Q(user_id=actor.user_id) if actor.user_id is not None else Q(pk__in=())
    if actor.team_ids:
        granted |= Q(team_id__in=sorted(actor.team_ids))
    return Grant.objects.filter(granted)
