"""Comments, followers and files of every noun's rows through the API, and the work of who leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.shapes import Schema, json_of
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.resource import REGISTRY, Resource
from headwater.team import rules
from headwater.team.actions import comments as actions
from headwater.team.actions import files as file_actions
from headwater.team.actions import followers as following
from headwater.team.actions import leaving
from headwater.team.forms import uploads_of
from headwater.team.models import Comment, StoredFile, User
from headwater.team.queries import comments as queries
from headwater.team.queries import files, followers
from headwater.team.queries.leaving import held_work
from headwater.team.queries.records import Record
from headwater.web.download import attachment
from headwater.web.http import row_of

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
PERSON: Schema = {"type": "object", "required": ["id", "name"], "properties": {"id": NUMBER, "name": TEXT}}


def add_talk(api: NinjaAPI) -> None:
    """Add the endpoints to the API, for every noun."""
    for resource in REGISTRY.values():
        _add(api, resource, "GET", "comments", "comments", list_comments, "What colleagues say about it", _list_doc())
        _add(api, resource, "POST", "comments", "comment", add_comment, "Say something about it", _write_doc(201))
        one = "comments/{int:comment_id}"
        _add(api, resource, "PATCH", one, "comment_change", change_comment, "Reword one's comment", _write_doc(200))
        _add(api, resource, "DELETE", one, "comment_delete", delete_comment, "Delete a comment", _gone_doc())
        _add(api, resource, "GET", "followers", "followers", list_followers, "Who follows it", _people_doc())
        _add(api, resource, "PUT", "followers/me", "follow", follow, "Follow it", _gone_doc())
        _add(api, resource, "DELETE", "followers/me", "unfollow", unfollow, "Follow it no more", _gone_doc())
        _add(api, resource, "GET", "files", "files", list_files, "The files with it", _files_doc())
        _add(api, resource, "POST", "files", "file_add", add_files, "Put files with it", _upload_doc())
        one = "files/{int:file_id}"
        _add(api, resource, "GET", one, "file", show_file, "The content of a file", _content_doc())
        _add(api, resource, "DELETE", one, "file_delete", delete_file, "Take a file off it", _gone_doc())


def add_leaving(api: NinjaAPI) -> None:
    """Add the endpoints about what a colleague holds and who takes it over."""
    for method, path, key, view, summary, extra in (
        ("GET", "work", "users_work", show_held_work, "What a colleague still holds", _held_doc()),
        ("POST", "hand-over", "users_hand_over", hand_over, "Hand it over to another one", _hand_over_doc()),
    ):
        api.api_operation(
            [method], f"/users/{{int:user_id}}/{path}", operation_id=key, summary=summary, tags=["Users"],
            openapi_extra=extra,
        )(view)  # fmt: skip


def show_held_work(request: Any, user_id: int) -> HttpResponse:
    """What a colleague still holds, kind by kind; for whoever may change accounts."""
    request.actor.require(leaving.RIGHT)
    if not User.objects.filter(pk=user_id).exists():
        raise NotFound()
    held = held_work(user_id, request.actor)
    return JsonResponse({"items": [{"kind": w.key, "label": str(w.label), "count": w.count} for w in held]})


def hand_over(request: Any, user_id: int) -> HttpResponse:
    """Everything a colleague holds to another one, or the named kinds; parts that are large go in the background."""
    body = _body(request)
    to, kinds = body.pop("to", None), body.pop("kinds", None)
    wrong = {name: [_("There is no such field.")] for name in body}
    if type(to) is not int:
        wrong["to"] = [_("The id of a colleague is needed.")]
    if kinds is not None and not (isinstance(kinds, list) and kinds and all(isinstance(kind, str) for kind in kinds)):
        wrong["kinds"] = [_("Kinds as the list of work names them are needed, or nothing for all.")]
    if wrong:
        raise Invalid(wrong)
    fact = leaving.hand_over_work(user_id=user_id, to_id=int(to or 0), kinds=kinds, by=request.actor, at=now())
    return JsonResponse({"to": fact.to_id, "counts": fact.counts})


def list_comments(request: Any, record: Record) -> HttpResponse:
    """The talk about a row, the oldest first."""
    found = list(queries.comments_of(record))
    names = queries.names_in(found)
    return JsonResponse({"items": [_comment_json(comment, names) for comment in found]})


def add_comment(request: Any, record: Record) -> HttpResponse:
    """A new comment; ``@Name`` means a colleague."""
    made = actions.add_comment(
        noun=record.resource.key, row_id=record.row.pk, text=_text(request), by=request.actor, at=now()
    )
    return JsonResponse(_comment_json(made, queries.names_in([made])), status=201)


def change_comment(request: Any, record: Record, comment_id: int) -> HttpResponse:
    """Other words for a comment of one's own."""
    pk = _on(record, comment_id)
    changed = actions.edit_comment(comment_id=pk, text=_text(request), by=request.actor, at=now())
    return JsonResponse(_comment_json(changed, queries.names_in([changed])))


