"""The Django application of the platform room."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """Holds the event log, spans, jobs and external ids."""

    name = "headwater.platform"
    label = "platform"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the facts of the platform itself known."""
        from headwater.platform import among, exports, many, statistics  # noqa: F401  (importing declares them)
        from headwater.platform.custom import actions as field_actions  # noqa: F401
        from headwater.platform.lists import actions  # noqa: F401
        from headwater.platform.search import keeping  # noqa: F401
