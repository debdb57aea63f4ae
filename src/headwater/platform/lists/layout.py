"""How one person likes to see the lists of a noun. Nobody else's business, so the log does not tell of it."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, CharField, QuerySet
from django.utils.translation import gettext

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.lists.actions import checked_widths
from headwater.platform.models import ListLayout
from headwater.platform.resource import Resource
from headwater.platform.translated import inside
from headwater.platform.written import Given, written

_FIELDS = frozenset({"columns", "widths", "is_compact", "tab_order", "start_view"})


def layout_of(resource: Resource, actor: Actor) -> ListLayout:
    """How this person sees the lists of a noun; an empty one until they said something about it."""
    found = _layouts(user_id=actor.user_id, noun=resource.key) if actor.user_id else []
    return found[0] if found else ListLayout(user_id=actor.user_id or 0, noun=resource.key)


@written
def _layouts() -> QuerySet[ListLayout]:
    """One at most: each person has one of a noun."""
    return ListLayout.objects.filter(user_id=Given("user_id", BigIntegerField()), noun=Given("noun", CharField()))


@action
def keep_layout(*, resource: Resource, by: Actor, **values: Any) -> ListLayout:
    """Remember some of columns, widths, is_compact, tab_order and start_view for this person.

    Raises:
        NotAllowed: the actor is nobody who signs in, or may not see such rows.
        Invalid: a column or width that is not of this noun.
    """
    by.require(resource.verb("see"))
    if by.user_id is None:
        raise NotAllowed()
    if unknown := values.keys() - _FIELDS:
        raise Invalid({name: [gettext("There is no such field.")] for name in sorted(unknown)})
    if not all(key in resource.by_key for key in values.get("columns", ())):
        raise Invalid(
            {
                "columns": [
                    gettext("Keys of columns of {label_plural} are needed here.").format(
                        label_plural=inside(resource.label_plural)
                    )
                ]
            }
        )
    if "widths" in values:
        checked_widths(resource, values["widths"])
    row, _ = ListLayout.objects.update_or_create(user_id=by.user_id, noun=resource.key, defaults=values)
    return row
