"""Addresses of the pages about mail."""

from django.urls import path

from headwater.tell.views import mail

urlpatterns = [
    path("settings/mail", mail.mail, name="settings_mail"),
    path("settings/mail/test", mail.test, name="settings_mail_test"),
    path("settings/mail/<int:mail_id>/again", mail.try_again, name="settings_mail_again"),
]
