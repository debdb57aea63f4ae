"""The Django application of the platform room."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """Holds the event log, spans, jobs and external ids."""

    name = "headwater.platform"
    label = "platform"
    default_auto_field = "django.db.models.BigAutoField"
