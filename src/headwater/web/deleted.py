"""Recently deleted: what was deleted of every noun, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from headwater.platform.clock import now
from headwater.platform.errors import NotAllowed, NotFound
from headwater.platform.installation import actor_by_ref
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.shelf import BINS, Bin
from headwater.platform.undo import newest_event
from headwater.web.form import undo_url
from headwater.web.http import Request, render, resource_of

MOST = 50


@dataclass(frozen=True)
class Deleted:
    """One deleted row: what it is called, when it went and who took it away."""

    pk: int
    title: str
    subtitle: str
    at: datetime
    who: str


@dataclass(frozen=True)
class Section:
    """The deleted rows of a noun, the latest first."""

    resource: Resource
    rows: list[Deleted]
    is_cut: bool


@require_GET
def deleted(request: Request) -> HttpResponse:
    """What was deleted, noun by noun; only what the reader may restore."""
    request.actor.require("platform.deleted.see")
    sections = [_section(request, REGISTRY[key], found) for key, found in BINS.items()]
    shown = sorted((one for one in sections if one.rows), key=lambda one: one.rows[0].at, reverse=True)
    return render(request, "web/deleted.html", {"sections": shown, "most": MOST})


def gone_page(request: Request, resource: Resource, pk: int) -> HttpResponse | None:
    """In place of a record that was deleted: who did, when, and the way back; None for those who may not restore it."""
    found = BINS.get(resource.key)
    row = found.rows(request.actor).filter(pk=pk).first() if found is not None else None
    if row is None:
        return None
    told = _told(resource, row, _who(resource, [row.pk]))
    return render(request, "web/gone.html", {"resource": resource, "told": told}, status=404)


@require_POST
def restore(request: Request, slug: str, pk: int) -> HttpResponse:
    """Bring one row back, with what hung on it."""
    resource = resource_of(slug, request)
    found = BINS.get(resource.key)
    if found is None or not found.rows(request.actor).filter(pk=pk).exists():
        raise NotFound(_("It is not among what was deleted any more; somebody was faster."))
    since = newest_event()
    found.restore(**{found.id_name: pk}, by=request.actor, at=now())
    undo = undo_url(request, resource, since)
    words = _("%(noun)s restored") % {"noun": resource.label}
    messages.success(request, words, extra_tags=f"undo={undo}" if undo else "")
    return HttpResponseRedirect(f"/{slug}/{pk}")


def _section(request: Request, resource: Resource, found: Bin) -> Section:
    if not request.actor.may(resource.verb("see")):
        return Section(resource, [], False)
    rows: list[Any] = list(found.rows(request.actor).order_by("-deleted_at", "-pk")[: MOST + 1])
    who = _who(resource, [row.pk for row in rows])
    return Section(resource, [_told(resource, row, who) for row in rows[:MOST]], len(rows) > MOST)


def _told(resource: Resource, row: Any, who: dict[int, str]) -> Deleted:
    return Deleted(row.pk, resource.title(row), resource.subtitle(row), row.deleted_at, who.get(row.pk, ""))


def _who(resource: Resource, ids: list[int]) -> dict[int, str]:
    """Who took each row away, by the last fact about it that says so."""
    facts = Event.objects.filter(subject_type=resource.key, subject_id__in=ids, verb__endswith="_deleted")
    last = dict(facts.order_by("pk").values_list("subject_id", "actor"))
    names = {ref: _name(ref) for ref in set(last.values())}
    return {pk: names[ref] for pk, ref in last.items()}


def _name(ref: str) -> str:
    if not ref.startswith(("user:", "token:")):
        return ""
    try:
        return actor_by_ref(ref).name
    except NotAllowed:  # a colleague who left
        return ""
