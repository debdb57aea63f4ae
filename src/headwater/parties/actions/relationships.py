"""How parties belong together, and the tags people put on them."""

from __future__ import annotations

from datetime import date, datetime

from headwater.parties.actions.employment import company_day
from headwater.parties.actions.reach import locked_party, organisation_of
from headwater.parties.events import MatchProposed, MatchRejected, Related, RelationshipEnded, Tagged, Untagged
from headwater.parties.models import MatchDecision, MatchProposal, Party, PartyTag, Relationship, RelationshipKind, Tag
from headwater.parties.queries.visible import visible_parties, visible_proposals
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.translated import gettext, gettext_lazy
from headwater.platform.turns import take_turns
from headwater.platform.undo import undoes


class AlreadyRelated(Conflict):
    """The same connection is on record and still holds."""

    code = "already_related"
    message = gettext_lazy(
        "These two are connected this way already. End that connection first, or choose another kind."
    )


@action
def relate(
    *,
    party_id: int,
    to_party_id: int,
    kind: str,
    by: Actor,
    at: datetime,
    buying_role: str = "",
    from_date: date | None = None,
    note: str = "",
) -> Relationship:
    """Connect two parties: the first works for, refers, supplies… the second.

    *Works for* also becomes the person's employer.

    Raises:
        AlreadyRelated: that connection is there and still holds.
        Invalid: a party with itself, or a kind that does not fit the two.
    """
    party = locked_party(party_id, "relate", by=by)
    other = visible_parties(by).filter(pk=to_party_id).first()
    if other is None:
        raise NotFound()
    _check_kinds(party, other, kind)
    if Relationship.objects.filter(
        from_party=party, to_party=other, kind=kind, until_date=None, deleted_at=None
    ).exists():
        raise AlreadyRelated()
    link = Relationship.objects.create(
        from_party=party, to_party=other, kind=kind, buying_role=buying_role,
        from_date=from_date, note=note.strip(), created_at=at,
    )  # fmt: skip
    if kind == RelationshipKind.WORKS_FOR and party.employer_id is None:
        _set_employer(party, other.pk)
    record(
        Related(
            party_id=party.pk, organisation_id=_stands_with(party, other), relationship_id=link.pk,
            other_id=other.pk, kind=kind, buying_role=buying_role,
        ),
        by=by, at=at,
    )  # fmt: skip
    return link


@action
def end_relationship(
    *,
    relationship_id: int,
    by: Actor,
    at: datetime,
    until_date: date | None = None,
    party_id: int | None = None,
) -> Relationship:
    """Say that a connection no longer holds, from today or from the day given. It stays in the history.

    Raises:
        Invalid: it would end before it began.
    """
    link = _link(relationship_id)
    if party_id not in (None, link.from_party_id, link.to_party_id):
        raise NotFound()
    party = locked_party(link.from_party_id, "relate", by=by)
    if link.until_date is not None:
        raise Conflict(gettext("This connection ended already."))
    ends = until_date or company_day(at)
    if link.from_date is not None and ends < link.from_date:
        raise Invalid({"until_date": [gettext("It cannot end before it began.")]})
    link.until_date = ends
    link.save(update_fields=["until_date"])
    if link.kind == RelationshipKind.WORKS_FOR and party.employer_id == link.to_party_id:
        _set_employer(party, _current_employer(party))
    record(
        RelationshipEnded(
            party_id=party.pk, organisation_id=_stands_with(party, link.to_party), relationship_id=link.pk,
            other_id=link.to_party_id, kind=link.kind, until_date=ends.isoformat(),
        ),
        by=by, at=at,
    )  # fmt: skip
    return link


@action
def set_buying_role(*, relationship_id: int, buying_role: str, by: Actor, at: datetime) -> Relationship:
    """Say what somebody has to say when their organisation buys."""
    link = _link(relationship_id)
    party = locked_party(link.from_party_id, "relate", by=by)
    change_row(
        link, {"buying_role": buying_role}, row_type="parties.relationship", by=by, at=at,
        party_id=party.pk, organisation_id=_stands_with(party, link.to_party),
    )  # fmt: skip
    return link


