"""Views that people save: the forms and buttons above a list that make, share, order and remove them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import DomainError, NotAllowed, NotFound
from headwater.platform.installation import installation
from headwater.platform.lists.actions import ROW, change_view, delete_view, save_view
from headwater.platform.lists.kept import AS, BOARD, NOT_HERE, PUBLISH, SAVE, KeptView, start_of, view_of, views_of
from headwater.platform.lists.layout import keep_layout, layout_of
from headwater.platform.models import ListView
from headwater.platform.resource import ActorForm, Command, Resource
from headwater.platform.undo import newest_event, to_undo
from headwater.web.form import form_page, refused
from headwater.web.http import Request, answer, came_from, resource_of
from headwater.web.layout import shown_columns, widths_of
from headwater.web.liststate import ListState, address, home_of, path_of, state_of


class ViewForm(ActorForm):
    """What a view is called and who sees it. Who may not share with everybody is not asked about everybody."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    scope = forms.ChoiceField(label=gettext_lazy("Who sees it"), widget=forms.RadioSelect)
    opens_for = forms.MultipleChoiceField(
        label=gettext_lazy("Whose list begins with it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Of a view for everybody. Each person can choose another one to begin with."),
    )
    query = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may_publish, present = self.actor.may(PUBLISH), self.initial.get("scope")
        offered = {ListView.Scope.PRIVATE: True, ListView.Scope.TEAM: self.actor.team_id is not None}
        offered[ListView.Scope.EVERYBODY] = may_publish
        words = {
            ListView.Scope.PRIVATE: _("Only me"),
            ListView.Scope.TEAM: _("My team"),
            ListView.Scope.EVERYBODY: _("Everybody who sees such records"),
        }
        choices = [(code, words[code]) for code, is_offered in offered.items() if is_offered or code == present]
        self._field("scope").choices = choices
        self.initial.setdefault("scope", ListView.Scope.PRIVATE)
        if may_publish:
            self._field("opens_for").choices = list(installation().roles)
        else:
            del self.fields["opens_for"]

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def values(self) -> dict[str, Any]:
        """What the action takes; roles begin only with a view that they see."""
        found = {name: value for name, value in self.cleaned_data.items() if name != "query"}
        if "opens_for" in found and found["scope"] != ListView.Scope.EVERYBODY:
            found["opens_for"] = []
        return found


MAKE = Command("save_view", lazy("Save this list as a view"), save_view, SAVE, ViewForm)
CHANGE = Command("change_view", lazy("Name and sharing"), change_view, SAVE, ViewForm)


def new(request: Request, slug: str) -> HttpResponse:
    """Save the list as it is under a name. The address describes the list; the form carries it along."""
    resource = _resource(slug, request)
    if request.method != "POST":
        form = ViewForm(actor=request.actor, initial={"query": request.GET.urlencode()})
        return form_page(request, resource, MAKE, form, submit=_("Save the view"))
    form = ViewForm(request.POST, actor=request.actor)

    def make(values: dict[str, Any]) -> ListView:
        state = _state(resource, request, form.cleaned_data["query"])
        return save_view(noun=resource.key, by=request.actor, at=now(), **values, **_list(state))

    return _sent(request, resource, MAKE, form, make, _("View saved"))


def edit(request: Request, slug: str, pk: int) -> HttpResponse:
    """Rename a view, share it, or keep it to oneself."""
    resource = _resource(slug, request)
    view = _changeable(resource, request, pk)
    if request.method != "POST":
        initial = {"name": view.label, "scope": view.scope, "opens_for": view.opens_for}
        return form_page(request, resource, CHANGE, ViewForm(actor=request.actor, initial=initial), submit=_("Save"))
    form = ViewForm(request.POST, actor=request.actor, initial={"scope": view.scope})
    return _sent(request, resource, CHANGE, form, lambda values: _change(request, pk, **values), _("View changed"))


@require_POST
def save(request: Request, slug: str, pk: int) -> HttpResponse:
    """Make a view what its list is now."""
    resource = _resource(slug, request)
    _changeable(resource, request, pk)
    state, since = _state(resource, request, request.POST.get("query", "")), newest_event()
    _change(request, pk, **_list(state))
    return answer(request, _url(resource, request, pk), _("View saved"), undo_url=_undo_url(request, since))


