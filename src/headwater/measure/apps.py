"""The Django application of the measure room: Numbers about everything below."""

from django.apps import AppConfig


class MeasureConfig(AppConfig):
    """Numbers about everything below."""

    name = "headwater.measure"
    label = "measure"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the room's page and its background work."""
        from django.utils.translation import gettext_lazy as _

        from headwater.api.extension import register_extension
        from headwater.measure import tasks  # noqa: F401
        from headwater.measure.api import add_reports
        from headwater.measure.parquet import PARQUET
        from headwater.platform.files_out import register_format
        from headwater.web.nav import NavPage, register_page

        register_extension(add_reports)
        register_format(PARQUET)
        register_page(
            NavPage("acquire", _("Where sales come from"), "sources-report", 1, "measure.report.see", keys="g s")
        )
