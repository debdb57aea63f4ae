"""The demo company comes off in one step, and leaves nothing behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection
from django.utils.dateparse import parse_datetime

from headwater.demo.events import DemoBegun, DemoLoaded, DemoRemoved
from headwater.demo.writing.book import SYSTEM
from headwater.measure import mirror
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict
from headwater.platform.events import record
from headwater.platform.models import DeadLetter, Event, EventPersonal, ExternalId, Job, Span, Undone
from headwater.sell.models import Pipeline, PipelineStage
from headwater.team.models import ApiToken, Company, Team, User

ROOMS = ("parties", "acquire", "qualify", "sell", "intake")
KEPT = (Pipeline, PipelineStage)


class NoDemo(Conflict):
    """What is here is not the demo company, and is never removed as a whole."""

    code: ClassVar[str] = "no_demo"
    message: ClassVar[str] = "There is no demo company here that could come off."


def can_remove_demo() -> bool:
    """Whether this installation holds the demo company, so that it can come off."""
    return Company.objects.filter(pk=1, is_demo=True).exists() and _begun() is not None


def remove_demo(*, by: Actor, at: datetime) -> None:
    """Empty the installation again: everything of the demo company goes, and what was entered beside it.

    Accounts that are not the demo's stay with their teams; where there are none, its owner's does. The company has
    its own settings again.

    Raises:
        NotAllowed: the actor may not change the company.
        NoDemo: this is not the demo company.
    """
    by.require("team.company.change")
    if not can_remove_demo():
        raise NoDemo()
    _clear(by=by, at=at)


def remove_unfinished(*, at: datetime) -> None:
    """Clear away what a load left that was killed; a finished demo company stays."""
    if can_remove_demo() and not Event.objects.filter(verb=DemoLoaded.verb).exists():
        _clear(by=SYSTEM, at=at)


def _clear(*, by: Actor, at: datetime) -> None:
    # All tables are emptied together, so nothing can be left pointing at nothing: checking each row on SQLite would
    # take minutes.
    with connection.constraint_checks_disabled():
        _remove(by=by, at=at)
    mirror.discard()


@action
def _remove(*, by: Actor, at: datetime) -> None:
    begun = _begun()
    assert begun is not None
    models = [m for room in ROOMS for m in apps.get_app_config(room).get_models(include_auto_created=True)]
    tables = [m._meta.db_table for m in models if m not in KEPT]
    tables += [m._meta.db_table for m in (Span, ExternalId)]
    with connection.cursor() as cursor:
        for sql in connection.ops.sql_flush(no_style(), tables):
            cursor.execute(sql)
    EventPersonal.objects.filter(event_id__gte=begun.pk)._raw_delete("default")
    Undone.objects.filter(event_id__gte=begun.pk)._raw_delete("default")
    DeadLetter.objects.filter(event_id__gte=begun.pk)._raw_delete("default")
    Event.objects.filter(pk__gte=begun.pk)._raw_delete("default")
    Job.objects.exclude(state=Job.State.RUNNING).delete()
    _remove_people(begun)
    _restore(begun)
    record(DemoRemoved(company_id=1), by=by, at=at)


def _begun() -> Event | None:
    return Event.objects.filter(verb=DemoBegun.verb).order_by("-pk").first()


def _remove_people(begun: Event) -> None:
    """The demo's colleagues go; the last owner stays, or nobody could sign in."""
    going = User.objects.filter(pk__in=begun.data["user_ids"])
    staying = User.objects.exclude(pk__in=going.values("pk"))
    if not staying.filter(role="OWNER", is_active=True).exists():
        owner = going.filter(role="OWNER").order_by("pk").first()
        going = going.exclude(pk=owner.pk if owner else 0)
    ids = list(going.values_list("pk", flat=True))
    ApiToken.objects.filter(user_id__in=ids).delete()
    User.objects.filter(pk__in=ids).delete()
    used = User.objects.exclude(team=None).values("team_id")
    Team.objects.filter(parent__isnull=False).exclude(pk__in=used).delete()
    Team.objects.exclude(pk__in=used).exclude(pk__in=Team.objects.exclude(parent=None).values("parent_id")).delete()


def _restore(begun: Event) -> None:
    company = Company.objects.get(pk=1)
    former: dict[str, Any] = dict(begun.data["former"])
    done = former.pop("setup_done_at", None)
    company.setup_done_at = parse_datetime(done) if done else None
    for name, value in former.items():
        setattr(company, name, value)
    company.is_demo = False
    company.save()
