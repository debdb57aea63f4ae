"""The Django application of the api room: The REST shell."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """The REST shell."""

    name = "headwater.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the endpoints known that belong to no noun, and the pages of webhooks."""
        from headwater.api import changes, events, fields, kept, search, under_way  # noqa: F401  (importing declares them)
        from headwater.api.webhooks import delivering, endpoints  # noqa: F401  (the same)
        from headwater.api.webhooks.pages import day_notice
        from headwater.web.nav import NavPage, register_page
        from headwater.web.panel import DaySection, register_day_section

        register_page(NavPage("settings", _("Webhooks"), "settings_webhooks", order=32, verb="api.webhook.see"))
        off = DaySection("webhooks", "api/day_webhooks.html", day_notice, "side", 90, "api.webhook.change")
        register_day_section(off)
