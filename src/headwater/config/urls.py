"""Every address of the product. Pages of the rooms come first, the generic pages of all nouns last."""

from django.urls import URLPattern, URLResolver, include, path

from headwater.config import pages
from headwater.web import palette

handler400 = "headwater.web.http.not_asked_well"
handler500 = "headwater.web.http.broken"

urlpatterns: list[URLPattern | URLResolver] = [
    path("search", palette.search, name="palette"),
    path("api/v1/", include("headwater.api.urls")),
    path("settings/backups", pages.backups, name="settings_backups"),
    path("settings/backups/under-way", pages.under_way, name="settings_backups_under_way"),
    path("settings/backups/make", pages.make, name="settings_backups_make"),
    path("settings/backups/<str:name>/check", pages.check, name="settings_backups_check"),
    path("settings/backups/<str:name>/take", pages.take_out, name="settings_backups_take"),
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
