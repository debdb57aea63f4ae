"""What a party's page shows beside its timeline: how to reach it, whom it belongs to, its tags and to-dos."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from headwater.parties.models import (
    Activity,
    ActivityKind,
    ContactPoint,
    MatchProposal,
    Party,
    PartyTag,
    Relationship,
    RelationshipKind,
    Tag,
)
from headwater.parties.queries.visible import (
    NAMED,
    visible_activities,
    visible_parties,
    visible_people,
    visible_proposals,
)
from headwater.platform.actor import Actor, Visibility
from headwater.platform.parts import with_parts
from headwater.platform.written import written

OUT_OF_SIGHT = _("somebody you may not see")

# How a relationship is said from the other side.
REVERSED = {
    RelationshipKind.WORKS_FOR: "employs",
    RelationshipKind.PARENT_OF: _("is part of"),
    RelationshipKind.SUPPLIES: _("is supplied by"),
    RelationshipKind.RESELLS_TO: _("buys through"),
    RelationshipKind.REFERRED: _("was referred by"),
    RelationshipKind.INTRODUCED: _("was introduced by"),
    RelationshipKind.PARTNER_OF: _("is partner of"),
    RelationshipKind.COMPETES_WITH: _("competes with"),
    RelationshipKind.REPORTS_TO: "leads",
}


@dataclass(frozen=True)
class Connection:
    """A relationship as it reads on one party's page."""

    id: int
    words: str
    other: Party
    buying_role: str
    from_date: date | None
    until_date: date | None
    note: str

    @property
    def holds(self) -> bool:
        """Whether it still holds."""
        return self.until_date is None


def contact_points_of(party: Party) -> QuerySet[ContactPoint]:
    """The ways to reach a party, the primary ones of each kind first."""
    return ContactPoint.objects.filter(party=party, deleted_at=None).order_by("kind", "-is_primary", "pk")


def connections_of(actor: Actor, party: Party, *, limit: int = 50) -> list[Connection]:
    """How a party belongs to others, what holds first. The people of a company are asked for apart."""
    rows = Relationship.objects.filter(Q(from_party=party) | Q(to_party=party), deleted_at=None)
    if not party.is_person:
        rows = rows.exclude(kind=RelationshipKind.WORKS_FOR)
    rows = rows.filter(from_party__deleted_at=None, to_party__deleted_at=None)
    links = list(with_parts(rows, from_party=NAMED, to_party=NAMED).order_by("-pk")[:limit])
    others = {pk for link in links for pk in (link.from_party_id, link.to_party_id)} - {party.pk}
    seen = set(visible_parties(actor).filter(pk__in=others).values_list("pk", flat=True))
    found = [_connection(link, party, seen) for link in links]
    return sorted(found, key=lambda one: not one.holds)


def people_of(actor: Actor, company: Party) -> QuerySet[Party]:
    """The people of a company whom the actor may see."""
    return visible_people(actor).filter(employer=company).order_by("name_key", "pk")


def buying_roles_of(company: Party) -> dict[int, str]:
    """What the people of a company have to say when it buys, by person."""
    jobs = Relationship.objects.filter(
        to_party=company, kind=RelationshipKind.WORKS_FOR, until_date=None, deleted_at=None
    ).exclude(buying_role="")
    return {job.from_party_id: job.get_buying_role_display() for job in jobs}


def tags_of(party: Party) -> list[Tag]:
    """The words people put on a party."""
    return [link.tag for link in PartyTag.objects.filter(party=party).select_related("tag").order_by("tag__name")]


def tag_choices(actor: Actor) -> list[tuple[str, str]]:
    """The tags of those the actor sees, as choices of a filter."""
    return [(str(pk), name) for pk, name in _tags_in_sight(actor.itself)]


@written
def _tags_in_sight(actor: Actor) -> QuerySet[Tag, tuple[int, str]]:
    tags = Tag.objects.order_by("name")
    if actor.visibility is not Visibility.ALL:  # of each tag, the first party that the actor sees is enough
        party = visible_parties(actor).filter(pk=OuterRef("party"))
        tags = tags.filter(Exists(PartyTag.objects.filter(Exists(party), tag=OuterRef("pk"))))
    return tags.values_list("pk", "name")


def todos_of(actor: Actor, party: Party, *, limit: int = 10) -> list[Activity]:
    """What is still to be done for a party, the most urgent first."""
    rows = visible_activities(actor).filter(party=party, kind=ActivityKind.TODO, done_at=None)
    return list(rows.order_by("due_at", "pk")[:limit])


def is_proposed(party: Party) -> bool:
    """Whether somebody should look if this party is the same as another."""
    sides = Q(party=party) | Q(other=party)
    return MatchProposal.objects.filter(sides, decided_at=None).exists()


def proposals_for(actor: Actor, party: Party) -> list[tuple[MatchProposal, Party]]:
    """Who this party may be the same as, as long as nobody has judged it."""
    found = visible_proposals(actor).filter(Q(party=party) | Q(other=party)).order_by("pk")
    rows = with_parts(found, party=NAMED, other=NAMED)[:5]
    return [(proposal, proposal.other if proposal.party_id == party.pk else proposal.party) for proposal in rows]


def _connection(link: Relationship, party: Party, seen: set[int]) -> Connection:
    outgoing = link.from_party_id == party.pk
    other = link.to_party if outgoing else link.from_party
    if other.pk not in seen:  # that there is somebody is part of one's own record, who it is is not
        other = Party(pk=other.pk, kind=other.kind, name=str(OUT_OF_SIGHT))
    words = link.get_kind_display() if outgoing else REVERSED[RelationshipKind(link.kind)]
    return Connection(
        id=link.pk,
        words=str(words),
        other=other,
        buying_role=link.get_buying_role_display() if link.buying_role else "",
        from_date=link.from_date,
        until_date=link.until_date,
        note=link.note,
    )
