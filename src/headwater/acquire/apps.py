"""The Django application of the acquire room: Channels, sources, campaigns, touchpoints."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class AcquireConfig(AppConfig):
    """Channels, sources, campaigns, touchpoints."""

    name = "headwater.acquire"
    label = "acquire"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the room's nouns, facts, panels and pages known."""
        from headwater.acquire import events, panels, resources  # noqa: F401  (importing declares them)
        from headwater.web.nav import NavPage, NewItem, register_new, register_page

        for order, label, resource in (
            (20, _("Campaigns"), resources.CAMPAIGNS), (30, _("Sources"), resources.SOURCES),
            (40, _("Spend"), resources.SPEND), (50, _("Touchpoints"), resources.TOUCHPOINTS),
        ):  # fmt: skip
            address = f"web:list {resource.slug}"
            register_page(NavPage("acquire", label, address, order=order, verb=resource.verb("see")))
        register_new(
            NewItem(_("Campaign"), "speakerphone", "web:create campaigns", order=60, verb="acquire.campaign.create")
        )

        from headwater.acquire.models import Touchpoint
        from headwater.parties import pointing

        pointing.register(
            "acquire.touchpoint.party",
            Touchpoint,
            "party",
            label="touchpoints",
            words=ngettext_lazy("%(count)s touchpoint", "%(count)s touchpoints", "n"),
        )
        pointing.register("acquire.touchpoint.organisation", Touchpoint, "organisation", label="touchpoints")

        from headwater.platform.held import Held, register_held

        register_held(Held("campaigns", "acquire.campaign", _("Campaigns in use"), order=60))
