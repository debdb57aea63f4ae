"""Settings → Webhooks: who is told of what happens here, what arrived, and what to do where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from headwater.api.models import Webhook
from headwater.api.webhooks import actions, queries
from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.web.http import Request, render

PAGE = 50
REPLAYS = {"hour": 1, "day": 24, "week": 7 * 24}


def event_choices() -> list[tuple[str, Any]]:
    """Nouns, and under each what happens to them: in words, with the name that programs know it by."""
    return [
        (group, [(word, f"{label} ({word})" if "." in word else _("Everything about them")) for word, label in choices])
        for group, choices in queries.event_choices()
    ]


class WebhookForm(forms.Form):
    """Where to, and about what."""

    url = forms.CharField(
        label=lazy("Address"), max_length=500, widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=lazy("Each message is posted there as JSON, signed with a secret that is shown once."),
    )  # fmt: skip
    label = forms.CharField(label=lazy("What it is for"), max_length=80, required=False)
    events = forms.MultipleChoiceField(
        label=lazy("What it is told"), choices=event_choices, required=False,
        widget=forms.SelectMultiple(attrs={"size": 9}), help_text=lazy("Nothing chosen means everything."),
    )  # fmt: skip


@never_cache
def webhooks(request: Request) -> HttpResponse:
    """All webhooks, and a new one; its secret is shown in this answer and nowhere else."""
    rows = queries.visible_webhooks(request.actor)
    form = WebhookForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _made, secret = actions.add_webhook(**form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            _show(form, refusal)
        else:
            form = WebhookForm()
    told = [(row, actions.host_of(row), [(queries.told_words(word), word) for word in row.events]) for row in rows]
    context = {"form": form, "rows": told, "secret": secret}
    context["may_add"] = request.actor.may("api.webhook.create")
    return render(request, "api/webhooks.html", context, status=422 if form.errors else 200)


@never_cache
def webhook(request: Request, webhook_id: int) -> HttpResponse:
    """One webhook: what it is told, and what it was sent."""
    found = queries.webhook_of(request.actor, webhook_id)
    form = WebhookForm(request.POST or None, initial=_values(found))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_webhook(webhook_id=found.pk, by=request.actor, at=now(), **form.cleaned_data)
        except Invalid as refusal:
            _show(form, refusal)
        else:
            messages.success(request, _("The webhook is saved."))
            return redirect("settings_webhook", found.pk)
    return _page(request, found, form, status=422 if form.errors else 200)


@never_cache
@require_POST
def act(request: Request, webhook_id: int, what: str) -> HttpResponse:
    """Switch it, test it, send again, give it a new secret, or delete it."""
    found = queries.webhook_of(request.actor, webhook_id)
    if what == "secret":
        found, secret = actions.renew_secret(webhook_id=found.pk, by=request.actor, at=now())
        # Shown in this answer and nowhere else: a redirect would have to keep it somewhere.
        return _page(request, found, WebhookForm(initial=_values(found)), secret=secret)
    if what == "delete":
        actions.delete_webhook(webhook_id=found.pk, by=request.actor, at=now())
        messages.success(request, _("The webhook is deleted."))
        return redirect("settings_webhooks")
    if what == "again":
        since = now() - timedelta(hours=REPLAYS.get(request.POST.get("since", ""), 1))
        actions.send_all_since(webhook_id=found.pk, since=since, by=request.actor, at=now())
        messages.success(request, _("Everything since then is sent again, in order."))
    elif what in STEPS:
        step, words = STEPS[what]
        step(webhook_id=found.pk, by=request.actor, at=now())
        messages.success(request, words)
    return redirect("settings_webhook", found.pk)


@require_POST
def send_again(request: Request, webhook_id: int, delivery_id: int) -> HttpResponse:
    """Send one message again."""
    actions.send_again(webhook_id=webhook_id, delivery_id=delivery_id, by=request.actor, at=now())
    messages.success(request, _("It is sent again."))
    return redirect("settings_webhook", webhook_id)


STEPS: dict[str, tuple[Callable[..., Any], Any]] = {
    "on": (actions.switch_on, lazy("It is told again, from where it was.")),
    "on-now": (actions.switch_on_from_now, lazy("It is told again, from now on.")),
    "off": (actions.switch_off, lazy("It is told nothing for now.")),
    "test": (actions.send_test, lazy("A test message is on its way. It appears below in a moment.")),
}


def day_notice(actor: Actor, at: datetime) -> Mapping[str, Any] | None:
    """The webhooks that did not answer and were switched off, for those who look after them."""
    off = [(row, actions.host_of(row)) for row in queries.switched_off(actor)[:10]]
    return {"off": off, "count": len(off), "late": len(off)} if off else None


def _values(found: Webhook) -> dict[str, Any]:
    return {"url": found.url, "label": found.label, "events": found.events}


def _page(request: Request, found: Webhook, form: WebhookForm, *, secret: str = "", status: int = 200) -> HttpResponse:
    log = Paginator(queries.deliveries_of(found), PAGE).get_page(request.GET.get("page"))
    context = {
        "webhook": found,
        "host": actions.host_of(found),
        "told": [queries.told_words(word) for word in found.events],
        "sent": [(delivery, queries.told_words(delivery.verb)) for delivery in log],
        "form": form,
        "log": log,
        "secret": secret,
        "may_change": request.actor.may("api.webhook.change"),
        "may_delete": request.actor.may("api.webhook.delete"),
    }
    return render(request, "api/webhook.html", context, status=status)


def _show(form: forms.Form, refusal: Invalid) -> None:
    for name, reasons in refusal.fields.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)
