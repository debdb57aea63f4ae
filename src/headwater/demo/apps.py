"""The Django application of the demo room: The demo company."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo company."""

    name = "headwater.demo"
    label = "demo"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare the facts and the background job of this room."""
        from headwater.demo import events, jobs  # noqa: F401
