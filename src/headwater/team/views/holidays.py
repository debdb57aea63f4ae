"""Settings, Holidays: the days on which the office is closed and the answer clock stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.team import forms
from headwater.team.actions.holidays import add_holiday, fill_in_holidays, remove_holiday
from headwater.team.models import Holiday
from headwater.web.http import answer

if TYPE_CHECKING:
    from headwater.team.middleware import Request

PAGE = "/settings/holidays"


def holidays(request: Request) -> HttpResponse:
    """The days to come, and the form that adds one."""
    request.actor.require("team.company.change")
    form = forms.HolidayForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            event = add_holiday(**form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            return answer(request, PAGE, _("The office is closed on that day."), undo_url=f"/undo/{event.pk}")
    return _page(request, form, forms.FillForm(initial=_usual(request)))


@require_POST
def fill(request: Request) -> HttpResponse:
    """The public holidays of a country in a year."""
    request.actor.require("team.company.change")
    form = forms.FillForm(request.POST)
    if form.is_valid():
        try:
            event = fill_in_holidays(**form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            if event is None:
                return answer(request, PAGE, _("All of them are in the list already."))
            count = len(event.data["days"])
            words = ngettext("%(count)s day filled in.", "%(count)s days filled in.", count) % {"count": count}
            return answer(request, PAGE, words, undo_url=f"/undo/{event.pk}")
    return _page(request, forms.HolidayForm(), form)


@require_POST
def remove(request: Request, holiday_id: int) -> HttpResponse:
    """Open the office on a day after all."""
    event = remove_holiday(holiday_id=holiday_id, by=request.actor, at=now())
    return answer(request, PAGE, _("The office is open on that day."), undo_url=f"/undo/{event.pk}")


def _page(request: Request, form: Form, fill_form: Form) -> HttpResponse:
    today = now().astimezone(request.company.zone).date()
    context = {"form": form, "fill_form": fill_form, "days": Holiday.since(today.replace(month=1, day=1))}
    return render(request, "team/holidays.html", context, status=422 if form.errors or fill_form.errors else 200)


def _usual(request: Request) -> dict[str, object]:
    return {"country": request.company.country, "year": now().astimezone(request.company.zone).year}
