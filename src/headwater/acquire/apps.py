"""The Django application of the acquire room: Channels, sources, campaigns, touchpoints."""

from django.apps import AppConfig


class AcquireConfig(AppConfig):
    """Channels, sources, campaigns, touchpoints."""

    name = "headwater.acquire"
    label = "acquire"
    default_auto_field = "django.db.models.BigAutoField"