def delete_comment(request: Any, record: Record, comment_id: int) -> HttpResponse:
    """A comment off the row."""
    actions.delete_comment(comment_id=_on(record, comment_id), by=request.actor, at=now())
    return HttpResponse(status=204)


def list_followers(request: Any, record: Record) -> HttpResponse:
    """Who hears of comments on a row."""
    return JsonResponse({"items": [{"id": user.pk, "name": user.name} for user in followers.followers_of(record)]})


def follow(request: Any, record: Record) -> HttpResponse:
    """Follow a row."""
    following.follow_record(noun=record.resource.key, row_id=record.row.pk, by=request.actor, at=now())
    return HttpResponse(status=204)


def unfollow(request: Any, record: Record) -> HttpResponse:
    """Follow a row no more."""
    following.unfollow_record(noun=record.resource.key, row_id=record.row.pk, by=request.actor, at=now())
    return HttpResponse(status=204)


def list_files(request: Any, record: Record) -> HttpResponse:
    """The files with a row, the newest first."""
    return JsonResponse({"items": [_file_json(found) for found in files.files_of(record)]})


def add_files(request: Any, record: Record) -> HttpResponse:
    """New files, sent as a form with one or more parts called ``files``."""
    done = file_actions.attach_files(
        noun=record.resource.key, row_id=record.row.pk, uploads=uploads_of(request), by=request.actor, at=now()
    )
    if not done.files:
        raise Invalid({"files": done.refused})
    made = {"items": [_file_json(found) for found in done.files], "refused": done.refused}
    return JsonResponse(made, status=201)


def show_file(request: Any, record: Record, file_id: int) -> HttpResponse:
    """The content of a file, as an attachment."""
    found = _file(record, file_id)
    return attachment(files.stored_content(found), name=found.name, media_type=found.safe_type)  # type: ignore[return-value]


def delete_file(request: Any, record: Record, file_id: int) -> HttpResponse:
    """A file off the row."""
    file_actions.delete_file(file_id=_file(record, file_id).pk, by=request.actor, at=now())
    return HttpResponse(status=204)


def _file(record: Record, file_id: int) -> StoredFile:
    found = files.files_of(record).filter(pk=file_id).first()
    if found is None:
        raise NotFound()
    return found


def _file_json(found: StoredFile) -> dict[str, Any]:
    return {
        "id": found.pk, "name": found.name, "media_type": found.media_type, "is_odd": found.is_odd,
        "size": found.size, "sha256": found.sha256, "added_at": json_of(found.added_at),
        "added_by": {"id": found.added_by_id, "name": found.added_by.name},
    }  # fmt: skip


def _add(
    api: NinjaAPI, resource: Resource, method: str, path: str, key: str, view: Callable[..., HttpResponse],
    summary: str, extra: Schema,
) -> None:  # fmt: skip
    def about(request: Any, pk: int) -> Record:
        request.actor.require(resource.verb("see"))
        return Record(resource, row_of(resource, request, pk, is_bare=True))

    def of_row(request: Any, pk: int) -> HttpResponse:
        return view(request, about(request, pk))

    def of_comment(request: Any, pk: int, comment_id: int) -> HttpResponse:
        return view(request, about(request, pk), comment_id)

    def of_file(request: Any, pk: int, file_id: int) -> HttpResponse:
        return view(request, about(request, pk), file_id)

    operation: Any = of_comment if "comment_id" in path else of_file if "file_id" in path else of_row
    operation.__doc__ = view.__doc__
    operation.takes_files = view is add_files
    name = resource.slug.replace("-", "_")
    api.api_operation(
        [method], f"/{resource.slug}/{{int:pk}}/{path}", operation_id=f"{name}_{key}", summary=summary,
        tags=[str(resource.label_plural)], openapi_extra=extra,
    )(operation)  # fmt: skip


