"""The client: a method for each kind of thing the API does, the same for every noun."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, urlencode

from headwater_client.answers import Bulk, Change, Changes, Count, Item, Job, Page, Record, Webhook
from headwater_client.errors import Problem
from headwater_client.sending import Answer, Asked, Http, Transport, persistently

MOST_ROWS: Final = 10_000
ATTEMPTS: Final = 5
Values = Mapping[str, Any]


class Client:
    """Headwater as a program sees it, within what its token may do.

    What writes is sent with an idempotency key, so it is safe to be tried again and is, when the connection breaks or
    Headwater is busy. A ``key`` of one's own makes it safe beyond the end of the program: keep it with the work.

    Raises, all methods:
        Problem: Headwater refuses, with ``status`` and ``code``.
        Unreachable: no answer came, however often it was tried.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str,
        timeout: float = 60.0,
        attempts: int = ATTEMPTS,
        transport: Transport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport: Transport = transport if transport is not None else Http(url, timeout=timeout)
        self._token, self._attempts, self._sleep = token, attempts, sleep

    # ---------------------------------------------------------------- reading

    def list(
        self, noun: str, *, sort: str = "", q: str = "", cursor: str = "", limit: int | None = None, **filters: Any
    ) -> Page:
        """One page of the rows that match: ``stage="NEW"``, ``arrived_at__gte="2026-10-01"``, ``filter={…}``."""
        body = self._json("GET", f"/{noun}", _query(sort=sort, q=q, cursor=cursor, limit=limit, **filters))
        return Page([Record(row) for row in body["items"]], body["next"], body["previous"])

    def iterate(self, noun: str, *, sort: str = "", q: str = "", page: int = 500, **filters: Any) -> Iterator[Record]:
        """All rows that match, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            found = self.list(noun, sort=sort, q=q, cursor=cursor, limit=page, **filters)
            yield from found.items
            cursor = found.next

    def count(self, noun: str, *, q: str = "", **filters: Any) -> Count:
        """How many rows match."""
        body = self._json("GET", f"/{noun}/count", _query(q=q, **filters))
        return Count(body["count"], body["is_more"])

    def get(self, noun: str, pk: int) -> Record:
        """One row in full. One that became part of another is that other."""
        return self._record("GET", f"/{noun}/{pk}")

    def get_external(self, noun: str, system: str, external_id: str) -> Record:
        """The row that another system calls so."""
        return self._record("GET", _external(noun, system, external_id))

    def changes(self, after: str = "", *, nouns: Sequence[str] = (), limit: int | None = None) -> Changes:
        """What happened after a position of the log; ``latest`` tells where it ends."""
        body = self._json("GET", "/changes", _query(after=after, nouns=",".join(nouns), limit=limit))
        return Changes([Change.of(item) for item in body["items"]], body["next"], body["is_more"])

    def changes_since(self, after: str, *, nouns: Sequence[str] = ()) -> Iterator[Changes]:
        """Everything after a position, portion by portion: keep each ``next`` once its items are dealt with."""
        while True:
            found = self.changes(after, nouns=nouns, limit=1000)
            yield found
            after = found.next
            if not found.is_more:
                return

    # ---------------------------------------------------------------- writing

    def create(self, noun: str, values: Values, *, key: str | None = None) -> Record:
        """A new row."""
        return self._record("POST", f"/{noun}", values, key=key)

    def change(
        self, noun: str, pk: int, values: Values, *, if_match: str | None = None, key: str | None = None
    ) -> Record:
        """Change a row; with ``if_match`` (the ``etag`` of what was read) only if nobody else did since."""
        return self._record("PATCH", f"/{noun}/{pk}", values, key=key, if_match=if_match)

    def upsert(self, noun: str, system: str, external_id: str, values: Values, *, key: str | None = None) -> Record:
        """Make the row that another system calls so, or change it."""
        return self._record("PUT", _external(noun, system, external_id), values, key=key)

    def command(
        self,
        noun: str,
        pk: int,
        command: str,
        values: Values | None = None,
        *,
        if_match: str | None = None,
        key: str | None = None,
    ) -> Record:
        """Do one thing with a row: ``command("leads", 42, "move", {"stage": "MQL"})``."""
        return self._record("POST", f"/{noun}/{pk}/do/{command}", values or {}, key=key, if_match=if_match)

    def command_many(
        self, noun: str, ids: Sequence[int], command: str, values: Values | None = None, *, key: str | None = None
    ) -> Job | Sequence[int]:
        """Do one thing with up to 10,000 rows: the ids it was done with, or the job that does it (:meth:`wait`)."""
        body = {**(values or {}), "ids": list(ids)}
        answer = self._send("POST", f"/{noun}/do/{command}", body, key=key)
        told = json.loads(answer.body)
        return Job.of(told) if answer.status == 202 else [int(pk) for pk in told["ids"]]

    def bulk(
        self, noun: str, rows: Sequence[Values], *, system: str = "", atomic: bool = False, key: str | None = None
    ) -> Bulk:
        """Make and change up to 10,000 rows: by ``id``, by ``external_id`` of a ``system``, or as imports know them."""
        asked = _query(system=system, atomic="true" if atomic else "")
        answer = self._send("POST", f"/{noun}/bulk{asked}", list(rows), key=key)
        told = json.loads(answer.body)
        items = [
            Item(item["outcome"], item["id"], tuple(item.get("errors", ())), tuple(item.get("notes", ())))
            for item in told["items"]
        ]
        return Bulk(told["batch"], items, answer.headers.get("idempotency-replayed") == "true")

    def bulk_all(
        self, noun: str, rows: Iterable[Values], *, system: str = "", at_once: int = MOST_ROWS
    ) -> Iterator[Bulk]:
        """As many rows as there are, in requests of 10,000; what became of each request."""
        rest = iter(rows)
        while portion := list(islice(rest, at_once)):
            yield self.bulk(noun, portion, system=system)

    # ---------------------------------------------------------------- in the background, and back

    def job(self, pk: int) -> Job:
        """How far a step for many rows is."""
        return Job.of(self._json("GET", f"/jobs/{pk}"))

    def wait(self, job: Job, *, every: float = 1.0, timeout: float = 600.0) -> Job:
        """The job when it is over.

        Raises:
            TimeoutError: it is not, after so many seconds.
        """
        waited = 0.0
        while not job.is_over:
            if waited >= timeout:
                raise TimeoutError(f"Job {job.id} is {job.state} after {timeout:.0f} seconds.")
            self._sleep(every)
            waited += every
            job = self.job(job.id)
        return job

    def undo_job(self, pk: int) -> Job:
        """Take back what a step did to many rows; the job that does so where they are many."""
        return Job.of(json.loads(self._send("POST", f"/jobs/{pk}/undo", {}).body))

    def undo_import(self, batch: int) -> Mapping[str, Any]:
        """Take back what a bulk request or an import wrote, except what people worked on since."""
        return self._object(self._send("POST", f"/imports/{batch}/undo", {}))

    # ---------------------------------------------------------------- webhooks

    def webhooks(self) -> Sequence[Webhook]:
        """Who is told what happens."""
        return [Webhook.of(item) for item in self._json("GET", "/webhooks")["items"]]

    def add_webhook(self, url: str, *, events: Sequence[str] = (), label: str = "") -> Webhook:
        """Be told what happens at an address; keep its ``secret``, with which :func:`verify` knows the messages."""
        answer = self._send("POST", "/webhooks", {"url": url, "events": list(events), "label": label})
        return Webhook.of(json.loads(answer.body))

    def delete_webhook(self, pk: int) -> None:
        """Be told nothing any more."""
        self._send("DELETE", f"/webhooks/{pk}", None)

    # ---------------------------------------------------------------- inside

    def _record(self, method: str, path: str, values: Values | None = None, **more: str | None) -> Record:
        answer = self._send(method, path, values, **more)
        return Record(self._object(answer), etag=answer.headers.get("etag"))

    def _json(self, method: str, path: str, query: str = "") -> Mapping[str, Any]:
        return self._object(self._send(method, path + query, None))

    @staticmethod
    def _object(answer: Answer) -> Mapping[str, Any]:
        body: Mapping[str, Any] = json.loads(answer.body)
        return body

    def _send(
        self, method: str, path: str, body: Any, *, key: str | None = None, if_match: str | None = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        content = None
        if method != "GET":
            key = key or str(uuid.uuid4())
            headers["Idempotency-Key"] = key
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, default=_as_json).encode()
        if if_match is not None:
            headers["If-Match"] = if_match
        for _ in range(3):
            asked = Asked(method, f"/api/v1{path}", headers, content)
            answer = persistently(self._transport, asked, attempts=self._attempts, key=key, sleep=self._sleep)
            where = answer.headers.get("location", "")
            if method != "GET" or answer.status != 301 or not where.startswith("/api/v1/"):
                break
            path = where.removeprefix("/api/v1")  # a merged record: to the one it became part of, here only
        if not 200 <= answer.status < 300:
            raise Problem.of(answer.status, answer.body)
        return answer


def _query(**params: Any) -> str:
    """Parameters as the API takes them; a tree of conditions as JSON, several values with commas between."""
    said = {name: _said(value) for name, value in params.items() if value is not None and value != ""}
    return f"?{urlencode(said)}" if said else ""


def _said(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return json.dumps(value, default=_as_json)
        case list() | tuple() | set() | frozenset():
            return ",".join(_said(each) for each in value)
        case datetime() | date():
            return str(_as_json(value))
    return str(value)


def _external(noun: str, system: str, external_id: str) -> str:
    return f"/{noun}/external/{quote(system, safe='')}/{quote(external_id, safe='/')}"


def _as_json(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
        case date():
            return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON.")