@require_POST
def delete(request: Request, slug: str, pk: int) -> HttpResponse:
    """Remove a view, for everybody who sees it."""
    resource = _resource(slug, request)
    view, since = _changeable(resource, request, pk), newest_event()
    delete_view(view_id=pk, by=request.actor, at=now())
    words = _("View “%(name)s” deleted") % {"name": view.label}
    return answer(request, address(home_of(resource, view), {"view": "all"}), words, undo_url=_undo_url(request, since))


@require_POST
def start(request: Request, slug: str) -> HttpResponse:
    """Begin this list with a view from now on; with the one that it is already, no more."""
    resource = resource_of(slug, request)
    key = request.POST.get("view", "")
    if key != "all":
        view_of(resource, request.actor, key)
    present = start_of(resource, request.actor, layout_of(resource, request.actor).start_view)
    keep_layout(resource=resource, by=request.actor, start_view="all" if key == present else key)
    words = _("The list begins with everything again") if key == present else _("The list begins with this view now")
    return answer(request, came_from(request, f"/{slug}"), words)


@require_POST
def move(request: Request, slug: str) -> HttpResponse:
    """Put a view one place further to the left or right among the reader's tabs."""
    resource = resource_of(slug, request)
    keys = [view.key for view in views_of(resource, request.actor, layout_of(resource, request.actor).tab_order)]
    key = request.POST.get("view", "")
    if key not in keys:
        raise NotFound(NOT_HERE)
    at = keys.index(key)
    to = max(0, min(len(keys) - 1, at + (-1 if request.POST.get("by") == "-1" else 1)))
    keys.insert(to, keys.pop(at))
    keep_layout(resource=resource, by=request.actor, tab_order=keys)
    words = _("Tab %(place)s of %(count)s") % {"place": to + 1, "count": len(keys)}
    return answer(request, came_from(request, f"/{slug}"), words)


def _resource(slug: str, request: Request) -> Resource:
    resource = resource_of(slug, request)
    request.actor.require(SAVE)
    return resource


def _changeable(resource: Resource, request: Request, pk: int) -> KeptView:
    view = view_of(resource, request.actor, str(pk))
    if not isinstance(view, KeptView) or not view.may_change:
        raise NotAllowed(_("This view is somebody else's. Save it as a new one of your own."))
    return view


def _change(request: Request, pk: int, **values: Any) -> ListView:
    return change_view(view_id=pk, by=request.actor, at=now(), **values)


def _state(resource: Resource, request: Request, query: str) -> ListState:
    params = QueryDict(query).dict()
    return state_of(resource, params, path_of(resource, params), request.actor)


def _list(state: ListState) -> dict[str, Any]:
    """A list or board as a view holds it, with the columns and widths it is shown with."""
    told = {"q": state.search, "group": state.group, AS: BOARD if state.is_board else "", **state.besides}
    words = {key: text for key, text in told.items() if text}
    columns = [column.key for column in shown_columns(state)]
    return {
        "params": {**state.conditions, **words},
        "sort": state.order,
        "columns": columns,
        "widths": {key: width for key, width in widths_of(state).items() if key in columns},
    }


def _sent(
    request: Request,
    resource: Resource,
    command: Command,
    form: ViewForm,
    do: Callable[[dict[str, Any]], ListView],
    words: str,
) -> HttpResponse:
    if not form.is_valid():
        return form_page(request, resource, command, form, status=422, submit=_("Save"))
    since = newest_event()
    try:
        row = do(form.values())
    except DomainError as refusal:
        return refused(request, resource, command, form, refusal)
    return answer(request, _url(resource, request, row.pk), words, undo_url=_undo_url(request, since))


def _url(resource: Resource, request: Request, pk: int) -> str:
    view = view_of(resource, request.actor, str(pk))
    return address(home_of(resource, view), {"view": view.key})


def _undo_url(request: Request, since: int) -> str:
    event = to_undo(since=since, by=request.actor, subject_type=ROW)
    return f"/undo/{event.pk}" if event is not None else ""
