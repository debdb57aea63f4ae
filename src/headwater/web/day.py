"""My day: the work that waits for this person, in one sentence and in sections that the rooms hang up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from headwater.platform.clock import now
from headwater.web.http import Request, render
from headwater.web.notation import counted
from headwater.web.panel import day_sections_for


@dataclass(frozen=True)
class Waiting:
    """How much waits, and how much of it is late."""

    count: int
    late: int


def day(request: Request) -> HttpResponse:
    """The first page of the day."""
    moment = now()
    shown: dict[str, list[tuple[str, dict[str, Any]]]] = {"main": [], "side": []}
    count = late = 0
    for section in day_sections_for(request.actor):
        found = section.context(request.actor, moment)
        if found is None:
            continue
        shown[section.place].append((section.template, dict(found)))
        count += int(found.get("count") or 0)
        late += int(found.get("late") or 0)
    context = {
        "today": timezone.localtime(moment).date(),
        "now": moment,
        "answer": _answer(Waiting(count, late)),
        "late": _late(Waiting(count, late)),
        "main_sections": shown["main"],
        "side_sections": shown["side"],
        "is_empty": not count,
    }
    return render(request, "web/day.html", context)


def _answer(waiting: Waiting) -> str:
    if not waiting.count:
        return _("Nothing needs you right now.")
    words = ngettext("%(count)s thing needs you today.", "%(count)s things need you today.", waiting.count)
    return words % {"count": counted(waiting.count)}


def _late(waiting: Waiting) -> str:
    if not waiting.late:
        return ""
    return ngettext("%(late)s is late.", "%(late)s are late.", waiting.late) % {"late": counted(waiting.late)}
