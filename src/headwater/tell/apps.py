"""The Django application of the tell room: mail, and what people are told."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TellConfig(AppConfig):
    """Mail, and what people are told."""

    name = "headwater.tell"
    label = "tell"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the room's facts, pages and regular work known."""
        from headwater.api.extension import register_extension
        from headwater.tell import events, handlers, tasks  # noqa: F401  (importing declares them)
        from headwater.tell.actions import words  # noqa: F401  (declares how it is taken back)
        from headwater.tell.api import add_news
        from headwater.tell.queries.news import UNREAD
        from headwater.tell.queries.settings import RIGHTS
        from headwater.web.nav import NavPage, register_bell, register_page

        register_extension(add_news)
        register_bell(UNREAD)
        register_page(NavPage("home", _("Notifications"), "notifications", order=5, keys="g n"))
        register_page(NavPage("settings", _("Mail"), "settings_mail", order=34, verb=RIGHTS[0]))
