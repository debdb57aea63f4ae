"""What a file names by its id in another system, and who brings the file in does not see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headwater.platform.actor import Actor, Visibility
from headwater.platform.identity import known_ids
from headwater.platform.importer import Batch, CleanRow, Importer
from headwater.platform.resource import REGISTRY
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
    seen = resource.rows(by).filter(pk__among=set(known.values())).order_by() if known else None
    here = set(seen.values_list("pk", flat=True)) if seen is not None else set()
    return {line: str(UNSEEN) for line, name in named.items() if name in known and known[name] not in here}
