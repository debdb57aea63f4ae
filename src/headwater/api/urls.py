"""Addresses of the API. It authenticates by itself (tokens), so the sign-in of pages does not apply."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from headwater.api.build import DESCRIPTION, build_api, openapi
from headwater.api.limits import limited
from headwater.api.problems import MEDIA_TYPE, problem
from headwater.web.http import holds_nothing

_SAID_BY_STATUS = {405: ("method_not_allowed", _("This address does not take that method."))}

app_name = "api"
api = build_api()


def as_problem(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """Errors that the framework answers by itself become problems too."""

    @wraps(view)
    def spoken(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if holds_nothing(request):
            return problem(request, 400, "bad_address", "This address holds a character that stands for nothing.")
        response: HttpResponse = view(request, *args, **kwargs)
        if response.status_code < 400 or response.headers.get("Content-Type") == MEDIA_TYPE:
            return response
        code, words = _SAID_BY_STATUS.get(response.status_code, ("refused", response.reason_phrase))
        refusal = problem(request, response.status_code, code, str(words))
        if "Allow" in response.headers:
            refusal["Allow"] = response["Allow"]
        return refusal

    return login_not_required(csrf_exempt(spoken))


@login_not_required
@require_safe
def openapi_json(request: HttpRequest) -> JsonResponse:
    """The description of this API for programs. It is open, and tells strangers what Headwater has everywhere; the
    company's own fields it tells those who see them."""
    return JsonResponse(openapi(api, request.actor))  # type: ignore[attr-defined]


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The description of this API for people, served from here like everything else."""
    document = openapi(api, request.actor)  # type: ignore[attr-defined]
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, methods in document["paths"].items():
        for method, operation in methods.items():
            told = {**operation, "method": method.upper(), "path": address, "fields": _fields(operation)}
            groups.setdefault(operation["tags"][0], []).append(told)
    return render(request, "api/docs.html", {"groups": groups, "description": DESCRIPTION.replace("`", "").split("\n")})


@login_not_required
@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """No such address."""
    return problem(
        request, 404, "not_found", "There is nothing at this address. The document is at /api/v1/openapi.json."
    )


def _fields(operation: dict[str, Any]) -> list[dict[str, Any]]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    required = body.get("required", [])
    return [
        {"name": name, "required": name in required, **schema} for name, schema in body.get("properties", {}).items()
    ]


def _of_nouns() -> list[URLPattern]:
    found: list[URLPattern] = []
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = limited(as_problem(pattern.callback))
            found.append(pattern)
    return found


urlpatterns = [
    path("openapi.json", openapi_json, name="openapi"),
    path("docs", docs, name="docs"),
    *_of_nouns(),
    re_path(r"^[\s\S]*$", nothing),
]
