"""Many rows in one request: ``POST /<noun>/bulk`` makes and changes up to 10,000, each answered in its place.

They go the way of files, without a file: the noun's importer takes them by the thousand, and all that came of one
request is undone as one. Rows are written in portions, each a transaction of its own, so that nobody else waits long.
With an ``Idempotency-Key`` each portion is carried out once: a request that broke off half-way goes on when it is sent
again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from django import forms
from django.db import DataError, IntegrityError, connection
from django.http import JsonResponse

from headwater.api.endpoint import BadJson, require_see
from headwater.api.jobs import MOST_ROWS
from headwater.api.repeated import HEADER, REPEATED
from headwater.intake.models import ImportBatch
from headwater.intake.sent import PORTION, REFUSED, close_sent, open_sent, take_all_sent, take_sent
from headwater.intake.typed_rows import TypedReader, TypedRow
from headwater.platform.clock import now
from headwater.platform.errors import DomainError, Invalid, NotFound
from headwater.platform.importer import Outcome, RowResult
from headwater.platform.installation import installation
from headwater.platform.once import Answered, once, require_key
from headwater.platform.pace import BREATH_SECONDS
from headwater.platform.resource import Resource
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.translated import grouped
from headwater.platform.values import is_storable

LARGEST_BODY: Final = 20 << 20
LONGEST_SYSTEM: Final = 60
LINES: Final = ("application/x-ndjson", "application/jsonl", "application/ndjson")


class TooLarge(DomainError):
    """More was sent than one request takes."""

    code, status = "too_large", 413
    message = lazy("A request takes {largest_body} MB at most. Send the rows in several.").format(
        largest_body=LARGEST_BODY >> 20
    )


def send_rows(request: Any, resource: Resource) -> JsonResponse:
    """Make and change up to 10,000 rows; each is answered in its place, and a bad one stops no other.

    A row with `id` changes that record. One with `external_id` changes the record that `system` calls so, or makes it.
    Any other is known again by what the noun goes by in imports, or made. What is left out or `null` keeps its value.
    """
    require_see(request, resource)
    importer = resource.importer
    if importer is None:
        raise NotFound()
    by = request.actor
    by.require(importer.verb)
    system, is_atomic = _asked(request)
    sent, digest = _sent(request)
    reader = TypedReader(importer.for_actor(by), zone=installation().zone, choices=_choices(request, resource))
    rows = [reader.read(n, each) for n, each in enumerate(sent)]
    if not system and any(row.external_id for row in rows):
        raise Invalid({"system": [_("Say whose ids the external ids are: ?system=erp")]})
    part = _Parts(request, digest)
    if is_atomic:

        def whole() -> Any:
            try:
                batch, results = take_all_sent(
                    resource=resource, reader=reader, rows=rows, name="API", system=system or "api", by=by, at=now()
                )
            except (DataError, IntegrityError) as error:
                raise Invalid({"rows": [str(REFUSED)]}, _("The database refuses a row, so none was taken.")) from error
            return [batch.pk, [_kept(result) for result in results]]

        batch_id, told = part.once("whole", whole)
    else:
        kind = importer.kind
        batch_id = part.once(
            "open", lambda: open_sent(kind=kind, name="API", system=system or "api", by=by, at=now()).pk
        )

        def take(portion: Sequence[TypedRow]) -> list[RowResult]:
            return take_sent(batch_id=batch_id, resource=resource, reader=reader, rows=portion, by=by, at=now())

        told = [each for portion in _portions(rows) for each in _taken(portion, part, take)]
        close_sent(batch_id=batch_id, by=by, at=now())
    return _answer(batch_id, told, is_repeated=part.is_repeated)


send_rows.answers_in_parts = True  # type: ignore[attr-defined]


class _Parts:
    """The parts of a request that are carried out once each, if it came with a key."""

    def __init__(self, request: Any, digest: str) -> None:
        self._by, self._digest, self._key = request.actor, digest, request.headers.get(HEADER)
        self._repeated: list[bool] = []
        if self._key is not None:
            require_key(self._key)

    @property
    def is_repeated(self) -> bool:
        """Whether all of it had been carried out before."""
        return bool(self._repeated) and all(self._repeated)

    def once(self, name: str, step: Callable[[], Any]) -> Any:
        """What the step answers, now or the first time."""
        if self._key is None:
            return step()
        found = once(
            key=f"{sha256(self._key.encode()).hexdigest()}.{name}",
            request=self._digest,
            by=self._by,
            at=now(),
            step=lambda: Answered(200, {}, json.dumps(step())),
        )
        self._repeated.append(found.is_repeated)
        return json.loads(found.body)


def _portions(rows: Sequence[TypedRow]) -> Iterator[Sequence[TypedRow]]:
    """The rows in portions, with time for others in between: SQLite lets one write at a time."""
    for start in range(0, len(rows), PORTION):
        if start and connection.vendor == "sqlite":
            time.sleep(BREATH_SECONDS)
        yield rows[start : start + PORTION]


def _taken(rows: Sequence[TypedRow], part: _Parts, take: Callable[[Sequence[TypedRow]], list[RowResult]]) -> list[Any]:
    """What became of a portion. Where the database will not store some row, it is found by halves."""
    said = [list(row.reasons) for row in rows]
    try:
        told: list[Any] = part.once(f"{rows[0].line}-{rows[-1].line}", lambda: [_kept(result) for result in take(rows)])
        return told
    except (DataError, IntegrityError):
        for row, reasons in zip(rows, said, strict=True):
            row.reasons[:] = reasons
        if len(rows) == 1:
            rows[0].reasons.append(str(REFUSED))
            return part.once(f"{rows[0].line}-", lambda: [_kept(result) for result in take(rows)])  # type: ignore[no-any-return]
        middle = len(rows) // 2
        return [*_taken(rows[:middle], part, take), *_taken(rows[middle:], part, take)]


def _kept(result: RowResult) -> list[Any]:
    return [result.outcome.value, result.object_id, list(result.reasons)]


def _answer(batch_id: int, told: Sequence[Any], *, is_repeated: bool) -> JsonResponse:
    counts = dict.fromkeys((outcome.value.lower() for outcome in Outcome), 0)
    items = []
    for outcome, pk, reasons in told:
        word = outcome.lower()
        counts[word] += 1
        said = {"errors" if word == "rejected" else "notes": reasons} if reasons else {}
        items.append({"outcome": word, "id": pk, **said})
    response = JsonResponse({"batch": batch_id, **counts, "items": items})
    response["Location"] = f"/api/v1/imports/{batch_id}"
    if is_repeated:
        response[REPEATED] = "true"
    return response


def _asked(request: Any) -> tuple[str, bool]:
    params = request.GET.dict()
    if unknown := [name for name in params if name not in ("system", "atomic")]:
        raise Invalid({name: [_("There is no parameter “{name}” here.").format(name=name)] for name in unknown})
    system, atomic = params.get("system", ""), params.get("atomic", "false").lower()
    if len(system) > LONGEST_SYSTEM or system != system.strip() or not is_storable(system):
        raise Invalid(
            {"system": [_("A system has at most {longest_system} letters.").format(longest_system=LONGEST_SYSTEM)]}
        )
    if atomic not in ("true", "false"):
        raise Invalid({"atomic": [_("Say true or false.")]})
    return system, atomic == "true"


def _sent(request: Any) -> tuple[list[Any], str]:
    """The rows of the request, and a digest of what is asked for."""
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise TooLarge()
    body: bytes = request.read(LARGEST_BODY + 1)  # not its body: that takes no more than a form may have
    digest = sha256(f"{request.method}\n{request.get_full_path()}\n".encode() + body).hexdigest()
    if request.content_type in LINES:
        rows = [_line(line) for line in body.split(b"\n") if line.strip()]
    else:
        rows = _json(body)
        if not isinstance(rows, list):
            raise BadJson(_("The body must be a JSON array of rows, or one row on each line (application/x-ndjson)."))
    if not 0 < len(rows) <= MOST_ROWS:
        raise Invalid(
            {
                "rows": [
                    _("Between 1 and {most_rows} rows can be sent at once; these are {rows}.").format(
                        most_rows=grouped(MOST_ROWS), rows=grouped(len(rows))
                    )
                ]
            }
        )
    return rows, digest


def _line(line: bytes) -> Any:
    try:
        return _json(line)
    except BadJson:
        return None  # told in its place, as no row


def _json(text: bytes) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadJson(_("This is not JSON.")) from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def _choices(request: Any, resource: Resource) -> dict[str, tuple[str, dict[str, str]]]:
    """Fields such as ``owner_id`` of the form for one row, as what imports call the same by its name."""
    assert resource.importer is not None
    targets = {target.key for target in resource.importer.targets}
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for command in (resource.create, resource.change):
        fields = command.form(actor=request.actor).fields if command is not None else {}
        for name, field in fields.items():
            target = next((key for key in (name[:-3], f"{name[:-3]}_name") if key in targets), None)
            if name.endswith("_id") and target is not None and isinstance(field, forms.ChoiceField):
                told: Any = field.choices
                offered = {str(pk): str(label) for pk, label in told if not isinstance(label, (list, tuple))}
                offered.pop("", None)
                words = list(offered.values())
                found[name] = target, {pk: word for pk, word in offered.items() if words.count(word) == 1}
    return found


def batch_json(batch: ImportBatch) -> dict[str, Any]:
    """An import as the API tells it."""
    return {
        "id": batch.pk,
        "noun": batch.kind,
        "name": batch.name,
        "state": batch.state,
        "rows": batch.rows_read,
        **{outcome.value.lower(): getattr(batch, outcome.value.lower()) for outcome in Outcome},
        "reasons": batch.reasons,
        "undone": batch.undone or None,
    }
