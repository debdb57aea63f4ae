"""The Django application of the web room: The shell of pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The shell of pages."""

    name = "headwater.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
