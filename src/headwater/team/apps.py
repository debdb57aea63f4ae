"""The Django application of the team room: users, teams, roles, the company."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TeamConfig(AppConfig):
    """Users, teams, roles, the company."""

    name = "headwater.team"
    label = "team"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the room's facts, pages and regular work known."""
        from headwater.api.extension import register_extension
        from headwater.platform.installation import provide
        from headwater.platform.language import choose_by
        from headwater.team import events, handlers, panels, record_events, sign_in_events, tasks  # noqa: F401  (importing declares them)
        from headwater.team.actions import comments, files, followers, holidays, leaving, rates, roles, teams  # noqa: F401  (declare how they are taken back)
        from headwater.team.api import add_leaving, add_talk
        from headwater.team.queries import actor_by_ref, installation, language_of, team_members, user_choices
        from headwater.team.queries.rates import rates_of
        from headwater.team.rates_api import add_rates
        from headwater.team.staff_api import add_staff
        from headwater.web.nav import NavPage, register_page

        register_page(NavPage("settings", _("Company"), "settings_company", order=10, verb="team.company.change"))
        closed = NavPage("settings", _("Holidays"), "settings_holidays", order=15, verb="team.company.change")
        register_page(closed)
        register_page(NavPage("settings", _("Currencies"), "settings_currencies", order=16, verb="team.rate.change"))
        register_page(NavPage("settings", _("Users and roles"), "settings_users", order=20, verb="team.user.change"))
        register_page(NavPage("settings", _("Roles"), "settings_roles", order=21, verb="team.role.change"))
        register_page(NavPage("settings", _("Teams"), "settings_teams", order=22, verb="team.team.change"))
        log = NavPage("settings", _("Sign-ins"), "settings_sign_ins", order=25, verb="team.user.change")
        register_page(log)
        sso = NavPage("settings", _("Single sign-on"), "settings_single_sign_on", order=27, verb="team.company.change")
        register_page(sso)
        register_page(NavPage("settings", _("Tokens"), "settings_tokens", order=30))
        work = NavPage("settings", _("Jobs & deliveries"), "settings_work", order=40, verb="platform.delivery.change")
        register_page(work)
        register_extension(add_talk)
        register_extension(add_leaving)
        register_extension(add_staff)
        choose_by(language_of)
        register_extension(add_rates)
        provide(
            installation=installation,
            actor=actor_by_ref,
            team_members=team_members,
            people=user_choices,
            rates=rates_of,
        )
