"""The Django application of the team room: Users, teams, roles, the company."""

from django.apps import AppConfig


class TeamConfig(AppConfig):
    """Users, teams, roles, the company."""

    name = "headwater.team"
    label = "team"
    default_auto_field = "django.db.models.BigAutoField"
