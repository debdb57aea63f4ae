"""Addresses of the parties room's own pages."""

from django.urls import path

from headwater.parties.views import apart, journey, merging, picking

# Merging has pages of its own in the place of the generic ones of its command.
urlpatterns = [
    path("parties/<int:pk>/journey", journey.journey, name="parties_journey"),
    path("parties/suggest", picking.suggest, name="parties_suggest"),
    path("duplicates", merging.duplicates, name="duplicates"),
    *(
        route
        for slug in ("people", "organisations")
        for route in (
            path(f"{slug}/merge", merging.compare_page, {"slug": slug}, name=f"merge_{slug}"),
            path(f"{slug}/do/merge", merging.merge_chosen, {"slug": slug}, name=f"merge_chosen_{slug}"),
            path(f"{slug}/<int:pk>/do/merge", merging.merge_with, {"slug": slug}, name=f"merge_with_{slug}"),
            path(f"{slug}/<int:pk>/merges/<int:event_id>", apart.take_apart, {"slug": slug}, name=f"take_apart_{slug}"),
        )
    ),
]
