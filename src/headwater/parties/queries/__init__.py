"""Reads about people and companies. Every one starts from what the actor may see."""

from headwater.parties.queries.activities import open_todos
from headwater.parties.queries.search import matching_parties, search
from headwater.parties.queries.timeline import TimelineEntry, timeline
from headwater.parties.queries.visible import (
    by_ids,
    names_of,
    visible_activities,
    visible_organisations,
    visible_parties,
    visible_people,
    visible_proposals,
)

__all__ = [
    "TimelineEntry",
    "by_ids",
    "matching_parties",
    "names_of",
    "open_todos",
    "search",
    "timeline",
    "visible_activities",
    "visible_organisations",
    "visible_parties",
    "visible_people",
    "visible_proposals",
]
