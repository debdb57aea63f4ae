"""The Django application of the parties room: People and organisations."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """People and organisations."""

    name = "headwater.parties"
    label = "parties"
    default_auto_field = "django.db.models.BigAutoField"
