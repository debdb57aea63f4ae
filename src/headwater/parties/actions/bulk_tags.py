"""Tags for many parties at once, as a column of a file gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from headwater.parties.events import Tagged
from headwater.parties.models import PartyTag, Tag
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.bulk import insert_rows
from headwater.platform.events import record_bulk
from headwater.platform.turns import take_turns

LONGEST = 40


@action
def put_tags(tags: Mapping[int, Iterable[str]], *, by: Actor, at: datetime) -> set[int]:
    """Put words on parties, given by party id; words that are new become tags. A handful of statements.

    Answers the parties that carry a word they did not carry before.

    Called by the action that imports what the words belong to and has checked the right to do so.
    """
    wanted = {(pk, _word(word)) for pk, words in tags.items() for word in words if _word(word)}
    if not wanted:
        return set()
    take_turns("tag", {word.casefold() for _, word in wanted})
    known = {name.casefold(): pk for pk, name in Tag.objects.values_list("pk", "name")}
    missing = {word.casefold(): word for _, word in sorted(wanted) if word.casefold() not in known}
    Tag.objects.bulk_create([Tag(name=word) for word in missing.values()])
    added = Tag.objects.filter(name__in=missing.values())
    known |= {name.casefold(): pk for pk, name in added.values_list("pk", "name")}
    ids = {word: known[word.casefold()] for _, word in wanted}
    held = set(PartyTag.objects.filter(party_id__in=list(tags)).values_list("party_id", "tag_id"))
    fresh = {(pk, ids[word]): word for pk, word in sorted(wanted) if (pk, ids[word]) not in held}
    insert_rows(PartyTag, ("party_id", "tag_id"), list(fresh))
    facts = [Tagged(party_id=pk, tag_id=tag_id, tag=word) for (pk, tag_id), word in fresh.items()]
    record_bulk(facts, by=by, at=[at] * len(facts))
    return {pk for pk, _ in fresh}


def _word(text: str) -> str:
    return " ".join(text.split())[:LONGEST].strip()
