"""Making one record of several: whom to merge with, side by side, and the pairs that wait to be looked at."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from headwater.parties import actions, queries
from headwater.parties.models import MatchProposal, PartyKind
from headwater.parties.panels import url_of
from headwater.parties.pointing import in_words
from headwater.parties.queries.comparison import MOST, Comparison, OwnField, compare
from headwater.parties.queries.duplicates import pair_after, pair_among, pairs, side_by_side
from headwater.platform.clock import now
from headwater.platform.custom.closed import fillable_fields
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.models import Event
from headwater.platform.resource import Command, Resource
from headwater.platform.undo import newest_event
from headwater.platform.values import row_id
from headwater.web.form import form_page
from headwater.web.history import held_in_words
from headwater.web.http import Request, answer, is_htmx, local_url, render, resource_of, row_of
from headwater.web.listing import Chosen
from headwater.web.notation import counted

KINDS = {"people": PartyKind.PERSON, "organisations": PartyKind.ORGANISATION}
MOST_FOUND = 8


def compare_page(request: Request, slug: str) -> HttpResponse:
    """Two to five records side by side; on POST they become one."""
    resource = mergeable(slug, request)
    ids = _ids(request.POST.get("ids") or request.GET.get("ids", ""))
    rows = side_by_side(request.actor, ids, kind=KINDS[slug])
    if len(rows) < 2:
        return _not_there_any_more(request, slug, ids)
    keep = request.POST.get("keep_id") or request.GET.get("keep", "")
    own = [
        OwnField(field.key, field.label, held_in_words(resource, rows, field.key, request.actor))
        for field in fillable_fields(resource.key, request.actor)
    ]
    found = compare(rows, keep_id=row_id(keep), own=own)
    proposal = pair_among(request.actor, ids)
    after = pair_after(request.actor, proposal) if proposal is not None and request.GET.get("queue") else None
    if request.method == "POST":
        return _merge(request, found)
    context = {
        "resource": resource,
        "slug": slug,
        "found": found,
        "ids": ",".join(str(party.pk) for party in found.parties),
        "proposal": proposal,
        "in_queue": bool(request.GET.get("queue")),
        "then": pair_url(after) if after is not None else "/duplicates" if request.GET.get("queue") else "",
        "come_along": [
            (party, in_words(found.hanging[party.pk], counted) or _("nothing yet")) for party in found.parties
        ],
    }
    return render(request, "parties/merge.html", context)


def merge_with(request: Request, slug: str, pk: int) -> HttpResponse:
    """Whom to merge a record with: whoever looks like it, and a search; on POST the command itself."""
    resource = mergeable(slug, request)
    row = row_of(resource, request, pk)
    if request.method == "POST":
        return _run(request, resource, row)
    words = request.GET.get("q", "").strip()
    proposed = [(other, proposal.reason) for proposal, other in queries.proposals_for(request.actor, row)]
    if words:
        found = queries.search(request.actor, words, 3 * MOST_FOUND)
        others = [(other, "") for other in found if other.kind == row.kind and other.pk != row.pk][:MOST_FOUND]
    else:
        others = proposed
    shown = [(other, why, f"/{slug}/merge?ids={row.pk},{other.pk}&keep={row.pk}") for other, why in others]
    context = {
        "resource": resource,
        "row": row,
        "words": words,
        "others": shown,
        "party_url": url_of(row),
        "is_search": "q" in request.GET,
    }
    template = "parties/merge_with.html"
    if is_htmx(request):
        template += "#found" if "q" in request.GET else "#dialog"
    return render(request, template, context)


@require_POST
def merge_chosen(request: Request, slug: str) -> HttpResponse:
    """The rows ticked in a list, side by side."""
    resource = mergeable(slug, request)
    ids = Chosen.posted(request).rows(request, resource)
    if not 2 <= len(ids) <= MOST:
        raise Invalid({"ids": [_("Choose two to five records that are the same.")]})
    url = f"/{slug}/merge?{urlencode({'ids': ','.join(map(str, ids))}, safe=',')}"
    if is_htmx(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)


@require_GET
def duplicates(request: Request) -> HttpResponse:
    """The pairs that may be one and that nobody has judged yet."""
    kinds = [kind for slug, kind in KINDS.items() if request.actor.may(f"{_noun(slug)}.merge")]
    if not kinds:
        request.actor.require("parties.person.merge")
    after = request.GET.get("after", "")
    found = pairs(request.actor, after=row_id(after) or 0)
    context = {
        "pairs": [(proposal, pair_url(proposal), _slug(proposal)) for proposal in found.rows],
        "next_url": f"/duplicates?after={found.after}" if found.after else "",
        "is_first_page": not after,
    }
    return render(request, "parties/duplicates.html", context)


def pair_url(proposal: MatchProposal) -> str:
    """Where a pair is compared, going on with the next one."""
    return f"/{_slug(proposal)}/merge?ids={proposal.party_id},{proposal.other_id}&queue=1"


def _merge(request: Request, found: Comparison) -> HttpResponse:
    posted = request.POST
    choices: dict[str, int] = {}
    only: list[str] = []
    for line in found.lines:
        picked = row_id(posted.get(f"take:{line.key}", ""))
        if picked is not None:
            choices[line.key] = picked
        if line.is_contact and f"also:{line.key}" not in posted:
            only.append(line.key)
    others = [party.pk for party in found.parties if party.pk != found.keep.pk]
    since = newest_event()
    kept = actions.merge_parties(
        keep_id=found.keep.pk, merge_ids=others, choices=choices, only=only, by=request.actor, at=now()
    )
    words = _("Merged into %(name)s") % {"name": kept.name}
    url = local_url(request, posted.get("then", ""), url_of(kept))
    return answer(request, url, words, undo_url=undo_url(since, "parties.merged"))


def _run(request: Request, resource: Resource, row: Any) -> HttpResponse:
    """The command as programs and the generic form send it: ids and choices."""
    command = resource.command("merge")
    assert isinstance(command, Command)
    form = command.form(request.POST, actor=request.actor, row=row)
    if not form.is_valid():
        return form_page(request, resource, command, form, row=row, status=422)
    since = newest_event()
    actions.merge_parties(keep_id=row.pk, by=request.actor, at=now(), **form.cleaned_data)
    return answer(request, url_of(row), _("Merged"), undo_url=undo_url(since, "parties.merged"))


def undo_url(since: int, verb: str) -> str:
    """Where a step that was told of under this name is taken back."""
    event = Event.objects.filter(pk__gt=since, verb=verb).order_by("pk").first()
    return f"/undo/{event.pk}" if event is not None else ""


def _not_there_any_more(request: Request, slug: str, ids: list[int]) -> HttpResponse:
    """Fewer than two of the records are left: on to what they became, or back to the list."""
    became = {queries.became(request.actor, pk) or pk for pk in ids}
    if ids and len(became) == 1:
        return HttpResponseRedirect(f"/{slug}/{became.pop()}")
    raise NotFound(_("Two records are needed here. Choose them in the list."))


def mergeable(slug: str, request: Request) -> Resource:
    """The noun, for who may merge what it lists."""
    resource = resource_of(slug, request)
    request.actor.require(resource.verb("merge"))
    return resource


def _ids(text: str) -> list[int]:
    return [pk for each in text.split(",") if (pk := row_id(each)) is not None][:MOST]


def _noun(slug: str) -> str:
    return "parties.person" if slug == "people" else "parties.organisation"


def _slug(proposal: MatchProposal) -> str:
    return "people" if proposal.party.is_person else "organisations"
