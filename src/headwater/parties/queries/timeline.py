"""One timeline per party, read from the event log and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Exists, OuterRef, Q, QuerySet

from headwater.parties.models import Party, PartyKind
from headwater.parties.queries.records import OUT_OF_SIGHT
from headwater.parties.queries.visible import NAMED, reachable_parties, visible_parties
from headwater.platform.actor import Actor, Visibility, per_actor
from headwater.platform.among import VALUES
from headwater.platform.changes import spoken
from headwater.platform.errors import NotFound
from headwater.platform.events import FACTS, Changed
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.platform.undo import can_undo
from headwater.platform.written import MOMENT, Given, written
from headwater.team import queries as team
from headwater.team.queries import comments, files
from headwater.web.history import closed_fields
from headwater.web.sentence import sentence

Only = Literal["", "touches", "talks", "changes"]


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened, in words.

    ``who`` did it; ``about`` is the person, on the timeline of their organisation; ``text`` is what was
    written down; ``channel`` the channel of a touchpoint. ``can_undo`` says whether the reader may be offered to
    take it back.
    """

    event_id: int
    verb: str
    icon: str
    sentence: str
    at: datetime
    who: str
    about: Party | None
    text: str
    channel: str
    can_undo: bool
    is_undone: bool

    @property
    def cursor(self) -> str:
        """Where the timeline goes on after this entry."""
        return f"{self.at.isoformat()}|{self.event_id}"


def timeline(actor: Actor, party_id: int, limit: int = 30, before: str = "", only: Only = "") -> list[TimelineEntry]:
    """What happened with a party, newest first, going on after the cursor ``before``.

    An organisation's timeline holds its people's, as far as the actor may see them. Facts about nouns the actor
    has no right to see are left out. A handful of queries however long the timeline.

    Raises:
        NotFound: there is no such party, or the actor may not see it.
    """
    party = _party(actor, party_id)
    shape, told = _asked(actor, party, before, only)
    return _entries(actor, party, _newest_events(actor, shape, limit, **told))


def cursor_at(actor: Actor, party_id: int, event_id: int) -> str:
    """Where the timeline begins with this entry; empty if the actor finds no such entry there.

    Raises:
        NotFound: there is no such party, or the actor may not see it.
    """
    party = _party(actor, party_id)
    shape, told = _asked(actor, party, "", "")
    found = _the_event(actor, shape, event=event_id, **told)
    return f"{found[0].occurred_at.isoformat()}|{found[0].pk + 1}" if found else ""


def _party(actor: Actor, party_id: int) -> Party:
    found = _visible_party(actor, pk=party_id)
    if not found:
        raise NotFound()
    return found[0]


@written
def _visible_party(actor: Actor) -> QuerySet[Party]:
    return visible_parties(actor).only("kind").filter(pk=Given("pk"))[:1]


@written
def _merged_into() -> QuerySet[Party, int]:
    return Party.objects.filter(merged_into=Given("party")).values_list("pk", flat=True)


@dataclass(frozen=True)
class _Shape:
    """What shapes the question for events, beside who asks: whose, of which kind, and what the reader may not read."""

    is_of_people: bool
    is_of_several: bool
    is_continued: bool
    only: Only
    closed: tuple[tuple[str, tuple[str, ...]], ...]


def _asked(actor: Actor, party: Party, before: str, only: Only) -> tuple[_Shape, dict[str, Any]]:
    """The shape of the question and the values it is told."""
    merged = _merged_into(party=party.pk)
    told: dict[str, Any] = {"party": party.pk, "merged": merged, "every": [party.pk, *merged]}
    if before:
        moment, _, event_id = before.partition("|")
        try:
            told |= {"at": datetime.fromisoformat(moment), "last": int(event_id)}
        except ValueError as error:
            raise NotFound() from error
    closed = ((noun, tuple(sorted(map(spoken, closed_fields(noun, actor))))) for noun in REGISTRY)
    is_of_people = party.kind == PartyKind.ORGANISATION
    return _Shape(is_of_people, bool(merged), bool(before), only, tuple(each for each in closed if each[1])), told


