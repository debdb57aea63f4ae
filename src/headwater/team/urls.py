"""Addresses of the pages about ourselves."""

from django.urls import path

from headwater.team.views import demo, first_run, holidays, settings, signing_in, talk, work

urlpatterns = [
    path("sign-in", signing_in.sign_in, name="sign_in"),
    path("sign-out", signing_in.sign_out, name="sign_out"),
    path("first-run", first_run.first_run, name="first_run"),
    path("first-run/company", first_run.first_run_company, name="first_run_company"),
    path("first-run/start", first_run.first_run_start, name="first_run_start"),
    path("first-run/demo", first_run.load_demo, name="first_run_demo"),
    path("first-run/demo/<int:job_id>", first_run.demo_progress, name="first_run_progress"),
    path("first-run/finish", first_run.finish, name="first_run_finish"),
    path("account", settings.my_account, name="my_account"),
    path("settings/company", settings.company, name="settings_company"),
    path("settings/holidays", holidays.holidays, name="settings_holidays"),
    path("settings/holidays/fill", holidays.fill, name="settings_fill_holidays"),
    path("settings/holidays/<int:holiday_id>/remove", holidays.remove, name="settings_remove_holiday"),
    path("settings/demo", demo.ask, name="settings_demo"),
    path("settings/demo/remove", demo.remove, name="settings_demo_remove"),
    path("settings/demo/<int:job_id>", demo.progress, name="settings_demo_job"),
    path("settings/work", work.work, name="settings_work"),
    path("settings/work/jobs/<int:job_id>/retry", work.retry, name="settings_retry"),
    path("settings/work/letters/<int:letter_id>/deliver", work.deliver, name="settings_deliver"),
    path("settings/work/letters/<int:letter_id>/drop", work.drop, name="settings_drop"),
    path("settings/users", settings.users, name="settings_users"),
    path("settings/users/new", settings.add_user, name="settings_add_user"),
    path("settings/users/<int:user_id>", settings.change_user, name="settings_change_user"),
    path("settings/users/<int:user_id>/password", settings.set_password, name="settings_password"),
    path("settings/users/<int:user_id>/switch", settings.switch_user, name="settings_switch_user"),
    path("settings/teams/new", settings.add_team, name="settings_add_team"),
    path("settings/tokens", settings.token_list, name="settings_tokens"),
    path("settings/tokens/<int:token_id>/revoke", settings.revoke_token, name="settings_revoke_token"),
    path("notices/<int:notice_id>/done", talk.finish_notice, name="notice_done"),
    path("<slug:slug>/<int:pk>/comments", talk.comments, name="record_comments"),
    path("<slug:slug>/<int:pk>/comments/<int:comment_id>", talk.comment, name="record_comment"),
    path("<slug:slug>/<int:pk>/comments/<int:comment_id>/delete", talk.delete_comment, name="record_comment_delete"),
    path("<slug:slug>/<int:pk>/colleagues", talk.colleagues, name="record_colleagues"),
    path("<slug:slug>/<int:pk>/follow", talk.follow, name="record_follow"),
    path("<slug:slug>/<int:pk>/unfollow", talk.unfollow, name="record_unfollow"),
]
