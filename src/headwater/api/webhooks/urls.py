"""Addresses of the pages of webhooks."""

from django.urls import path

from headwater.api.webhooks import pages

urlpatterns = [
    path("settings/webhooks", pages.webhooks, name="settings_webhooks"),
    path("settings/webhooks/<int:webhook_id>", pages.webhook, name="settings_webhook"),
    path("settings/webhooks/<int:webhook_id>/<slug:what>", pages.act, name="settings_webhook_act"),
    path(
        "settings/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>",
        pages.send_again,
        name="settings_webhook_again",
    ),
]