@written
def _newest_events(actor: Actor, shape: _Shape, most: int) -> QuerySet[Event]:
    return _events(actor, shape)[:most]


@written
def _the_event(actor: Actor, shape: _Shape) -> QuerySet[Event]:
    return _events(actor, shape).filter(pk=Given("event"))[:1]


def _events(actor: Actor, shape: _Shape) -> QuerySet[Event]:
    rows = _readable_events(actor).order_by("-occurred_at", "-pk")
    if shape.is_of_several:  # what happened before they were one, without saying from both sides that they are
        every = Given("every", VALUES)
        rows = rows.filter(Q(party_id__among=every) | Q(organisation_id__among=every))
        rows = rows.exclude(verb="parties.merged_away", party_id__among=Given("merged", VALUES))
    else:
        rows = rows.filter(Q(party_id=Given("party")) | Q(organisation_id=Given("party")))
    for noun, names in shape.closed:  # an edit of nothing but what the reader may not read is none to them
        rows = rows.exclude(verb=Changed.verb, subject_type=noun, data__names__in=names)
    if shape.is_of_people and actor.visibility is not Visibility.ALL:
        # Asked event by event: a list of everybody who is seen would be made for each page.
        seen, into = (visible_parties(actor).filter(pk=OuterRef(each)) for each in ("party_id", "merged_into"))
        once = Party.objects.filter(Exists(into), pk=OuterRef("party_id"))
        rows = rows.filter(Q(party_id=None) | Q(Exists(seen)) | Q(Exists(once)))
    if shape.only == "talks":
        rows = rows.filter(verb="parties.activity_logged")
    elif shape.only == "touches":
        rows = rows.filter(Q(verb__startswith="acquire.touchpoint") | Q(verb="parties.activity_logged"))
    elif shape.only == "changes":
        rows = rows.filter(verb="platform.changed")
    if shape.is_continued:
        at = Given("at", MOMENT)
        rows = rows.filter(Q(occurred_at__lt=at) | Q(occurred_at=at, pk__lt=Given("last")))
    return rows.select_related("personal", "undone")


@per_actor
def _readable_events(actor: Actor) -> QuerySet[Event]:
    """The events about nouns the actor has the right to see.

    Without what was done to leads, opportunities and orders of others: a shared customer does not open those.
    """
    hidden = sorted({cls.subject_type for cls in FACTS.values() if not _may_read(actor, cls.subject_type)})
    rows = Event.objects.exclude(subject_type__in=hidden)
    if actor.visibility is Visibility.ALL:
        return rows
    for key, resource in REGISTRY.items():
        if not key.startswith(("parties.", "acquire.")):
            # Asked event by event: a list of all that is in sight would be made anew for every timeline.
            seen = Exists(resource.in_sight(actor).filter(pk=OuterRef("subject_id")))
            rows = rows.exclude(~seen, subject_type=key)
    return rows


def _may_read(actor: Actor, subject_type: str) -> bool:
    # What belongs to a party itself (its tags, contact points…) is seen with the party.
    return subject_type.startswith(("parties.", "platform.")) or actor.may(f"{subject_type}.see")


def _may_be_offered_undo(actor: Actor, event: Event) -> bool:
    # What somebody said or put there is theirs: nobody else is asked to take it back.
    return can_undo(event) and (event.user_id == actor.user_id or not event.verb.startswith("team."))


