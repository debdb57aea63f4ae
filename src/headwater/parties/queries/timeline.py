"""One timeline per party, read from the event log and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Q, QuerySet

from headwater.parties.models import Party, PartyKind
from headwater.parties.queries.visible import names_of, visible_parties
from headwater.platform.actor import Actor, Visibility
from headwater.platform.errors import NotFound
from headwater.platform.events import FACTS, events_of_party
from headwater.platform.models import Event
from headwater.platform.undo import can_undo
from headwater.team import queries as team

Only = Literal["", "touches", "talks", "changes"]


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened, in words.

    ``who`` did it; ``about`` names the person, on the timeline of their organisation; ``text`` is what was
    written down; ``channel`` the channel of a touchpoint. ``can_undo`` says whether the reader may be offered to
    take it back.
    """

    event_id: int
    verb: str
    icon: str
    sentence: str
    at: datetime
    who: str
    about: str
    about_id: int | None
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
    party = visible_parties(actor).filter(pk=party_id).first()
    if party is None:
        raise NotFound()
    events = list(_events(actor, party, before, only)[:limit])
    return _entries(actor, party, events)


def _events(actor: Actor, party: Party, before: str, only: Only) -> QuerySet[Event]:
    rows = events_of_party(party.pk)
    hidden = sorted({cls.subject_type for cls in FACTS.values() if not _may_read(actor, cls.subject_type)})
    if hidden:
        rows = rows.exclude(subject_type__in=hidden)
    if party.kind == PartyKind.ORGANISATION and actor.visibility is not Visibility.ALL:
        rows = rows.filter(Q(party_id=None) | Q(party_id__in=visible_parties(actor).values("pk")))
    if only == "talks":
        rows = rows.filter(verb="parties.activity_logged")
    elif only == "touches":
        rows = rows.filter(Q(verb__startswith="acquire.touchpoint") | Q(verb="parties.activity_logged"))
    elif only == "changes":
        rows = rows.filter(verb="platform.changed")
    if before:
        moment, _, event_id = before.partition("|")
        try:
            at, pk = datetime.fromisoformat(moment), int(event_id)
        except ValueError as error:
            raise NotFound() from error
        rows = rows.filter(Q(occurred_at__lt=at) | Q(occurred_at=at, pk__lt=pk))
    return rows.select_related("personal", "undone")


def _may_read(actor: Actor, subject_type: str) -> bool:
    # What belongs to a party itself (its tags, contact points…) is seen with the party.
    return subject_type.startswith(("parties.", "platform.")) or actor.may(f"{subject_type}.see")


def _entries(actor: Actor, party: Party, events: list[Event]) -> list[TimelineEntry]:
    values = [_values(event) for event in events]
    users = _user_names(events, values)
    parties = names_of(_party_ids(party, events, values))
    return [
        TimelineEntry(
            event_id=event.pk,
            verb=event.verb,
            icon=_icon(event, data),
            sentence=_sentence(event, data, users, parties),
            at=event.occurred_at,
            who=_who(event, users),
            about=parties.get(event.party_id, "") if event.party_id not in (None, party.pk) else "",
            about_id=event.party_id if event.party_id != party.pk else None,
            text=str(data.get("body") or data.get("note") or ""),
            channel=str(data.get("channel") or ""),
            can_undo=can_undo(event) and not hasattr(event, "undone"),
            is_undone=hasattr(event, "undone"),
        )
        for event, data in zip(events, values, strict=True)
    ]


def _values(event: Event) -> dict[str, Any]:
    personal = getattr(event, "personal", None)
    return {**event.data, **(personal.data if personal else {})}


# ---------------------------------------------------------------- words

# Fields that hold the id of a colleague; every other ``…_id`` that a sentence names is a party.
_PEOPLE_OF_OURS = ("owner", "user", "handed_to", "handed_by", "previous_owner", "assignee", "claimed_by")
_NAMES_IN = re.compile(r"\{(\w+)\}")
_CODE = re.compile(r"[A-Z][A-Z_]{3,}")
_SPACES = re.compile(r"\s{2,}")


def _sentence(event: Event, data: dict[str, Any], users: dict[int, str], parties: dict[int, str]) -> str:
    """The fact's sentence. ``{owner}`` with a field ``owner_id`` is a colleague's name, ``{other}`` a party's."""
    cls = FACTS.get(event.verb)
    if cls is None:
        return event.verb
    words: defaultdict[str, str] = defaultdict(str)
    for name in _NAMES_IN.findall(cls.sentence):
        value = data.get(name)
        if value is None and f"{name}_id" in data:
            names = users if name in _PEOPLE_OF_OURS else parties
            value = names.get(data[f"{name}_id"], "somebody")
        words[name] = "" if value is None else _spoken(value)
    text = _SPACES.sub(" ", cls.sentence.format_map(words)).strip(" :,")
    return text[:1].upper() + text[1:]


def _spoken(value: Any) -> str:
    text = str(value)
    return text.replace("_", " ").lower() if _CODE.fullmatch(text) else text


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
    ids = {event.user_id for event in events if event.user_id is not None}
    ids.update(_ids(values, (f"{name}_id" for name in _PEOPLE_OF_OURS)))
    return {pk: user.name for pk, user in team.users_by_ids(ids).items()} if ids else {}


def _party_ids(party: Party, events: list[Event], values: list[dict[str, Any]]) -> set[int]:
    ids = {event.party_id for event in events if event.party_id not in (None, party.pk)}
    for event, data in zip(events, values, strict=True):
        cls = FACTS.get(event.verb)
        for name in _NAMES_IN.findall(cls.sentence) if cls is not None else ():
            if name not in _PEOPLE_OF_OURS and isinstance(data.get(f"{name}_id"), int):
                ids.add(data[f"{name}_id"])
    return {pk for pk in ids if pk is not None}


def _ids(values: list[dict[str, Any]], names: Iterable[str]) -> set[int]:
    wanted = tuple(names)
    return {data[name] for data in values for name in wanted if isinstance(data.get(name), int)}
