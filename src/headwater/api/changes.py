"""What changed since: ``/changes`` reads the event log on from where a program that keeps a copy left off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import JsonResponse
from django.utils.translation import gettext, gettext_lazy
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.extension import register_extension
from headwater.api.shapes import Schema, json_of, limit_of, query_parameter
from headwater.platform.actor import Actor, Visibility
from headwater.platform.errors import Conflict, Invalid
from headwater.platform.horizon import log_horizon
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY, Resource, by_slug
from headwater.platform.values import row_id

LATEST: Final = "latest"
PAGE, LARGEST_PAGE = 100, 1000
WINDOW = 20_000  # so many entries of the log one call looks at, whatever it is narrowed to
PARAMETERS: Final = ("after", "limit", "nouns")


class CursorAhead(Conflict):
    """The caller has read further than this log goes: it was restored to an earlier day."""

    code = "cursor_ahead"
    message = gettext_lazy(
        "The log ends before this position: an earlier state was restored. Read everything again from the start."
    )


def add_changes(api: NinjaAPI) -> None:
    """Add the endpoint to the API."""
    api.api_operation(
        ["GET"],
        "/changes",
        operation_id="changes",
        summary="What changed since",
        tags=["Changes"],
        openapi_extra=_doc(),
    )(list_changes)


def list_changes(request: Any) -> JsonResponse:
    """What happened after a position of the log to the records the caller may see, in the order it was written down.

    An entry says what happened to which record; the record itself is asked for by its address. ``next`` is where to
    go on, also where nothing happened.
    """
    params = request.GET.dict()
    if unknown := [name for name in params if name not in PARAMETERS]:
        raise Invalid({name: [gettext("Changes have no parameter “{name}”.").format(name=name)] for name in unknown})
    nouns = _nouns(params.get("nouns", ""), request.actor)
    limit, horizon = limit_of(params.get("limit", ""), usual=PAGE, most=LARGEST_PAGE), log_horizon()
    after = _position(params.get("after", ""), horizon)
    end = min(horizon, after + WINDOW)
    found = list(
        Event.objects.filter(pk__gt=after, pk__lte=end, subject_type__in=list(nouns)).order_by("pk")[: limit + 1]
    )
    events = found[:limit]
    reached = events[-1].pk if len(found) > limit else end
    here = in_sight(events, nouns, request.actor)
    is_told = request.actor.visibility is Visibility.ALL  # whoever sees all may know what is gone
    items = [
        told_of(event, nouns[event.subject_type], is_here=(event.subject_type, event.subject_id) in here)
        for event in events
        if is_told or (event.subject_type, event.subject_id) in here
    ]
    return JsonResponse({"items": items, "next": str(reached), "is_more": reached < horizon})


def _nouns(text: str, actor: Actor) -> dict[str, Resource]:
    wanted: list[Resource] = list(REGISTRY.values())
    if text:
        named = {slug: by_slug(slug) for slug in text.split(",")}
        if unknown := [slug for slug, resource in named.items() if resource is None]:
            raise Invalid({"nouns": [gettext("There are no lists of “{slug}”.").format(slug=slug) for slug in unknown]})
        wanted = [resource for resource in named.values() if resource is not None]
    return {resource.key: resource for resource in wanted if actor.may(resource.verb("see"))}


def _position(text: str, horizon: int) -> int:
    if text == LATEST:
        return horizon
    position = row_id(text or "0")
    if position is None:
        raise Invalid(
            {
                "after": [
                    gettext("Send back what `next` said, `{latest}`, or nothing to begin at the start.").format(
                        latest=LATEST
                    )
                ]
            }
        )
    if position > horizon:
        raise CursorAhead()
    return position


def in_sight(events: Iterable[Event], nouns: Mapping[str, Resource], actor: Actor) -> set[tuple[str, int]]:
    """Which of the rows the entries are about the caller sees, with one query for each noun."""
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for event in events:
        wanted[event.subject_type].add(event.subject_id)
    return {
        (key, pk)
        for key, ids in wanted.items()
        for pk in nouns[key].rows(actor).filter(pk__among=ids).order_by().values_list("pk", flat=True)
    }


def told_of(event: Event, resource: Resource, *, is_here: bool) -> dict[str, Any]:
    kind, _, who = event.actor.partition(":")
    return {
        "id": event.pk,
        "verb": event.verb,
        "noun": resource.slug,
        "record": event.subject_id,
        "is_here": is_here,
        "at": json_of(event.occurred_at),
        "recorded_at": json_of(event.recorded_at),
        "by": {"kind": kind, "id": int(who) if who.isdecimal() else None},
        "batch": event.batch_id,
    }


def _doc() -> Schema:
    text, number, moment = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "date-time"}
    who = {"type": "object", "properties": {"kind": text, "id": {"type": ["integer", "null"]}}}
    fields = {
        "id": number, "verb": {**text, "description": "What happened; the verbs are in docs/events.md."}, "noun": text,
        "record": number, "is_here": {"type": "boolean", "description": "Whether the record is in sight now."},
        "at": {**moment, "description": "When it happened."},
        "recorded_at": {**moment, "description": "When it was written down."},
        "by": who, "batch": {"type": ["integer", "null"], "description": "The import it came with."},
    }  # fmt: skip
    item = {"type": "object", "required": list(fields), "properties": fields}
    page = {
        "type": "object",
        "required": ["items", "next", "is_more"],
        "properties": {
            "items": {"type": "array", "items": item},
            "next": {**text, "description": "Send it as `after` next time."},
            "is_more": {"type": "boolean", "description": "Whether there is more to read at once."},
        },
    }
    limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}
    parameters = [
        query_parameter("after", f"`next` of the last time; `{LATEST}` begins now, nothing at the start.", text),
        query_parameter("limit", "Entries a page.", limit),
        query_parameter("nouns", "Only of these, with commas between: `leads,people`.", text),
    ]
    answer = {"description": "What changed", "content": {"application/json": {"schema": page}}}
    return {"parameters": parameters, "responses": {200: answer, **problems.documented(401, 409, 422)}}


register_extension(add_changes)
