"""The endpoints of a noun: list, count, record, create, change, commands; each one call to a query or an action."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.api.jobs import MOST_ROWS, accepted
from headwater.api.shapes import limit_of, record_json, row_json, version_of
from headwater.platform import many
from headwater.platform.clock import now
from headwater.platform.custom.reckoning import reckon_so_far
from headwater.platform.edits import edit_form, fill, valid_values, with_row_locked
from headwater.platform.errors import Conflict, DomainError, Invalid, NotFound, Stale
from headwater.platform.exports import ID, exported_columns
from headwater.platform.filter import tree_from_params
from headwater.platform.installation import installation
from headwater.platform.lists.kept import with_view
from headwater.platform.many import AT_ONCE
from headwater.platform.paging import COUNT_LIMIT, MAX_PAGE_SIZE, PAGE_SIZE, count_up_to, in_order, page_of
from headwater.platform.resource import ActorForm, Command, Resource, Rows, filtered
from headwater.platform.search.finding import find
from headwater.platform.translated import grouped
from headwater.platform.values import LARGEST_ID
from headwater.web.export import format_of, sent
from headwater.web.http import row_of

PAGING = ("view", "q", "sort", "cursor", "limit", "filter", "include_archived")


def list_rows(request: Any, resource: Resource) -> JsonResponse:
    """One page of the rows that match."""
    require_see(request, resource)
    params = _params(request, resource)
    page = page_of(
        _matching(request, resource, params),
        resource,
        sort=params.get("sort", ""),
        cursor=params.get("cursor", ""),
        size=limit_of(params.get("limit", ""), usual=PAGE_SIZE, most=MAX_PAGE_SIZE),
        reach=resource.reach(request.actor),
    )
    items = [row_json(resource, row) for row in page.rows]
    return JsonResponse({"items": items, "next": page.next, "previous": page.previous})


def count_rows(request: Any, resource: Resource) -> JsonResponse:
    """How many rows match; beyond the limit only that there are more."""
    require_see(request, resource)
    params = _params(request, resource)
    words = params.get("q", "").strip()
    rows = _matching(request, resource, {**params, "q": ""})
    count = find(resource, words).count_among(rows, COUNT_LIMIT) if words else count_up_to(rows)
    return JsonResponse({"count": min(count, COUNT_LIMIT), "is_more": count > COUNT_LIMIT})


def export_rows(request: Any, resource: Resource) -> HttpResponseBase:
    """The rows that match as a file, in their order, with the columns wanted; noted in the log."""
    require_see(request, resource)
    request.actor.require(resource.verb("export"))
    params = _params(request, resource, besides=("format", "cols"))
    keys = [key for key in params.get("cols", "").split(",") if key]
    if unknown := [key for key in keys if key not in resource.by_key]:
        raise Invalid(
            {
                "cols": [
                    _("{label_plural} have no column “{key}”.").format(label_plural=resource.label_plural, key=key)
                    for key in unknown
                ]
            }
        )
    return sent(
        resource,
        [ID, *exported_columns(resource, keys)],
        in_order(_matching(request, resource, params), resource, sort=params.get("sort", "")),
        format_of(params.get("format", "csv")),
        conditions={key: value for key, value in params.items() if key not in ("format", "cols", "sort")},
        by=request.actor,
        zone=installation().zone,
    )


def show_row(request: Any, resource: Resource, pk: int) -> HttpResponse:
    """One row in full; that it is as before (304), to whoever says which version they have."""
    require_see(request, resource)
    shown = _shown(resource, row_of(resource, request, pk))
    had = parse_etags(request.headers.get("If-None-Match", ""))
    return HttpResponseNotModified(headers={"ETag": shown["ETag"]}) if shown["ETag"] in had else shown


def create_row(request: Any, resource: Resource) -> JsonResponse:
    """A new row, by the action that makes one."""
    command = command_of(request, resource.create)
    return told_as_new(request, resource, command, create(request, command, body_of(request, command)))


def create(request: Any, command: Command, body: dict[str, Any]) -> Any:
    """Make a row of what was sent; what the action hands back."""
    form = _checked(command.form(body, actor=request.actor))
    return command.run(by=request.actor, at=now(), **form.cleaned_data)


def told_as_new(request: Any, resource: Resource, command: Command, made: Any) -> JsonResponse:
    """The answer about a new row."""
    pk = pk_of(made)
    reckon_so_far()
    row = resource.record(request.actor, pk) if pk is not None else None
    # Somebody may add what they may not see afterwards: then the id is all there is to say, and why.
    note = command.says(request.actor, made) if row is None else ""
    response = _shown(resource, row, pk=pk, **({"note": note} if note else {}))
    response.status_code = 201
    response["Location"] = f"/api/v1/{resource.slug}/{pk}"
    return response


def change_row(request: Any, resource: Resource, pk: int) -> JsonResponse:
    """Change a row; fields that are not sent keep their values, whatever they are."""
    require_see(request, resource)
    command = command_of(request, resource.change)
    change(request, resource, command, body_of(request, command), pk=pk)
    return after(request, resource, pk)


def change(request: Any, resource: Resource, command: Command, body: dict[str, Any], *, pk: int) -> None:
    """Write what was sent to a row the caller sees, if it is of the version they name."""

    def write() -> None:
        row = row_of(resource, request, pk)
        _require_match(request, resource, row)
        form = edit_form(command, request.actor, row)
        fill(form, body)
        values = valid_values(form, body)
        if values is None:
            raise Invalid(_reasons(form))
        command.run(**{command.id_name: pk}, by=request.actor, at=now(), **values)

    with_row_locked(row_of(resource, request, pk, is_bare=True), write)


def run_command(request: Any, resource: Resource, command: Command, pk: int) -> JsonResponse:
    """Do one thing with one row."""
    require_see(request, resource)
    command_of(request, command)
    body = body_of(request, command)

    def do() -> None:
        row = row_of(resource, request, pk)
        _require_match(request, resource, row)
        if not command.offered(row):
            raise Conflict(_("“{label}” is not possible here any more.").format(label=command.label))
        form = _checked(command.form(body, actor=request.actor, row=row))
        command.run(**{command.id_name: pk}, by=request.actor, at=now(), **form.cleaned_data)

    if command.locks_itself:
        do()
    else:
        with_row_locked(row_of(resource, request, pk, is_bare=True), do)
    return after(request, resource, pk)


def run_bulk(request: Any, resource: Resource, command: Command) -> JsonResponse:
    """Do one thing with many rows: those of `ids` that the caller may see; more than 500 in the background (202)."""
    require_see(request, resource)
    command_of(request, command)
    if command.run_many is None:
        raise NotFound(_("This cannot be done with many rows at once."))
    body = body_of(request, command, besides=("ids",))
    wanted = body.pop("ids", None)
    if not isinstance(wanted, list) or not all(isinstance(pk, int) and not isinstance(pk, bool) for pk in wanted):
        raise Invalid({"ids": [_("A list of whole numbers is needed.")]})
    most = AT_ONCE if command.together else MOST_ROWS
    if not 0 < len(wanted) <= most:
        raise Invalid(
            {
                "ids": [
                    _("Between 1 and {most} rows can be changed in one step. Send them in several.").format(
                        most=grouped(most)
                    )
                ]
            }
        )
    known = {pk for pk in wanted if 0 < pk <= LARGEST_ID}
    ids = sorted(resource.rows(request.actor).filter(pk__among=known).order_by().values_list("pk", flat=True))
    if not ids:
        raise NotFound()
    form = _checked(command.form(body, actor=request.actor))
    if len(ids) > AT_ONCE and not command.together:
        step = many.start(resource=resource, command=command, ids=ids, form=_as_sent(body), by=request.actor, at=now())
        return accepted(step)
    command.run_many(ids=ids, by=request.actor, at=now(), **form.cleaned_data)
    return JsonResponse({"ids": ids})


def _as_sent(body: Mapping[str, Any]) -> str:
    """What was sent as JSON, as a page's form sends it: a job keeps it so."""
    said = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in body.items()}
    return urlencode({name: value for name, value in said.items() if value is not None}, doseq=True)


