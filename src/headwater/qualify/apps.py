"""The Django application of the qualify room: Leads."""

from django.apps import AppConfig


class QualifyConfig(AppConfig):
    """Leads."""

    name = "headwater.qualify"
    label = "qualify"
    default_auto_field = "django.db.models.BigAutoField"
