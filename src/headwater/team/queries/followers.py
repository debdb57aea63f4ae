"""Reads about who follows a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from headwater.platform.actor import Actor
from headwater.platform.among import VALUES
from headwater.platform.written import TEXT, Given, written
from headwater.team.models import Follow, User
from headwater.team.queries import users_by_ids
from headwater.team.queries.records import Record, who_see


def followers_of(record: Record) -> list[User]:
    """Who hears of what is said about a record: its owner and who follows it, as long as they are here and may see it.

    The owner comes first.
    """
    return seeing_followers(record, said_by(record))


def seeing_followers(record: Record, said: Mapping[int, bool]) -> list[User]:
    """The same of what was said by each."""
    wanted = {pk for pk, is_on in said.items() if is_on}
    if record.owner_id is not None and said.get(record.owner_id, True):
        wanted.add(record.owner_id)
    users = [user for user in users_by_ids(wanted).values() if user.is_active]
    seeing = who_see(record, users)
    return sorted((u for u in users if u.pk in seeing), key=lambda u: (u.pk != record.owner_id, u.name, u.pk))


def is_following(actor: Actor, record: Record) -> bool:
    """Whether the actor follows it, by a word of their own or as its owner."""
    return is_among(said_by(record), actor, record)


def is_among(said: Mapping[int, bool], actor: Actor, record: Record) -> bool:
    """The same of what was said by each."""
    is_owner = record.owner_id is not None and record.owner_id == actor.user_id
    return said.get(actor.user_id or 0, is_owner)


def said_by(record: Record) -> dict[int, bool]:
    """Who said that they follow the record, or that they do not: the last word of each."""
    return words_about(record.resource.key, record.ids)


def words_about(noun: str, ids: Sequence[int]) -> dict[int, bool]:
    """The same about the record with these ids."""
    return dict(_words_about(noun=noun, ids=ids))


@written
def _words_about() -> QuerySet[Follow, tuple[int, bool]]:
    rows = Follow.objects.filter(noun=Given("noun", TEXT), row_id__among=Given("ids", VALUES))
    return rows.order_by("since", "pk").values_list("user_id", "is_on")
