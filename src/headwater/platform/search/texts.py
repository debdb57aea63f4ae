"""The text of rows as the index keeps it: the name first, then everything else that is searched, all folded."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Model

from headwater.platform.among import VALUES
from headwater.platform.custom.closed import searched_keys
from headwater.platform.custom.declared import labels_of
from headwater.platform.custom.values import HELD, PREFIX
from headwater.platform.models import ExternalId
from headwater.platform.search.folding import also_written, fold
from headwater.platform.search.words import START
from headwater.platform.written import Given, Sql, put_in

if TYPE_CHECKING:
    from headwater.platform.resource import Resource
    from headwater.platform.search.declared import Searched

LONGEST = 50_000
OFTEN_REPEATED = 60
_KEPT = ("extra", HELD)  # columns of a file without a home, and the company's own fields


def texts_of(resource: Resource, ids: Sequence[int]) -> dict[int, str]:
    """What is searched of each of these rows, deleted ones too; rows of another noun or none at all are missing.

    A few queries however many rows.
    """
    declared = resource.searched
    kept = [name for name in _KEPT if _has(resource, name)]
    paths = (*declared.singles, *kept)
    labels, seen = labels_of(resource.key), searched_keys(resource.key, resource.by_key)
    rows = _values(declared.model, declared.where, paths, ids)
    further = _further(resource, [row[0] for row in rows])
    names = len(declared.name)
    found: dict[int, str] = {}
    for pk, *told in rows:
        for at in range(len(told) - len(kept), len(told)):
            told[at] = _opened(told[at], labels, seen)
        name = " ".join(fold(value) for value in told[:names] if value)
        pieces = _pieces([*told[names:], *further.get(pk, ())])
        others = [form for value in told[:names] if value for form in also_written(value)]
        named = f" {name} "
        rest = dict.fromkeys(piece for piece in (*others, *pieces) if piece and f" {piece} " not in named)
        found[pk] = f"{START}{named}\n {'  '.join(rest)} "[:LONGEST]
    return found


def _further(resource: Resource, ids: Sequence[int]) -> dict[int, list[str]]:
    """What rows of other tables add: further addresses and numbers, lines, tags, what other systems call it."""
    found: dict[int, list[str]] = defaultdict(list)
    told = _told(_further_question(connection.vendor, resource.searched, resource.key), ids)
    for _at, mark, pk, value in sorted(told, key=itemgetter(0)):
        found[pk].append(f"{mark}{value}")
    return found


@lru_cache(maxsize=512)
def _further_question(vendor: str, declared: Searched, noun: str) -> Sql:
    """All of it in one: rows of the place of a path among them, the mark of its words, the id and the value."""
    parts: list[tuple[str, Sql]] = []
    for path in declared.several:
        relation = declared.many_of(path)
        # In one condition: two would each look at another of the several rows.
        wanted = {f"{path}__isnull": False, **({f"{relation}__deleted_at": None} if declared.is_soft(relation) else {})}
        mark = "#" if path in declared.tags else ""
        parts.append((mark, _question(vendor, declared.model, tuple(wanted.items()), (path,), "pk")))
    parts.append(("", _question(vendor, ExternalId, (("kind", noun),), ("external_id",), "object_id")))
    asked = [f"SELECT {at}, '{mark}', part.* FROM ({sql}) AS part" for at, (mark, (sql, _)) in enumerate(parts)]  # noqa: S608  (Django put it together)
    return " UNION ALL ".join(asked), tuple(value for _, (_, params) in parts for value in params)


def _values(
    model: type[Model], where: Mapping[str, Any], paths: tuple[str, ...], ids: Sequence[int]
) -> list[tuple[Any, ...]]:
    """Of rows of some ids, the id and what the columns hold as text."""
    return _told(_question(connection.vendor, model, tuple(where.items()), paths, "pk"), ids)


def _told(question: Sql, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """What such a question finds of rows of some ids."""
    if not ids:
        return []
    sql, params = question
    with connection.cursor() as cursor:
        cursor.execute(sql, put_in(params, {"ids": ids}))
        return list(cursor.fetchall())


@lru_cache(maxsize=512)
def _question(
    _vendor: str, model: type[Model], where: tuple[tuple[str, Any], ...], paths: tuple[str, ...], by: str
) -> Sql:
    """The same as the database is asked it: put together once, as each small change asks a dozen such questions."""
    rows = model._base_manager.filter(**{f"{by}__among": Given("ids", VALUES)}, **dict(where)).order_by(by)
    sql, params = rows.values_list(by, *paths).query.sql_with_params()
    return sql, tuple(params)


def _pieces(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict):  # the columns of a file
            yield from _pieces(value.values())
        elif isinstance(value, list):
            yield from _pieces(value)
        elif value and not isinstance(value, bool):
            text = str(value)
            yield from _forms(text) if len(text) <= OFTEN_REPEATED else _forms_of_long(text)


def _forms_of_long(text: str) -> tuple[str, ...]:
    text = text[:LONGEST]
    return (fold(text), *also_written(text))


# Rows side by side repeat each other's words: companies, titles, sources.
_forms = lru_cache(maxsize=16_384)(_forms_of_long)


def _has(resource: Resource, name: str) -> bool:
    return resource.extra and any(f.attname == name for f in resource.searched.model._meta.concrete_fields)


def _opened(kept: str | None, labels: Mapping[str, Mapping[str, str]], seen: frozenset[str]) -> dict[str, Any]:
    """Values kept as JSON, of the company's own fields those that everybody may see, choices by what they are called
    today."""
    values: dict[str, Any] = json.loads(kept) if kept else {}
    values = {key: value for key, value in values.items() if key in seen or not key.startswith(PREFIX)}
    for key in values.keys() & labels.keys():
        held, words = values[key], labels[key]
        values[key] = [words.get(each, each) for each in (held if isinstance(held, list) else [held])]
    return values