def _entries(actor: Actor, party: Party, events: list[Event]) -> list[TimelineEntry]:
    said = {**comments.texts_on_journey(actor, events), **files.names_on_journey(actor, events)}
    values = [_values(event) for event in events]
    users = _user_names(events, values)
    ids = _party_ids(party, events, values)
    told = {row.pk: row for row in _named_parties(ids=ids)} if ids else {}
    seen = set(told)
    if seen and actor.visibility is not Visibility.ALL:
        seen = set(_reachable_ids(actor, ids=seen))
    parties = {pk: row.name if pk in seen else str(OUT_OF_SIGHT) for pk, row in told.items()}
    return [
        TimelineEntry(
            event_id=event.pk,
            verb=event.verb,
            icon=_icon(event, data),
            sentence=_sentence(event, data, users, parties, closed_fields(event.subject_type, actor)),
            at=event.occurred_at,
            who=_who(event, users),
            about=_about(told.get(event.party_id or 0), party),
            text=said.get(event.pk, "") or str(data.get("body") or data.get("note") or ""),
            channel=str(data.get("channel") or ""),
            can_undo=_may_be_offered_undo(actor, event)
            and not hasattr(event, "undone")
            and not _is_of_merged(event, party, told),
            is_undone=hasattr(event, "undone"),
        )
        for event, data in zip(events, values, strict=True)
    ]


@written
def _named_parties() -> QuerySet[Party]:
    return Party.objects.only(*NAMED).filter(pk__among=Given("ids", VALUES))


@written
def _reachable_ids(actor: Actor) -> QuerySet[Party, int]:
    return reachable_parties(actor).filter(pk__among=Given("ids", VALUES)).values_list("pk", flat=True)


def _about(about: Party | None, party: Party) -> Party | None:
    """Whom to name beside an entry: nobody where it is the party itself, or a record that is part of it."""
    return None if about is not None and about.merged_into_id == party.pk else about


def _is_of_merged(event: Event, party: Party, told: dict[int, Party]) -> bool:
    """Whether the event is about the own fields of a record that is part of another one, and cannot be undone there."""
    about = told.get(event.party_id or 0)
    is_part = about is not None and about.merged_into_id is not None
    return is_part and event.subject_type.startswith("parties.") and event.subject_type != "parties.activity"


def _values(event: Event) -> dict[str, Any]:
    personal = getattr(event, "personal", None)
    return {**event.data, **(personal.data if personal else {})}


# ---------------------------------------------------------------- words

# Ids a sentence may hold: those of colleagues, and those of parties. The reader sees names.
_COLLEAGUES = ("owner_id", "user_id", "handed_to_id", "handed_by_id")
_PARTIES = ("other_id", "employer_id", "person_id", "referrer_id")


def _sentence(
    event: Event, data: dict[str, Any], users: dict[int, str], parties: dict[int, str], closed: Collection[str]
) -> str:
    """The fact's sentence, with names for the ids of colleagues and parties."""
    cls = FACTS.get(event.verb)
    if cls is None:
        return event.verb
    names = {name: users.get(data[name], "a former colleague") for name in _COLLEAGUES if data.get(name) is not None}
    names |= {name: parties.get(data[name], "somebody") for name in _PARTIES if data.get(name) is not None}
    return sentence(cls, data, names, subject_type=event.subject_type, closed=closed)


def _icon(event: Event, data: dict[str, Any]) -> str:
    if event.verb == "parties.activity_logged":
        return {"CALL": "phone", "EMAIL": "mail", "MEETING": "users", "NOTE": "note"}.get(
            str(data.get("kind")), "message-circle"
        )
    cls = FACTS.get(event.verb)
    return cls.icon if cls is not None else "point"


def _who(event: Event, users: dict[int, str]) -> str:
    if event.user_id is not None:
        return users.get(event.user_id, "")
    return "Headwater" if event.actor.startswith("job:") else ""


def _user_names(events: list[Event], values: list[dict[str, Any]]) -> dict[int, str]:
    ids = {event.user_id for event in events if event.user_id is not None} | _ids(values, _COLLEAGUES)
    return {pk: user.name for pk, user in team.users_by_ids(ids).items()}


def _party_ids(party: Party, events: list[Event], values: list[dict[str, Any]]) -> set[int]:
    about = {event.party_id for event in events if event.party_id is not None}
    return (about | _ids(values, _PARTIES)) - {party.pk}


def _ids(values: list[dict[str, Any]], fields: tuple[str, ...]) -> set[int]:
    return {data[field] for data in values for field in fields if isinstance(data.get(field), int)}
