"""Every address of the product. Pages of the rooms come first, the generic pages of all nouns last."""

from importlib.util import find_spec

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from headwater import __version__
from headwater.web import palette

ROOMS = ("team", "parties", "acquire", "qualify", "sell", "measure", "intake")


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """That the web process answers; for whoever watches it."""
    return HttpResponse(f"ok {__version__}", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
    path("search", palette.search, name="palette"),
    path("api/v1/", include("headwater.api.urls")),
    *(path("", include(f"headwater.{room}.urls")) for room in ROOMS if find_spec(f"headwater.{room}.urls")),
    path("", include("headwater.web.urls")),
]
