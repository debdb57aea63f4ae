"""The Django application of the intake room: Files coming in."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Files coming in."""

    name = "headwater.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"
