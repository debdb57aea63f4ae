"""Addresses of the pages about mail and of what one is told."""

from django.urls import path

from headwater.tell.views import mail, news, stopping, words

urlpatterns = [
    path("notifications", news.notifications, name="notifications"),
    path("notifications/latest", news.latest, name="latest_notifications"),
    path("notifications/waiting", news.waiting, name="waiting_notifications"),
    path("notifications/<int:news_id>/open", news.open_one, name="open_notification"),
    path("notifications/mark/<slug:what>", news.mark, name="mark_notifications"),
    path("mails/stop/<str:signed>", stopping.stop_mails, name="stop_mails"),
    path("account/notifications", news.my_notifications, name="my_notifications"),
    path("settings/mail", mail.mail, name="settings_mail"),
    path("settings/mail/words", words.all_words, name="settings_words"),
    path("settings/mail/words/<str:kind>", words.words, name="settings_words_of"),
    path("settings/mail/words/<str:kind>/put-back", words.put_back, name="settings_put_back_words"),
    path("settings/mail/test", mail.test, name="settings_mail_test"),
    path("settings/mail/<int:mail_id>/again", mail.try_again, name="settings_mail_again"),
]