def _params(request: Any, resource: Resource, *, besides: tuple[str, ...] = ()) -> dict[str, str]:
    """What the address asks for, a saved view in it spelled out."""
    params = request.GET.dict()
    unknown = [
        k for k in params if k not in PAGING and k not in besides and k.partition("__")[0] not in resource.by_key
    ]
    if unknown:  # a filter with a typing error must not answer with everything
        raise Invalid(
            {
                name: [
                    _("{label_plural} have no parameter “{name}”.").format(
                        label_plural=resource.label_plural, name=name
                    )
                ]
                for name in unknown
            }
        )
    return with_view(resource, request.actor, params)


def _matching(request: Any, resource: Resource, params: Mapping[str, str]) -> Rows:
    tree = tree_from_params({k: v for k, v in params.items() if k not in PAGING or k == "filter"}, resource.by_key)
    with_archived = _yes_or_no("include_archived", params.get("include_archived", ""))
    words = params.get("q", "").strip()
    return filtered(
        resource,
        request.actor,
        tree,
        search=find(resource, words, by=request.actor, sort=params.get("sort", "")) if words else "",
        zone=installation().zone,
        with_archived=with_archived,
    )


def _yes_or_no(name: str, text: str) -> bool:
    """What a parameter says; a mistyped yes must not quietly mean no."""
    said = {"": False, "true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower())
    if said is None:
        raise Invalid({name: [_("Say true or false.")]})
    return said


def require_see(request: Any, resource: Resource) -> None:
    """Refuse whoever may see none of these rows."""
    request.actor.require(resource.verb("see"))


def command_of(request: Any, command: Command | None) -> Command:
    """The step, for those who have the right to it."""
    if command is None:
        raise NotFound()
    request.actor.require(command.verb)
    return command


def body_of(request: Any, command: Command, *, besides: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON object that was sent. Fields the form does not have are refused, not dropped: nothing is guessed."""
    if not request.body.strip():
        return {}
    try:
        body = json.loads(request.body, parse_constant=_no_number)
        json.dumps(body, ensure_ascii=False).encode()  # half a pair of letters is no text
    except (ValueError, RecursionError) as error:
        raise BadJson() from error
    if not isinstance(body, dict):
        raise BadJson()
    known = dict.fromkeys([*command.form.names_for(request.actor), *besides])
    unknown = [name for name in body if name not in known]
    if unknown:
        words = _("There is no such field. There are: {names}.").format(names=", ".join(known))
        raise Invalid({name: [words] for name in unknown})
    # A form would turn a list or an object into its own words, and store them as a name.
    nested = [name for name in body if isinstance(body[name], (list, dict)) and not _takes_several(command, name)]
    if nested:
        raise Invalid({name: [_("One value is needed, not a list or an object.")] for name in nested})
    # A number stands for its digits, as where it is typed in: a day's field would stumble over it.
    return {name: str(value) if type(value) in (int, float) else value for name, value in body.items()}


def _takes_several(command: Command, name: str) -> bool:
    field = command.form.base_fields.get(name)
    return field is None or isinstance(field, (forms.MultipleChoiceField, forms.JSONField))


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


class BadJson(DomainError):
    """What was sent is not a JSON object."""

    code, status = "bad_json", 400
    message = lazy("The body must be a JSON object.")


def sent_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a request that belongs to no noun; an empty body is an empty one.

    Raises:
        BadJson: something else was sent.
    """
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadJson() from error
    if not isinstance(body, dict):
        raise BadJson()
    return body


def _checked(form: ActorForm) -> ActorForm:
    if unread := _unread(form):
        words = _("This says nothing here, because of the other fields that were sent. Leave it out.")
        raise Invalid({name: [words] for name in unread})
    if not form.is_valid():
        raise Invalid(_reasons(form))
    return form


def _unread(form: ActorForm) -> list[str]:
    """What was sent in fields that the form takes away or holds fast, once it knows the other values."""
    told = {name: value for name, value in form.data.items() if value not in (None, "")}
    return [name for name in form.base_fields.keys() & told if not _reads(form, name, told[name])]


def _reads(form: ActorForm, name: str, value: Any) -> bool:
    field = form.fields.get(name)
    return field is not None and not (field.disabled and value != form.get_initial_for_field(field, name))


def _reasons(form: Form) -> Mapping[str, list[str]]:
    return {name: [str(reason) for reason in reasons] for name, reasons in form.errors.items()}


def pk_of(made: Any) -> int | None:
    """The id of what an action made: the first of several."""
    first = made[0] if isinstance(made, (tuple, list)) and made else made
    pk = getattr(first, "pk", None)
    return int(pk) if pk is not None else None


def after(request: Any, resource: Resource, pk: int, **more: Any) -> JsonResponse:
    """The row as it is now, and what else there is to say; only its id when it went out of sight."""
    reckon_so_far()
    return _shown(resource, resource.record(request.actor, pk), pk=pk, **more)


def _shown(resource: Resource, row: Any, *, pk: int | None = None, **more: Any) -> JsonResponse:
    """A row in full with its version, by which the caller can later say what it has read."""
    if row is None:
        return JsonResponse({"id": pk, **more})
    response = JsonResponse({**record_json(resource, row), **more})
    response["ETag"] = version_of(resource, row)
    return response


def _require_match(request: HttpRequest, resource: Resource, row: Any) -> None:
    if "If-Match" in request.headers:  # finding the version asks the database
        require_version(request, version_of(resource, row))


def require_version(request: HttpRequest, version: str) -> None:
    """Refuse where the caller named the version it has read (``If-Match``) and there is another one by now.

    What the server could not read, and hands on as empty, is no version of anything.

    Raises:
        Stale: somebody else was faster.
    """
    wanted = request.headers.get("If-Match", "*").strip()
    versions = [each.strip().removeprefix("W/") for each in wanted.split(",")]
    if wanted != "*" and version not in versions:
        raise Stale()