@undoes(Related)
@action
def take_back_relation(fact: Related, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`relate`: the connection was a slip and leaves no trace on the record."""
    link = _link(fact.relationship_id)
    party = locked_party(link.from_party_id, "relate", by=by)
    if link.until_date is not None:
        raise NotUndoable(reason=gettext("the connection ended since"))
    link.deleted_at = at
    link.save(update_fields=["deleted_at"])
    if link.kind == RelationshipKind.WORKS_FOR and party.employer_id == link.to_party_id:
        _set_employer(party, _current_employer(party))
    record(
        RelationshipEnded(
            party_id=party.pk, organisation_id=_stands_with(party, link.to_party), relationship_id=link.pk,
            other_id=link.to_party_id, kind=link.kind, until_date=company_day(at).isoformat(),
        ),
        by=by, at=at,
    )  # fmt: skip


@undoes(RelationshipEnded)
@action
def take_back_end(fact: RelationshipEnded, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`end_relationship`: the connection holds again."""
    link = Relationship.objects.select_for_update().filter(pk=fact.relationship_id).first()
    if link is None or (link.until_date is None and link.deleted_at is None):
        raise NotUndoable(reason=gettext("the connection holds again already"))
    party = locked_party(link.from_party_id, "relate", by=by)
    if link.deleted_at is None and link.until_date is not None and link.until_date.isoformat() != fact.until_date:
        raise NotUndoable(reason=gettext("its end was changed since"))
    link.until_date, link.deleted_at = None, None
    link.save(update_fields=["until_date", "deleted_at"])
    if link.kind == RelationshipKind.WORKS_FOR and party.employer_id is None:
        _set_employer(party, link.to_party_id)
    record(
        Related(
            party_id=party.pk, organisation_id=_stands_with(party, link.to_party), relationship_id=link.pk,
            other_id=link.to_party_id, kind=link.kind, buying_role=link.buying_role,
        ),
        by=by, at=at,
    )  # fmt: skip


@action
def tag_party(*, party_id: int, tag: str, by: Actor, at: datetime) -> Tag:
    """Put a word on a party, so that it is found again; the word is made when it is new."""
    party = locked_party(party_id, "tag", by=by)
    word = tag_of(tag)
    if not PartyTag.objects.filter(party=party, tag=word).exists():
        PartyTag.objects.create(party=party, tag=word)
        record(
            Tagged(party_id=party.pk, organisation_id=organisation_of(party), tag_id=word.pk, tag=word.name),
            by=by, at=at,
        )  # fmt: skip
    return word


@action
def untag_party(*, party_id: int, tag_id: int, by: Actor, at: datetime) -> Tag:
    """Take a word off a party."""
    party = locked_party(party_id, "tag", by=by)
    word = Tag.objects.filter(pk=tag_id).first()
    if word is None:
        raise NotFound()
    removed, _ = PartyTag.objects.filter(party=party, tag=word).delete()
    if removed:
        record(
            Untagged(party_id=party.pk, organisation_id=organisation_of(party), tag_id=word.pk, tag=word.name),
            by=by, at=at,
        )  # fmt: skip
    return word


@undoes(Tagged)
@action
def take_back_tag(fact: Tagged, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`tag_party`."""
    untag_party(party_id=_party_of(event), tag_id=fact.tag_id, by=by, at=at)


@undoes(Untagged)
@action
def put_back_tag(fact: Untagged, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`untag_party`."""
    tag_party(party_id=_party_of(event), tag=fact.tag, by=by, at=at)


def tag_of(tag: str) -> Tag:
    """The tag of this word in any case; a new one where there is none. Part of the action that puts it on."""
    name = " ".join(tag.split())
    if not name or len(name) > 40:
        raise Invalid({"tag": [gettext("A tag has one to forty letters.")]})
    take_turns("tag", [name.casefold()])
    known = Tag.objects.filter(name__iexact=name).first()
    return known if known is not None else Tag.objects.create(name=name)


def _party_of(event: Event) -> int:
    if event.party_id is None:
        raise NotFound()
    return event.party_id


def _link(relationship_id: int) -> Relationship:
    link = (
        Relationship.objects.select_for_update(of=("self",))
        .select_related("to_party")
        .filter(pk=relationship_id, deleted_at=None)
        .first()
    )
    if link is None:
        raise NotFound()
    return link


def _check_kinds(party: Party, other: Party, kind: str) -> None:
    if party.pk == other.pk:
        raise Invalid({"to_party_id": [gettext("Choose another record: nobody is connected with themselves.")]})
    if kind == RelationshipKind.WORKS_FOR and (not party.is_person or other.is_person):
        raise Invalid({"kind": [gettext("A person works for a company.")]})
    if kind == RelationshipKind.PARENT_OF and (party.is_person or other.is_person):
        raise Invalid({"kind": [gettext("A company is the parent of a company.")]})
    if kind == RelationshipKind.REPORTS_TO and not (party.is_person and other.is_person):
        raise Invalid({"kind": [gettext("A person reports to a person.")]})


def _set_employer(party: Party, employer_id: int | None) -> None:
    # Part of the fact that the relationship began or ended, so no change of its own is recorded.
    party.employer_id = employer_id
    party.save(update_fields=["employer"])


def _current_employer(party: Party) -> int | None:
    return (
        Relationship.objects.filter(from_party=party, kind=RelationshipKind.WORKS_FOR, until_date=None, deleted_at=None)
        .order_by("-pk")
        .values_list("to_party_id", flat=True)
        .first()
    )


def _stands_with(party: Party, other: Party) -> int | None:
    """The organisation on whose timeline a connection also stands: the other side, where that is one."""
    return other.pk if other.noun == "parties.organisation" else organisation_of(party)


@action
def reject_match(*, proposal_id: int, by: Actor, at: datetime, party_id: int | None = None) -> MatchProposal:
    """Say that two parties which looked like one are different; they are not proposed again."""
    proposal = visible_proposals(by).filter(pk=proposal_id).first()
    if proposal is None or party_id not in (None, proposal.party_id, proposal.other_id):
        raise NotFound()
    locked_party(proposal.party_id, "change", by=by)
    proposal.decided_at, proposal.decision = at, MatchDecision.DIFFERENT
    proposal.save(update_fields=["decided_at", "decision"])
    record(
        MatchRejected(
            party_id=proposal.party_id, organisation_id=organisation_of(proposal.party), proposal_id=proposal.pk,
            other_id=proposal.other_id,
        ),
        by=by, at=at,
    )  # fmt: skip
    return proposal


@undoes(MatchRejected)
@action
def propose_again(fact: MatchRejected, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`reject_match`."""
    proposal = MatchProposal.objects.filter(pk=fact.proposal_id).exclude(decided_at=None).first()
    if proposal is None:
        raise NotUndoable(reason=gettext("it is proposed again already"))
    party = locked_party(proposal.party_id, "change", by=by)
    proposal.decided_at, proposal.decision = None, ""
    proposal.save(update_fields=["decided_at", "decision"])
    record(
        MatchProposed(
            party_id=party.pk, organisation_id=organisation_of(party), other_id=proposal.other_id,
            reason=proposal.reason,
        ),
        by=by, at=at,
    )  # fmt: skip
