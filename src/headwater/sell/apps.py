"""The Django application of the sell room: products, opportunities, orders."""

from django.apps import AppConfig


class SellConfig(AppConfig):
    """Products, opportunities, orders."""

    name = "headwater.sell"
    label = "sell"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the shells what this room has."""
        from headwater.sell import resources  # noqa: F401
