"""The Django application of the api room: The REST shell."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The REST shell."""

    name = "headwater.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the endpoints known that belong to no noun."""
        from headwater.api import changes, kept, search, under_way  # noqa: F401  (importing declares them)
