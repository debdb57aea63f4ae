"""The Django application of the api room: The REST shell."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The REST shell."""

    name = "headwater.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
