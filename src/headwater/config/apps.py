"""The Django application of the running of an installation: its backups, as the people who look after it see them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationConfig(AppConfig):
    """The running of an installation."""

    name = "headwater.config"
    label = "config"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make its facts, jobs and pages known."""
        from headwater.api.extension import register_extension
        from headwater.config import events, kept  # noqa: F401  (importing declares them)
        from headwater.config.backups_api import add_backups
        from headwater.config.kept import SEE
        from headwater.web.nav import NavPage, register_page

        register_extension(add_backups)
        register_page(NavPage("settings", _("Backups"), "settings_backups", order=36, verb=SEE))
