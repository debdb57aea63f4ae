"""Who works here, through the API: colleagues, what each role may do, and the teams, with every step of Settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.endpoint import require_version, sent_object
from headwater.api.jobs import NUMBER, TEXT, answer_of, object_of
from headwater.api.shapes import IF_MATCH, Schema, version_as_told, versioned
from headwater.platform.actor import Visibility
from headwater.platform.clock import now
from headwater.platform.edits import with_row_locked
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.values import LARGEST_ID, is_storable
from headwater.team.actions import roles, teams
from headwater.team.models import User
from headwater.team.queries import company, visible_users
from headwater.team.queries.roles import KnownRole, holders, known_roles, role_of
from headwater.team.queries.tree import TeamPlace, team_tree
from headwater.team.rights import all_rights

SEE = "team.user.see"
KEEP = "team.user.change"


def add_staff(api: NinjaAPI) -> None:
    """Add the endpoints to the API."""

    def add(method: str, path: str, key: str, view: Callable[..., HttpResponse], summary: str, doc: Schema) -> None:
        api.api_operation([method], path, operation_id=key, summary=summary, tags=["Users"], openapi_extra=doc)(view)

    role, team = "/roles/{str:key}", "/teams/{int:pk}"
    add("GET", "/users", "users_list", list_users, "Who works here, and who did", _list_doc(_USER))
    add("GET", "/rights", "rights_list", list_rights, "Every right that a role can have", _list_doc(_RIGHT))
    add("GET", "/roles", "roles_list", list_roles, "The roles, what each may do and how far it sees", _list_doc(_ROLE))
    add("POST", "/roles", "role_create", add_role, "Make a role as a copy of another one", _new_doc(_ROLE, _NEW_ROLE))
    add("GET", role, "role_show", show_role, "One role", _one_doc(_ROLE))
    add("PATCH", role, "role_change", change_role, "Change what it may do", _step_doc(_ROLE, _ROLE_CHANGE))
    add("POST", f"{role}/put-back", "role_put_back", put_back_role, "Make it as it was delivered", _step_doc(_ROLE))
    add("POST", f"{role}/retire", "role_retire", retire_role, "Give it to nobody more", _step_doc(_ROLE, _RETIREMENT))
    add("POST", f"{role}/bring-back", "role_bring_back", bring_back_role, "Let it be given again", _step_doc(_ROLE))
    add("GET", "/teams", "teams_list", list_teams, "The teams, and which stands below which", _list_doc(_TEAM))
    add("POST", "/teams", "team_create", add_team, "Form a team", _new_doc(_TEAM, _NEW_TEAM))
    add("GET", team, "team_show", show_team, "One team", _one_doc(_TEAM))
    add("PATCH", team, "team_change", change_team, "Rename it, or put it elsewhere", _step_doc(_TEAM, _TEAM_CHANGE))
    add("POST", f"{team}/dissolve", "team_dissolve", dissolve_team, "End it", _step_doc(_DISSOLVED, _DISSOLUTION))


def list_users(request: Any) -> JsonResponse:
    """Whom work can be given to, by the id that programs use; e-mails are for those who keep accounts."""
    request.actor.require(SEE)
    with_email = request.actor.may(KEEP)
    rows = visible_users(request.actor).order_by("name", "pk")
    return JsonResponse({"items": [_user_json(user, with_email=with_email) for user in rows]})


def list_rights(request: Any) -> JsonResponse:
    """Every right by its verb, under the heading that the page of roles has."""
    request.actor.require(roles.RIGHT)
    rights = all_rights().values()
    return JsonResponse({"items": [{"verb": r.verb, "label": str(r.label), "about": str(r.heading)} for r in rights]})


def list_roles(request: Any) -> JsonResponse:
    """Every role by the key that programs call it; for whoever may change roles."""
    request.actor.require(roles.RIGHT)
    people = holders()
    return JsonResponse({"items": [_role_json(role, people) for role in known_roles(with_retired=True)]})


def show_role(request: Any, key: str) -> HttpResponse:
    """One role, retired or not."""
    request.actor.require(roles.RIGHT)
    return _told_role(key)


def add_role(request: Any) -> HttpResponse:
    """A role of the company's own, which may what the copied one may, or what is said."""
    values = _values(request, ("name", "copied", "verbs", "visibility"), needed=("name", "copied"))
    name, copied = values.pop("name"), values.pop("copied")

    def add() -> KnownRole:
        made = roles.add_role(name=name, copied=copied, by=request.actor, at=now())
        _change(request, made, values)
        return made

    return _told_role(_alone(add).key, status=201)


def change_role(request: Any, key: str) -> HttpResponse:
    """What a role is called, may do and sees; what is not sent stays."""
    values = _values(request, ("name", "verbs", "visibility"))
    return _role_step(request, key, lambda role: _change(request, role, values))


