"""Settings, Roles: what each role may do and how far it sees, and the roles of the company's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.models import Event
from headwater.team import forms
from headwater.team.actions import roles as actions
from headwater.team.models import Role, User
from headwater.team.queries import users_by_ids
from headwater.team.queries.looking import looks_as
from headwater.team.queries.roles import KnownRole, covers, holders, known_roles, role_changes, role_of
from headwater.team.rights import all_rights, in_groups
from headwater.team.rules import rights_of
from headwater.web.http import answer

if TYPE_CHECKING:
    from headwater.team.middleware import Request


def role_list(request: Request) -> HttpResponse:
    """Every right and every role at a glance."""
    request.actor.require(actions.RIGHT)
    roles, people = known_roles(with_retired=True), holders()
    working = [role for role in roles if not role.is_retired]
    verbs = [role.verbs for role in working]
    groups = [
        (heading, [(right, [right.verb in each for each in verbs]) for right in rights])
        for heading, rights in in_groups(all_rights().values())
    ]
    context = {
        "roles": [(role, forms.VISIBILITY_WORDS[role.visibility], people.get(role.key, 0)) for role in working],
        "groups": groups,
        "retired": [role for role in roles if role.is_retired],
        "width": len(working) + 1,
    }
    return render(request, "team/roles.html", context)


def add_role(request: Request) -> HttpResponse:
    """A role of the company's own, as a copy of another one."""
    request.actor.require(actions.RIGHT)
    copied = [(role.key, role.name) for role in known_roles() if role.key != Role.OWNER]
    form = forms.NewRoleForm(request.POST or None, roles=copied, initial={"copied": request.GET.get("copied", "")})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_role(**form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            return answer(request, _page_of(made.key), _("The role is made. Say what it may do."))
    context = {"form": form, "title": _("New role"), "back": "settings_roles"}
    return render(request, "team/form.html", context, status=422 if form.errors else 200)


def change_role(request: Request, key: str) -> HttpResponse:
    """One role: its name, what it may do and how far it sees; who has it, and what was changed about it."""
    request.actor.require(actions.RIGHT)
    role = _role(key)
    form = _form(role, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            event = actions.change_role(key=key, **form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            undo = f"/undo/{event.pk}" if event is not None else ""
            return answer(request, _page_of(key), _("The role is saved. It holds from now on."), undo_url=undo)
    return _role_page(request, role, form)


@require_POST
def put_back_role(request: Request, key: str) -> HttpResponse:
    """A delivered role as it was delivered."""
    event = actions.put_back_role(key=key, by=request.actor, at=now())
    undo = f"/undo/{event.pk}" if event is not None else ""
    return answer(request, _page_of(key), _("The role is as it was delivered."), undo_url=undo)


@require_POST
def retire_role(request: Request, key: str) -> HttpResponse:
    """The end of a role; whoever has it gets another one."""
    request.actor.require(actions.RIGHT)
    role = _role(key)
    form = forms.RetireForm(request.POST, roles=_others(role), is_held=_has_holders(role))
    if not form.is_valid():
        return _role_page(request, role, _form(role), form)
    event = actions.retire_role(key=key, **form.cleaned_data, by=request.actor, at=now())
    words = _("The role %(name)s is retired.") % {"name": role.name}
    return answer(request, reverse("settings_roles"), words, undo_url=f"/undo/{event.pk}")


@require_POST
def bring_back_role(request: Request, key: str) -> HttpResponse:
    """A retired role that can be given again."""
    actions.bring_back_role(key=key, by=request.actor, at=now())
    return answer(request, _page_of(key), _("The role can be given again."))


def _role_page(
    request: Request, role: KnownRole, form: forms.RoleForm, retire: forms.RetireForm | None = None
) -> HttpResponse:
    actor = request.actor
    may_change = role.key != Role.OWNER and not role.is_retired and covers(actor, role.rights)
    chosen = set(form["verbs"].value() or ())
    differing = chosen ^ KnownRole(role.base, "", rights_of(role.base)).verbs
    groups = [
        (heading, [(right, right.verb in chosen, actor.may(right.verb), right.verb in differing) for right in rights])
        for heading, rights in in_groups(all_rights().values())
    ]
    changes = role_changes(role)
    names = {user.pk: user.name for user in users_by_ids(event.user_id or 0 for event, _u in changes).values()}
    context: dict[str, Any] = {
        "role": role, "form": form, "groups": groups, "may_change": may_change,
        "people": User.objects.filter(role=role.key, is_active=True).order_by("name", "pk"),
        "changes": [(e, names.get(e.user_id or 0, e.actor), _said(e), is_undone) for e, is_undone in changes],
        "retire": retire or forms.RetireForm(roles=_others(role), is_held=_has_holders(role)),
        "may_see_as": looks_as(actor, {"role": role.key}) is not None,
        "base_name": str(Role(role.base).label), "sees": forms.VISIBILITY_WORDS[role.visibility],
    }  # fmt: skip
    wrong = form.errors or (retire is not None and retire.errors)
    return render(request, "team/role.html", context, status=422 if wrong else 200)


def _said(event: Event) -> list[tuple[str, str]]:
    data, rights = event.data, all_rights()

    def words(verbs: list[str]) -> str:
        return ", ".join(f"{rights[verb].heading}: {rights[verb].label}" if verb in rights else verb for verb in verbs)

    said = []
    if event.verb == "team.role_changed":
        said = [(_("May now"), words(data["gained"])), (_("No longer"), words(data["lost"]))]
        before, after = data["visibility"]
        if before != after:
            sees = [str(forms.VISIBILITY_WORDS.get(each, each)) for each in (before, after)]
            said.append((_("Sees"), " → ".join(sees)))
        if data["names"][0] != data["names"][1]:
            said.append((_("Name"), " → ".join(data["names"])))
    return [(label, text) for label, text in said if text]


def _form(role: KnownRole, data: Any = None) -> forms.RoleForm:
    initial = {"name": role.name, "visibility": role.visibility.value, "verbs": sorted(role.verbs)}
    return forms.RoleForm(data, initial=initial)


def _has_holders(role: KnownRole) -> bool:
    return User.objects.filter(role=role.key).exists()


def _others(role: KnownRole) -> forms.Choices:
    return [(other.key, other.name) for other in known_roles() if other.key not in (role.key, Role.OWNER)]


def _role(key: str) -> KnownRole:
    role = role_of(key)
    if role is None:
        raise NotFound()
    return role


def _page_of(key: str) -> str:
    return reverse("settings_role", args=[key])
