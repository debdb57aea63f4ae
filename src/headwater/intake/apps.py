"""The Django application of the intake room: Files coming in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """Files coming in."""

    name = "headwater.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the room's facts, jobs and pages known."""
        from headwater.intake import events, tasks  # noqa: F401  (importing declares them)
        from headwater.intake.queries import names_of_batches
        from headwater.web.history import names_of_imports
        from headwater.web.nav import NavPage, register_page

        names_of_imports(names_of_batches)
        register_page(NavPage("acquire", _("Imports"), "imports", order=40, verb="intake.batch.see", keys="g i"))
