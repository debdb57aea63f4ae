"""The text of rows as the index keeps it: the name first, then everything else that is searched, all folded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from headwater.platform.bulk import in_parts
from headwater.platform.models import ExternalId
from headwater.platform.search.folding import also_written, fold
from headwater.platform.search.words import START

if TYPE_CHECKING:
    from headwater.platform.resource import Resource

LONGEST = 50_000
OFTEN_REPEATED = 60


def texts_of(resource: Resource, ids: Sequence[int]) -> dict[int, str]:
    """What is searched of each of these rows, deleted ones too; rows of another noun or none at all are missing.

    A few queries however many rows.
    """
    found: dict[int, str] = {}
    for part in in_parts(ids):
        found.update(_texts(resource, part))
    return found


def _texts(resource: Resource, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    declared = resource.searched
    rows = declared.model._base_manager.filter(pk__in=ids, **declared.where).order_by()
    paths = [*declared.singles, *(("extra",) if _has_extra(resource) else ())]
    values = rows.values_list("pk", *paths)
    further = _further(resource, ids)
    names = len(declared.name)
    for pk, *told in values:
        name = " ".join(fold(value) for value in told[:names] if value)
        pieces = _pieces([*told[names:], *further.get(pk, ())])
        others = [form for value in told[:names] if value for form in also_written(value)]
        rest = dict.fromkeys((*others, *pieces))
        yield pk, f"{START} {name} \n {'  '.join(piece for piece in rest if piece)} "[:LONGEST]


def _further(resource: Resource, ids: Sequence[int]) -> dict[int, list[str]]:
    """What rows of other tables add: further addresses and numbers, lines, tags, what other systems call it."""
    declared = resource.searched
    found: dict[int, list[str]] = defaultdict(list)
    for path in declared.several:
        relation = declared.many_of(path)
        # In one condition: two would each look at another of the several rows.
        wanted = {f"{path}__isnull": False, **({f"{relation}__deleted_at": None} if declared.is_soft(relation) else {})}
        rows = declared.model._base_manager.filter(pk__in=ids, **wanted).order_by("pk")
        mark = "#" if path in declared.tags else ""
        for pk, value in rows.values_list("pk", path):
            found[pk].append(f"{mark}{value}")
    named = ExternalId.objects.filter(kind=resource.key, object_id__in=ids).order_by("pk")
    for pk, external_id in named.values_list("object_id", "external_id"):
        found[pk].append(external_id)
    return found


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


def _has_extra(resource: Resource) -> bool:
    return resource.extra and any(f.attname == "extra" for f in resource.searched.model._meta.concrete_fields)
