"""Rows by what another system calls them: ``/<noun>/external/<system>/<id>`` reads, makes or changes one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.api import endpoint
from headwater.platform.errors import Conflict, Invalid, NotFound
from headwater.platform.identity import known_ids, made_or_found
from headwater.platform.resource import Command, Resource
from headwater.platform.values import is_storable

LONGEST_SYSTEM, LONGEST_ID = 60, 200


class OutOfSight(Conflict):
    """The name belongs to a row that was deleted, or that the caller does not see."""

    code = "out_of_sight"
    message = lazy("The record of this id was deleted, or is not yours to see. Restore it, or ask who may see it.")


def show_external(request: Any, resource: Resource, system: str, external_id: str) -> HttpResponse:
    """The row that the other system calls so."""
    pk = known_ids(system, resource.key, [external_id]).get(external_id) if _is_name(system, external_id) else None
    if pk is None:
        raise NotFound()
    return endpoint.show_row(request, resource, pk)


def put_external(request: Any, resource: Resource, system: str, external_id: str) -> JsonResponse:
    """Change the row that the other system calls so, or make it: sent again, the same comes of it.

    Values that only a new row takes are left alone where there is one already; ``left_alone`` names them.
    """
    endpoint.require_see(request, resource)
    if not _is_name(system, external_id):
        raise Invalid(
            {
                "external_id": [
                    _("A system has 1 to {longest_system} letters, an id 1 to {longest_id}.").format(
                        longest_system=LONGEST_SYSTEM, longest_id=LONGEST_ID
                    )
                ]
            }
        )
    creating = endpoint.command_of(request, resource.create)
    changing = endpoint.command_of(request, resource.change)
    body = endpoint.body_of(request, creating, besides=tuple(changing.form.names_for(request.actor)))
    made: list[Any] = []

    def make() -> int | None:
        made.append(endpoint.create(request, creating, _taken(creating, request, body)))
        return endpoint.pk_of(made[0])

    def change(pk: int) -> None:
        try:
            endpoint.change(
                request, resource, changing, _taken(changing, request, body), pk=_now(request, resource, pk)
            )
        except NotFound as gone:
            raise OutOfSight() from gone

    pk, is_new = made_or_found(system=system, kind=resource.key, external_id=external_id, make=make, change=change)
    if is_new or pk is None:
        return endpoint.told_as_new(request, resource, creating, made[0])
    left = sorted(body.keys() - _taken(changing, request, body).keys())
    return endpoint.after(request, resource, _now(request, resource, pk), left_alone=left)


def _taken(command: Command, request: Any, body: dict[str, Any]) -> dict[str, Any]:
    names = command.form.names_for(request.actor)
    return {name: value for name, value in body.items() if name in names}


def _now(request: Any, resource: Resource, pk: int) -> int:
    """The row, or what it became part of: the other system's name stays good after a merge."""
    return resource.successor(request.actor, pk) or pk


def _is_name(system: str, external_id: str) -> bool:
    named = ((system, LONGEST_SYSTEM), (external_id, LONGEST_ID))
    return all(0 < len(text) <= most and text.strip() == text and is_storable(text) for text, most in named)
