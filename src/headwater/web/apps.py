"""The Django application of the web room: The shell of pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The shell of pages."""

    name = "headwater.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put the first page into the rail."""
        from django.utils.translation import gettext_lazy as _

        from headwater.platform.custom.extending import provide_inputs
        from headwater.platform.translated import count_by
        from headwater.web.custominputs import input_of
        from headwater.web.nav import NavPage, register_page
        from headwater.web.notation import counted

        provide_inputs(input_of)
        count_by(counted)

        register_page(NavPage("home", _("My day"), "web:day", order=0, keys="g d"))
        register_page(NavPage("settings", _("Fields"), "web:fields", order=12, verb="platform.field.change"))
        register_page(NavPage("settings", _("Recently deleted"), "web:deleted", order=80, verb="platform.deleted.see"))