def _body(request: Any) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid({"body": [_("The body must be a JSON object.")]}) from error
    if not isinstance(body, dict):
        raise Invalid({"body": [_("The body must be a JSON object.")]})
    return body


def _text(request: Any) -> str:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid({"text": [_("The body must be a JSON object.")]}) from error
    if not isinstance(body, dict) or not isinstance(body.get("text"), str) or len(body) != 1:
        raise Invalid({"text": [_("An object with the one field “text” is needed.")]})
    return str(body["text"])


def _on(record: Record, comment_id: int) -> int:
    if not queries.comments_of(record).filter(pk=comment_id).exists():
        raise NotFound()
    return comment_id


def _comment_json(comment: Comment, names: dict[int, str]) -> dict[str, Any]:
    meant = [{"id": pk, "name": names.get(pk, "")} for pk in rules.mentioned_in(comment.text)]
    return {
        "id": comment.pk,
        "author": {"id": comment.author_id, "name": comment.author.name},
        "text": rules.spoken(comment.text, names),
        "mentioned": meant,
        "created_at": json_of(comment.created_at),
        "edited_at": json_of(comment.edited_at),
    }


# ---------------------------------------------------------------- as the document says it


def _answer(schema: Schema, words: str) -> Schema:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: int) -> dict[int, Schema]:
    return problems.documented(401, 403, 404, *statuses)


def _object(fields: dict[str, Schema]) -> Schema:
    return {"type": "object", "required": list(fields), "properties": fields}


def _comment_schema() -> Schema:
    meant = {"type": "array", "items": PERSON}
    fields = {"id": NUMBER, "author": PERSON, "text": TEXT, "mentioned": meant, "created_at": MOMENT}
    return _object({**fields, "edited_at": MOMENT})


def _items(schema: Schema) -> Schema:
    return _object({"items": {"type": "array", "items": schema}})


def _list_doc() -> Schema:
    return {"responses": {200: _answer(_items(_comment_schema()), "The comments"), **_refusals()}}


def _people_doc() -> Schema:
    return {"responses": {200: _answer(_items(PERSON), "The followers"), **_refusals()}}


def _write_doc(status: int) -> Schema:
    text = {"type": "string", "minLength": 1, "maxLength": rules.LONGEST_COMMENT}
    body = {"required": True, "content": {"application/json": {"schema": _object({"text": text})}}}
    return {"requestBody": body, "responses": {status: _answer(_comment_schema(), "The comment"), **_refusals(422)}}


def _held_doc() -> Schema:
    work = _object({"kind": TEXT, "label": TEXT, "count": NUMBER})
    return {"responses": {200: _answer(_items(work), "The work, kind by kind"), **_refusals()}}


def _hand_over_doc() -> Schema:
    kinds = {"type": "array", "minItems": 1, "items": TEXT, "description": "Only these kinds of work."}
    schema = {"type": "object", "required": ["to"], "properties": {"to": NUMBER, "kinds": kinds}}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    told = _object({"to": NUMBER, "counts": {"type": "object", "additionalProperties": NUMBER}})
    return {"requestBody": body, "responses": {200: _answer(told, "What goes over"), **_refusals(409, 422)}}


def _gone_doc() -> Schema:
    return {"responses": {204: {"description": "Done"}, **_refusals()}}


def _file_schema() -> Schema:
    text_fields = dict.fromkeys(("name", "media_type", "sha256"), TEXT)
    fields = {"id": NUMBER, **text_fields, "size": NUMBER, "added_at": MOMENT, "added_by": PERSON}
    return _object({**fields, "is_odd": {"type": "boolean", "description": "It is not what its name says."}})


def _files_doc() -> Schema:
    return {"responses": {200: _answer(_items(_file_schema()), "The files"), **_refusals()}}


def _upload_doc() -> Schema:
    parts = {"type": "array", "items": {"type": "string", "format": "binary"}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": _object({"files": parts})}}}
    refused = {"type": "array", "items": TEXT, "description": "Why some were left out."}
    made = _object({"items": {"type": "array", "items": _file_schema()}, "refused": refused})
    return {"requestBody": body, "responses": {201: _answer(made, "The new files"), **_refusals(422)}}


def _content_doc() -> Schema:
    content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return {"responses": {200: {"description": "The content", "content": content}, **_refusals()}}
