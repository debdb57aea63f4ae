"""Reads about people and companies. Every one starts from what the actor may see."""

from headwater.parties.queries.activities import first_todos, open_todos
from headwater.parties.queries.merges import Apart, Merge, merges_of, taken_apart
from headwater.parties.queries.records import (
    Connection,
    buying_roles_of,
    connections_of,
    contact_points_of,
    is_proposed,
    people_of,
    proposals_for,
    tag_choices,
    tags_of,
    todos_of,
)
from headwater.parties.queries.search import search
from headwater.parties.queries.timeline import TimelineEntry, cursor_at, timeline
from headwater.parties.queries.visible import (
    absorbed,
    became,
    by_ids,
    deleted_activities,
    deleted_parties,
    names_of,
    parties_by_reach,
    seen_by,
    visible_activities,
    visible_organisations,
    visible_parties,
    visible_people,
    visible_proposals,
)

__all__ = [
    "Apart",
    "Connection",
    "Merge",
    "TimelineEntry",
    "absorbed",
    "became",
    "buying_roles_of",
    "by_ids",
    "connections_of",
    "contact_points_of",
    "cursor_at",
    "deleted_activities",
    "deleted_parties",
    "first_todos",
    "is_proposed",
    "merges_of",
    "names_of",
    "open_todos",
    "parties_by_reach",
    "people_of",
    "proposals_for",
    "search",
    "seen_by",
    "tag_choices",
    "tags_of",
    "taken_apart",
    "timeline",
    "todos_of",
    "visible_activities",
    "visible_organisations",
    "visible_parties",
    "visible_people",
    "visible_proposals",
]
