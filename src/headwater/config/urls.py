"""Every address of the product. Pages of the rooms come first, the generic pages of all nouns last."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from headwater import __version__
from headwater.config import daily as daily  # so that its jobs are known where they are tried again
from headwater.web import palette

handler500 = "headwater.web.http.broken"


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """That the web process answers; for whoever watches it."""
    return HttpResponse(f"ok {__version__}", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
    path("search", palette.search, name="palette"),
    path("api/v1/", include("headwater.api.urls")),
    path("", include("headwater.tell.urls")),
    path("", include("headwater.team.urls")),
    path("", include("headwater.parties.urls")),
    path("", include("headwater.qualify.urls")),
    path("", include("headwater.sell.urls")),
    path("", include("headwater.measure.urls")),
    path("", include("headwater.intake.urls")),
    path("", include("headwater.api.webhooks.urls")),
    path("", include("headwater.web.urls")),
]
