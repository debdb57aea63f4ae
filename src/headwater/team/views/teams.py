"""Settings, Teams: which teams there are, which stands below which, and their end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.team import forms
from headwater.team.actions import teams as actions
from headwater.team.queries.tree import TeamPlace, team_tree
from headwater.web.http import answer

if TYPE_CHECKING:
    from headwater.team.middleware import Request


def team_list(request: Request) -> HttpResponse:
    """The teams as they stand below one another, with how many people are in each."""
    request.actor.require("team.team.change")
    return render(request, "team/teams.html", {"places": team_tree()})


def add_team(request: Request) -> HttpResponse:
    """A new team."""
    request.actor.require("team.team.create")
    form = forms.TeamForm(request.POST or None, above=_choices(team_tree()))
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_team(**form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            return answer(request, reverse("settings_teams"), _("The team is formed."))
    return _page(request, form)


def change_team(request: Request, team_id: int) -> HttpResponse:
    """The name and place of a team, and the way to end it."""
    request.actor.require("team.team.change")
    places = team_tree()
    place = _place(places, team_id)
    above = _choices(each for each in places if team_id not in (each.pk, *each.above))
    form = forms.TeamForm(
        request.POST or None, above=above, initial={"name": place.name, "parent_id": place.parent_id or ""}
    )
    if request.method == "POST" and form.is_valid():
        try:
            event = actions.change_team(team_id=team_id, **form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            undo = f"/undo/{event.pk}" if event is not None else ""
            return answer(request, reverse("settings_teams"), _("The team is saved."), undo_url=undo)
    return _page(request, form, place, forms.DissolveForm(others=_others(places, team_id)))


@require_POST
def dissolve_team(request: Request, team_id: int) -> HttpResponse:
    """The end of a team; its people go where it was said."""
    request.actor.require("team.team.change")
    places = team_tree()
    place = _place(places, team_id)
    dissolve = forms.DissolveForm(request.POST, others=_others(places, team_id))
    if dissolve.is_valid():
        event = actions.dissolve_team(team_id=team_id, **dissolve.cleaned_data, by=request.actor, at=now())
        words = _("Team %(name)s is dissolved.") % {"name": place.name}
        return answer(request, reverse("settings_teams"), words, undo_url=f"/undo/{event.pk}")
    above = _choices(each for each in places if team_id not in (each.pk, *each.above))
    form = forms.TeamForm(above=above, initial={"name": place.name, "parent_id": place.parent_id or ""})
    return _page(request, form, place, dissolve)


def _page(
    request: Request, form: forms.TeamForm, place: TeamPlace | None = None, dissolve: forms.DissolveForm | None = None
) -> HttpResponse:
    wrong = bool(form.errors or (dissolve is not None and dissolve.errors))
    context = {"form": form, "place": place, "dissolve": dissolve}
    return render(request, "team/team.html", context, status=422 if wrong else 200)


def _place(places: list[TeamPlace], team_id: int) -> TeamPlace:
    found = next((each for each in places if each.pk == team_id), None)
    if found is None:
        raise NotFound()
    return found


def _choices(places: Iterable[TeamPlace]) -> forms.Choices:
    return [(str(each.pk), each.path) for each in places]


def _others(places: list[TeamPlace], team_id: int) -> forms.Choices:
    return _choices(each for each in places if each.pk != team_id)