def put_back_role(request: Any, key: str) -> HttpResponse:
    """A delivered role as it was delivered."""
    _values(request, ())
    return _role_step(request, key, lambda role: roles.put_back_role(key=role.key, by=request.actor, at=now()))


def retire_role(request: Any, key: str) -> HttpResponse:
    """The end of a role; whoever has it gets the one of `instead`."""
    values = _values(request, ("instead",))
    return _role_step(request, key, lambda role: roles.retire_role(key=role.key, **values, by=request.actor, at=now()))


def bring_back_role(request: Any, key: str) -> HttpResponse:
    """A retired role that can be given again."""
    _values(request, ())
    return _role_step(request, key, lambda role: roles.bring_back_role(key=role.key, by=request.actor, at=now()))


def list_teams(request: Any) -> JsonResponse:
    """The working teams, each after the one it stands below; for whoever sees who works here."""
    request.actor.require(SEE)
    return JsonResponse({"items": [_team_json(place) for place in team_tree()]})


def show_team(request: Any, pk: int) -> HttpResponse:
    """One of the working teams."""
    request.actor.require(SEE)
    return _told_team(pk)


def add_team(request: Any) -> HttpResponse:
    """A new team, below another one or on its own."""
    values = _values(request, ("name", "parent"), needed=("name",))
    made = teams.add_team(name=values["name"], parent_id=values.get("parent"), by=request.actor, at=now())
    return _told_team(made.pk, status=201)


def change_team(request: Any, pk: int) -> HttpResponse:
    """Another name or place; what is not sent stays."""
    values = _values(request, ("name", "parent"))

    def change(place: TeamPlace) -> None:
        wanted = {"name": place.name, "parent": place.parent_id, **values}
        teams.change_team(
            team_id=pk, name=wanted["name"], parent_id=wanted["parent"], by=request.actor, at=now()
        )  # fmt: skip

    _team_step(request, pk, "team.team.change", change)
    return _told_team(pk)


def dissolve_team(request: Any, pk: int) -> JsonResponse:
    """The end of a team: its people go to the team of `into`, or with null to none."""
    into = _values(request, ("into",), needed=("into",))["into"]

    def dissolve(_place: TeamPlace) -> Any:
        return teams.dissolve_team(team_id=pk, into_id=into, by=request.actor, at=now())

    event = _team_step(request, pk, "team.team.change", dissolve)
    return JsonResponse({"id": pk, "into": into, "people": event.data["count"]})


def _change(request: Any, role: KnownRole, values: dict[str, Any]) -> None:
    if not values:
        return
    wanted = {"name": role.name, "verbs": role.verbs, "visibility": role.visibility.value, **values}
    roles.change_role(key=role.key, **wanted, by=request.actor, at=now())


def _role_step(request: Any, key: str, step: Callable[[KnownRole], Any]) -> HttpResponse:
    """Do something with a role of the version that the caller has read, and tell what became of it."""
    request.actor.require(roles.RIGHT)

    def do() -> None:
        role = _role(key)
        require_version(request, _role_version(role))
        step(role)

    _alone(do)
    return _told_role(key)


def _team_step(request: Any, pk: int, verb: str, step: Callable[[TeamPlace], Any]) -> Any:
    request.actor.require(verb)

    def do() -> Any:
        place = _team(pk)
        require_version(request, _team_version(place))
        return step(place)

    return _alone(do)


def _alone(step: Callable[[], Any]) -> Any:
    """Do ``step`` while nobody else changes roles or teams: a delivered role has no row of its own to lock."""
    return with_row_locked(company(), step)


# ---------------------------------------------------------------- what is sent and told


