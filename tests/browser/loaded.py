"""A small loaded company for the browser tests; run as a script in the environment of its home.

Prints where to look: for every noun a record, and for each of its commands a record that offers it; and a link
that stands in mails.
"""

from __future__ import annotations

import json
import sys

from headwater.cli.installation import the_home
from headwater.config import lifecycle
from headwater.platform.clock import now

LEADS = 500
LOOKED_AT = 400


def places() -> dict[str, dict[str, object]]:
    """For each noun a record, and where its commands can be seen."""
    from headwater.platform.resource import REGISTRY
    from headwater.team.models import User
    from headwater.team.queries import actor_of

    actor = actor_of(User.objects.filter(role="OWNER").get())
    found: dict[str, dict[str, object]] = {}
    for resource in REGISTRY.values():
        rows = list((resource.detail_rows or resource.rows)(actor).order_by("-pk")[:LOOKED_AT])
        first = max(rows, key=lambda row: sum(bool(c.of(row)) for c in resource.columns))
        offers = {c.key: next((row.pk for row in [first, *rows] if c.offered(row)), None) for c in resource.commands}
        edits = resource.change and next((row.pk for row in [first, *rows] if resource.change.offered(row)), None)
        found[resource.slug] = {
            "record": first.pk,
            "other": next((row.pk for row in rows if row.pk != first.pk), None),
            "edit": edits,
            "commands": {c.key: offers[c.key] for c in resource.commands if c.asks and offers[c.key]},
            "bulk": next((c.key for c in resource.commands if c.run_many and c.asks), ""),
            "parties": resource.party_of(first),
        }
    return found


def link_in_a_mail() -> str:
    """Where a mail leads who wants no more of its kind: nobody without the key of this home can write it."""
    from headwater.team.models import User
    from headwater.tell.queries.stop_links import Stop, stop_path

    return stop_path(Stop(User.objects.filter(role="OWNER").get().pk, "MENTION"))


if __name__ == "__main__":
    home = the_home()
    with lifecycle.prepared_folder(home, command="demo"):
        from headwater.demo.load import load_demo

        load_demo(at=now(), leads=LEADS)
        json.dump({"places": places(), "link": link_in_a_mail()}, sys.stdout)
