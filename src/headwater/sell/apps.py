"""The Django application of the sell room: Products, opportunities, orders."""

from django.apps import AppConfig


class SellConfig(AppConfig):
    """Products, opportunities, orders."""

    name = "headwater.sell"
    label = "sell"
    default_auto_field = "django.db.models.BigAutoField"
