"""What our own people hang on every record and on My day: the talk about it, who follows it, what is for me."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from headwater.platform.actor import Actor
from headwater.platform.resource import Resource
from headwater.platform.translated import grouped
from headwater.team.queries import comments, files, followers
from headwater.team.queries.records import Record
from headwater.web.panel import CommonPanel, DaySection, register_common_panel, register_day_section

MOST_FOR_YOU = 30
FACES = 5


def talk(actor: Actor, resource: Resource, row: Any, at: datetime) -> Mapping[str, Any]:
    """What was said about the record, and the box to say something."""
    record = Record(resource, row)
    return {"said": comments.said_about(actor, record), "record": record, "may_write": comments.may_write(actor)}


def people(actor: Actor, resource: Resource, row: Any, at: datetime) -> Mapping[str, Any]:
    """Who follows the record, and the way to do so oneself."""
    record = Record(resource, row)
    said = followers.said_by(record)
    following = followers.seeing_followers(record, said)
    return {
        "record": record,
        "followers": following[:FACES],
        "more_followers": following[FACES:],
        "is_following": followers.is_among(said, actor, record),
        "may_follow": actor.user_id is not None,
    }


def file_list(actor: Actor, resource: Resource, row: Any, at: datetime) -> Mapping[str, Any]:
    """The files with the record, and the way to add some."""
    record = Record(resource, row)
    return {
        "files": files.shown_files(actor, record),
        "record": record,
        "may_add": files.may_add(actor),
        "limit": f"{grouped(settings.FILE_LIMIT >> 20)} MB",
    }


def for_you(actor: Actor, at: datetime) -> Mapping[str, Any] | None:
    """The comments that wait for the actor."""
    waiting = comments.waiting_for(actor, MOST_FOR_YOU)
    return {"waiting": waiting, "count": len(waiting)} if waiting else None


register_common_panel(CommonPanel("people", "team/people.html", people, "head", 90))
register_common_panel(CommonPanel("talk", "team/talk.html", talk, "foot", 10))
register_common_panel(CommonPanel("files", "team/files.html", file_list, "foot", 20))
register_day_section(DaySection("for-you", "team/day_for_you.html", for_you, "main", 15))
