"""Settings → Users → what somebody holds: their open work with the lists it is in, and one step to hand it over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, SomeRefused
from headwater.platform.undo import newest_event, to_undo
from headwater.team import forms
from headwater.team.actions.leaving import RIGHT, hand_over_work
from headwater.team.models import User
from headwater.team.queries import colleague, leaving
from headwater.web.http import answer
from headwater.web.notation import counted

if TYPE_CHECKING:
    from headwater.team.middleware import Request


def work(request: Request, user_id: int) -> HttpResponse:
    """What a colleague still holds, and to whom it went before."""
    request.actor.require(RIGHT)
    return _page(request, colleague(user_id))


@require_POST
def hand_over(request: Request, user_id: int) -> HttpResponse:
    """Give it to somebody else: all of it, or the kinds that are ticked."""
    request.actor.require(RIGHT)
    user = colleague(user_id)
    held = leaving.held_work(user.pk, request.actor)
    form = forms.LeavingForm(request.POST, takers=leaving.who_can_take(held, user.pk, request.actor), held=held)
    if not form.is_valid():
        return _page(request, user, form)
    since = newest_event()
    try:
        fact = hand_over_work(
            user_id=user.pk, to_id=form.cleaned_data["to_id"], kinds=form.cleaned_data["kinds"], by=request.actor,
            at=now(),
        )  # fmt: skip
    except Invalid as refusal:
        forms.show_refusal(form, refusal)
        return _page(request, user, form)
    except SomeRefused as some:
        raise some.one_reason from some
    count = sum(fact.counts.values())
    words = ngettext("%(count)s record goes to %(name)s", "%(count)s records go to %(name)s", count)
    event = to_undo(since=since, by=request.actor, subject_type="team.user")
    undo = reverse("web:undo_all", args=[event.pk]) if event is not None else ""
    told = words % {"count": counted(count), "name": User.objects.get(pk=fact.to_id).name}
    return answer(request, reverse("settings_user_work", args=[user.pk]), told, undo_url=undo)


def after_leaving(request: Request, user: User) -> HttpResponse:
    """Where to go when somebody was let go: to what they still hold, if there is any."""
    holds = bool(leaving.held_work(user.pk, request.actor))
    return HttpResponseRedirect(reverse("settings_user_work", args=[user.pk]) if holds else reverse("settings_users"))


def _page(request: Request, user: User, form: forms.LeavingForm | None = None) -> HttpResponse:
    held = leaving.held_work(user.pk, request.actor)
    past = leaving.past_handovers(user.pk)
    if form is None:
        form = forms.LeavingForm(takers=leaving.who_can_take(held, user.pk, request.actor), held=held)
    under_way = {row: job for each in past for job in each.jobs if not job.is_over for row in [job.args["noun"]]}
    context = {
        "colleague": user,
        "held": [(work, work.held is not None and work.held.noun in under_way) for work in held],
        "total": sum(work.count for work in held),
        "views": leaving.held_views(user.pk, request.actor),
        "form": form,
        "past": past,
        "title": _("What %(name)s holds") % {"name": user.name},
    }
    return render(request, "team/leaving.html", context, status=422 if form.errors else 200)
