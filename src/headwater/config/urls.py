"""Every address of the product, room by room."""

from django.urls import URLPattern, URLResolver, include, path

from headwater.config.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
    path("", include("headwater.team.urls")),
]
