"""What tests of searching share: what is listed and told of some text, and people whom a file brought."""

from makers import AT

from headwater.parties.models import Party
from headwater.platform.action import action
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.filter import EVERYTHING
from headwater.platform.resource import REGISTRY, filtered
from headwater.platform.search.everywhere import find_anything


def listed(key, actor, text):
    return list(
        filtered(REGISTRY[key].now(), actor, EVERYTHING, search=text).order_by("pk").values_list("pk", flat=True)
    )


def titles(actor, text):
    return [hit.resource.title(hit.row) for hit in find_anything(actor, text).records]


@action
def brought_by_a_file(count):
    """People written as imports write them: straight into the table."""
    fields = Party._meta.concrete_fields
    blank = {f.attname: "" if f.get_internal_type() == "CharField" else None for f in fields}
    given = {"kind": "PERSON", "is_employee": False, "is_influence": False, "extra": {}, "created_at": AT}
    ids = list(reserve_ids(Party, count))
    rows = [{**blank, **given, "id": pk, "name": f"Import {pk}", "name_key": f"import {pk}"} for pk in ids]
    insert_rows(Party, list(blank), [tuple(row.values()) for row in rows])
    return ids
