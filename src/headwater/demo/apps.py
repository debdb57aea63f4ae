"""The Django application of the demo room: The demo company."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo company."""

    name = "headwater.demo"
    label = "demo"
    default_auto_field = "django.db.models.BigAutoField"
