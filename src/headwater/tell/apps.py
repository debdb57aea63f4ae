"""The Django application of the tell room: mail, and what people are told."""

from django.apps import AppConfig


class TellConfig(AppConfig):
    """Mail, and what people are told."""

    name = "headwater.tell"
    label = "tell"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the room's facts, pages and regular work known."""
        from headwater.tell import events, tasks  # noqa: F401  (importing declares them)
        from headwater.tell.queries.settings import RIGHTS
        from headwater.web.nav import NavPage, register_page

        register_page(NavPage("settings", "Mail", "settings_mail", order=34, verb=RIGHTS[0]))
