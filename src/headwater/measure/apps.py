"""The Django application of the measure room: Numbers about everything below."""

from django.apps import AppConfig


class MeasureConfig(AppConfig):
    """Numbers about everything below."""

    name = "headwater.measure"
    label = "measure"
    default_auto_field = "django.db.models.BigAutoField"
