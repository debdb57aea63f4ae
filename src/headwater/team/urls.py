"""Addresses of the pages about ourselves."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from headwater.team.views import first_run, settings, signing_in

urlpatterns = [
    path("sign-in", signing_in.sign_in, name="sign_in"),
    path("sign-out", signing_in.sign_out, name="sign_out"),
    path("first-run", first_run.first_run, name="first_run"),
    path("first-run/company", login_required(first_run.first_run_company), name="first_run_company"),
    path("first-run/start", login_required(first_run.first_run_start), name="first_run_start"),
    path("first-run/demo", login_required(first_run.load_demo), name="first_run_demo"),
    path("first-run/demo/<int:job_id>", login_required(first_run.demo_progress), name="first_run_progress"),
    path("first-run/finish", login_required(first_run.finish), name="first_run_finish"),
    path("account", login_required(settings.my_account), name="my_account"),
    path("settings/company", login_required(settings.company), name="settings_company"),
    path("settings/users", login_required(settings.users), name="settings_users"),
    path("settings/users/new", login_required(settings.add_user), name="settings_add_user"),
    path("settings/users/<int:user_id>", login_required(settings.change_user), name="settings_change_user"),
    path("settings/users/<int:user_id>/password", login_required(settings.set_password), name="settings_password"),
    path("settings/users/<int:user_id>/switch", login_required(settings.switch_user), name="settings_switch_user"),
    path("settings/teams/new", login_required(settings.add_team), name="settings_add_team"),
    path("settings/tokens", login_required(settings.token_list), name="settings_tokens"),
    path("settings/tokens/<int:token_id>/revoke", login_required(settings.revoke_token), name="settings_revoke_token"),
]
