"""Reads about who follows a record."""

from __future__ import annotations

from headwater.platform.actor import Actor
from headwater.team.models import Follow, User
from headwater.team.queries.records import Record, who_see


def followers_of(record: Record) -> list[User]:
    """Who hears of what is said about a record: its owner and who follows it, as long as they are here and may see it.

    The owner comes first.
    """
    said = dict(Follow.objects.filter(noun=record.resource.key, row_id__in=record.ids).values_list("user_id", "is_on"))
    wanted = {pk for pk, is_on in said.items() if is_on}
    if record.owner_id is not None and said.get(record.owner_id, True):
        wanted.add(record.owner_id)
    users = list(User.objects.filter(pk__in=wanted, is_active=True)) if wanted else []
    seeing = who_see(record, users)
    return sorted((u for u in users if u.pk in seeing), key=lambda u: (u.pk != record.owner_id, u.name, u.pk))


def is_following(actor: Actor, record: Record) -> bool:
    """Whether the actor follows it, by a word of their own or as its owner."""
    own = Follow.objects.filter(noun=record.resource.key, row_id__in=record.ids, user_id=actor.user_id or 0)
    said = own.order_by("-since", "-pk").values_list("is_on", flat=True).first()
    return said if said is not None else record.owner_id is not None and record.owner_id == actor.user_id