def _values(request: Any, names: tuple[str, ...], *, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """What was sent, each value of its kind.

    Raises:
        Invalid: something has no such field or kind, or is missing.
    """
    body = sent_object(request)
    wrong = {name: [_("There is no such field.")] for name in body if name not in names}
    wrong |= {name: [_("This is needed.")] for name in needed if name not in body}
    for name in body.keys() & set(names):
        if reason := _wrong_kind(name, body[name]):
            wrong[name] = [reason]
    if wrong:
        raise Invalid(wrong)
    return body


def _wrong_kind(name: str, value: Any) -> str:
    if name in ("parent", "into"):
        fits = value is None or (type(value) is int and 0 < value <= LARGEST_ID)
        return "" if fits else _("The id of a team is needed, or null.")
    if name == "verbs":
        fits = isinstance(value, list) and all(_is_text(each) for each in value)
        return "" if fits else _("A list of texts is needed.")
    return "" if _is_text(value) else _("A text is needed.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and is_storable(value)


def _role(key: str) -> KnownRole:
    role = role_of(key) if is_storable(key) else None
    if role is None:
        raise NotFound()
    return role


def _team(pk: int) -> TeamPlace:
    place = next((each for each in team_tree() if each.pk == pk), None)
    if place is None:
        raise NotFound()
    return place


def _told_role(key: str, *, status: int = 200) -> HttpResponse:
    role = _role(key)
    return _told(_role_json(role, holders()), _role_version(role), f"roles/{key}", status)


def _told_team(pk: int, *, status: int = 200) -> HttpResponse:
    place = _team(pk)
    return _told(_team_json(place), _team_version(place), f"teams/{pk}", status)


def _told(shown: dict[str, Any], version: str, place: str, status: int) -> HttpResponse:
    response = JsonResponse(shown, status=status)
    response["ETag"] = version
    if status == 201:
        response["Location"] = f"/api/v1/{place}"
    return response


def _role_version(role: KnownRole) -> str:
    return version_as_told(_role_json(role, {}))  # who has it is no part of what it is


def _team_version(place: TeamPlace) -> str:
    return version_as_told([place.name, place.parent_id])


def _user_json(user: User, *, with_email: bool) -> dict[str, Any]:
    shown = {"id": user.pk, "name": user.name, "role": user.role, "team": user.team_id, "is_active": user.is_active}
    return {**shown, "email": user.email} if with_email else shown


def _role_json(role: KnownRole, people: dict[str, int]) -> dict[str, Any]:
    return {
        "key": role.key, "name": role.name, "base": role.base, "is_own": role.is_own, "is_changed": role.is_changed,
        "is_retired": role.is_retired, "visibility": role.visibility.value, "verbs": sorted(role.verbs),
        "people": people.get(role.key, 0),
    }  # fmt: skip


def _team_json(place: TeamPlace) -> dict[str, Any]:
    return {"id": place.pk, "name": place.name, "parent": place.parent_id, "people": place.people}


# ---------------------------------------------------------------- as the document says it

_FLAG: Schema = {"type": "boolean"}
_TEAM_ID: Schema = {"type": ["integer", "null"], "minimum": 1, "maximum": LARGEST_ID}
_NAME: Schema = {**TEXT, "minLength": 1, "maxLength": roles.LONGEST_NAME}
_VERBS: Schema = {"type": "array", "items": TEXT, "description": "The rights it has, as `/rights` names them."}
_SEES: Schema = {**TEXT, "enum": [each.value for each in Visibility]}
_USER: Schema = object_of({"id": NUMBER, "name": TEXT, "role": TEXT, "team": _TEAM_ID, "is_active": _FLAG})
_USER["properties"]["email"] = {**TEXT, "description": "For those who may change accounts."}
_RIGHT: Schema = object_of({"verb": TEXT, "label": TEXT, "about": TEXT})
_ROLE: Schema = object_of(
    {
        "key": TEXT, "name": TEXT, "base": TEXT, "is_own": _FLAG, "is_changed": _FLAG, "is_retired": _FLAG,
        "visibility": _SEES, "verbs": _VERBS, "people": NUMBER,
    }
)  # fmt: skip
_TEAM: Schema = object_of({"id": NUMBER, "name": TEXT, "parent": _TEAM_ID, "people": NUMBER})
_DISSOLVED: Schema = object_of({"id": NUMBER, "into": _TEAM_ID, "people": NUMBER})


def _sent(fields: Schema, *required: str) -> Schema:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": fields}


_ROLE_FIELDS: Schema = {"name": _NAME, "verbs": _VERBS, "visibility": _SEES}
_NEW_ROLE: Schema = _sent({**_ROLE_FIELDS, "copied": TEXT}, "name", "copied")
_ROLE_CHANGE: Schema = _sent(_ROLE_FIELDS)
_RETIREMENT: Schema = _sent({"instead": {**TEXT, "description": "The role that whoever has it gets."}})
_NEW_TEAM: Schema = _sent({"name": _NAME, "parent": _TEAM_ID}, "name")
_TEAM_CHANGE: Schema = _sent({"name": _NAME, "parent": _TEAM_ID})
_DISSOLUTION: Schema = _sent({"into": _TEAM_ID}, "into")


def _list_doc(item: Schema) -> Schema:
    items = object_of({"items": {"type": "array", "items": item}})
    return {"responses": {200: answer_of(items, "All of them"), **problems.documented(401, 403)}}


def _one_doc(schema: Schema) -> Schema:
    return {"responses": {200: versioned(answer_of(schema, "It")), **problems.documented(401, 403, 404)}}


def _new_doc(schema: Schema, sent: Schema) -> Schema:
    body = {"required": True, "content": {"application/json": {"schema": sent}}}
    told = versioned(answer_of(schema, "The new one"))
    return {"requestBody": body, "responses": {201: told, **problems.documented(401, 403, 409, 422)}}


def _step_doc(schema: Schema, sent: Schema | None = None) -> Schema:
    sent = sent or _sent({})
    return {
        "parameters": [IF_MATCH],
        "requestBody": {"required": bool(sent["required"]), "content": {"application/json": {"schema": sent}}},
        "responses": {
            200: versioned(answer_of(schema, "What became of it")),
            **problems.documented(401, 403, 404, 409, 412, 422),
        },
    }
