"""What a file names by its id in another system, and who brings the file in does not see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q

from headwater.platform.actor import Actor, Visibility
from headwater.platform.identity import known_ids
from headwater.platform.importer import Batch, CleanRow, Importer
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.translated import gettext_lazy as lazy

EXTERNAL_ID: Final = "external_id"
UNSEEN: Final = lazy("There is no such record, or you may not see it.")


def out_of_sight(rows: Sequence[CleanRow], *, importer: Importer, batch: Batch, by: Actor) -> dict[int, str]:
    """The rows about records that the actor may not change, by their lines; none for who sees everything."""
    if by.visibility is Visibility.ALL:
        return {}
    resource = next(each for each in REGISTRY.values() if each.importer and each.importer.kind == importer.kind)
    named = {row.line: str(name) for row in rows if (name := row.values.get(EXTERNAL_ID))}
    known = known_ids(batch.system, resource.key, sorted(set(named.values()))) if named else {}
    hidden = unseen(resource, known.values(), by=by)
    return {line: str(UNSEEN) for line, name in named.items() if known.get(name) in hidden}


def unseen(resource: Resource, ids: Iterable[int], *, by: Actor) -> set[int]:
    """Those of some rows that the actor may not change; none for who sees everything.

    What was deleted within their reach is left to the noun: it knows what people deleted, and what an undo took.
    """
    if by.visibility is Visibility.ALL or not (asked := set(ids)):
        return set()
    hidden = asked - set(resource.rows(by).filter(pk__among=asked).order_by().values_list("pk", flat=True))
    return hidden - _gone(resource, hidden, by) if hidden else set()


def _gone(resource: Resource, ids: set[int], by: Actor) -> set[int]:
    model, reach = resource.searched.model, resource.reach(by)
    if "deleted_at" not in {field.name for field in model._meta.fields}:
        return set()
    rows = model._base_manager.filter(reduce(or_, reach, Q()), pk__among=ids, deleted_at__isnull=False)
    return set(rows.values_list("pk", flat=True))
