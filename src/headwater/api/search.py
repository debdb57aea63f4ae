"""Finding anything through the API: ``/search`` answers as the palette does, over all nouns the caller may see."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.extension import register_extension
from headwater.api.shapes import limit_of, query_parameter
from headwater.platform.errors import Invalid
from headwater.platform.search.everywhere import MOST, Hit, find_anything

Schema = dict[str, Any]
HIGHEST: Final = 50


def add_search(api: NinjaAPI) -> None:
    """Add the endpoint to the API."""
    api.api_operation(
        ["GET"], "/search", operation_id="search", summary="Find anything", tags=["Search"], openapi_extra=_doc()
    )(search)


def search(request: HttpRequest) -> JsonResponse:
    """Records by name, e-mail, phone in any notation, company, number or note, the best first.

    ``similar`` holds names like what was asked for where hardly anything fits.
    """
    params = request.GET.dict()
    unknown = [name for name in params if name not in ("q", "limit")]
    if unknown:
        raise Invalid({name: [_("Searching has no parameter “{name}”.").format(name=name)] for name in unknown})
    limit = limit_of(params.get("limit", ""), usual=MOST, most=HIGHEST)
    hits = find_anything(request.actor, params.get("q", ""), limit=limit, per_noun=limit)  # type: ignore[attr-defined]
    return JsonResponse(
        {
            "items": [_hit(hit) for hit in hits.records],
            "similar": [_hit(hit) for hit in hits.similar],
            "is_partial": hits.is_behind,
        }
    )


def _hit(hit: Hit) -> dict[str, Any]:
    resource, row = hit.resource, hit.row
    return {
        "noun": resource.slug,
        "id": row.pk,
        "title": resource.title(row) or f"{resource.label} {row.pk}",
        "subtitle": resource.subtitle(row),
        "url": f"/{resource.slug}/{row.pk}",
    }


def _doc() -> Schema:
    text = {"type": "string"}
    fields = {"noun": text, "id": {"type": "integer"}, "title": text, "subtitle": text, "url": text}
    hits = {"type": "array", "items": {"type": "object", "required": list(fields), "properties": fields}}
    behind = {"type": "boolean", "description": "Rows of a large import are not all indexed yet."}
    properties = {"items": hits, "similar": hits, "is_partial": behind}
    limit = {"type": "integer", "minimum": 1, "maximum": HIGHEST, "default": MOST}
    return {
        "parameters": [
            query_parameter("q", "Words to find."),
            query_parameter("limit", "Records.", limit),
        ],
        "responses": {
            200: {
                "description": "What was found",
                "content": {
                    "application/json": {
                        "schema": {"type": "object", "required": list(properties), "properties": properties}
                    }
                },
            },
            **problems.documented(401, 422),
        },
    }


register_extension(add_search)
