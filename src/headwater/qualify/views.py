"""The pages of leads that the generic ones cannot do: taking the next lead out of the pool, and a lead in one line."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.parties.phones import BadContact, normalise_phone
from headwater.parties.queries.visible import names_of, visible_parties
from headwater.parties.rules import company_key, name_key, names_agree, normalise_email
from headwater.platform.clock import now
from headwater.platform.errors import DomainError
from headwater.platform.undo import newest_event
from headwater.qualify import actions
from headwater.qualify.forms import QuickForm
from headwater.qualify.models import Interest
from headwater.qualify.resources import LEADS
from headwater.qualify.rules.one_line import LONGEST_LINE, understood
from headwater.web.form import created, show_refusal
from headwater.web.http import Request, answer, came_from, is_htmx, render
from headwater.web.notation import here

WAS, IDS = "was-", "quick_%s"
ALWAYS = ("interest", "source_id", "owner_id")  # shown even if the line says nothing of them: nobody overlooks them


@require_POST
def claim_next(request: Request) -> HttpResponse:
    """Take the lead of the pool that needs somebody most, and open it."""
    lead = actions.claim_next(by=request.actor, at=now())
    name = names_of([lead.party_id]).get(lead.party_id, "")
    return answer(request, f"/leads/{lead.pk}", _("%(name)s is yours") % {"name": name})


def quick(request: Request) -> HttpResponse:
    """A lead in one line: while one types, what was understood of it, each piece to be corrected; then the lead."""
    request.actor.require("qualify.lead.create")
    if request.method != "POST" or _is_preview(request):
        given = request.POST if request.method == "POST" else request.GET
        form = QuickForm(actor=request.actor, initial=_filled(request, given).dict(), auto_id=IDS)
        return _shown(request, form, given)
    filled = _filled(request, request.POST)
    form = QuickForm(filled, actor=request.actor, auto_id=IDS)
    if not form.is_valid():
        return _shown(request, form, filled, status=422)
    since = newest_event()
    try:
        lead = actions.capture_lead(by=request.actor, at=now(), **form.cleaned_data)
    except DomainError as refusal:
        show_refusal(form, refusal)
        return _shown(request, form, filled, status=refusal.status)
    assert LEADS.create is not None
    here = came_from(request, "/leads")
    done = created(request, LEADS, LEADS.create, lead, since=since, url="" if here.startswith("/leads/quick") else here)
    if not (request.POST.get("again") and is_htmx(request)):
        return done
    empty = QueryDict()
    form = QuickForm(actor=request.actor, initial=_filled(request, empty).dict(), auto_id=IDS)
    again = _shown(request, form, empty)
    again["HX-Trigger"] = done["HX-Trigger"]  # what happened, with Undo
    return again


def _is_preview(request: Request) -> bool:
    """Whether only what was understood is asked for, while somebody types."""
    return is_htmx(request) and request.headers.get("HX-Target") == "quick-pieces"


def _shown(request: Request, form: QuickForm, given: QueryDict, *, status: int = 200) -> HttpResponse:
    said = _said(request, given.get("line", ""))
    pieces = [
        (bound, said.get(bound.name, ""))
        for bound in form
        if bound.name in ALWAYS or bound.errors or bound.value() not in (None, "") or said.get(bound.name)
    ]
    values = {bound.name: str(bound.value() or "") for bound in form}
    context = {
        "form": form,
        "line": given.get("line", ""),
        "pieces": pieces,
        "known": _known(request, values),
        "longest": LONGEST_LINE,
        "is_preview": _is_preview(request),
        "next": request.POST.get("next", "") or came_from(request, "/leads"),
    }
    part = "#pieces" if _is_preview(request) else "#dialog"
    return render(request, "qualify/quick.html" + (part if is_htmx(request) else ""), context, status=status)


def _filled(request: Request, given: QueryDict) -> QueryDict:
    """What the line says, and over it what the reader corrected in the pieces it was taken apart into."""
    said, filled = _said(request, given.get("line", "")), given.copy()
    for name in QuickForm.base_fields:
        typed = given.get(name)
        if typed is None or typed.strip() == given.get(WAS + name, "").strip():
            filled[name] = said.get(name, "")
    return filled


def _said(request: Request, line: str) -> dict[str, str]:
    """The line, field by field, as a form would hold it. Without a word about them it is an enquiry, and one's own."""
    offered = QuickForm(actor=request.actor)
    sources, owners = _by_name(offered, "source_id"), _by_name(offered, "owner_id")
    found = understood(
        line,
        sources=list(sources),
        colleagues=list(owners),
        region=request.company.country,
        decimal=here().decimal_mark,
    )
    mine = str(request.actor.user_id or "")
    return {
        "name": found.name,
        "company": found.company,
        "email": found.email,
        "phone": found.phone,
        "interest": found.interest or Interest.ENQUIRY.value,
        "title": found.title,
        "amount": "" if found.amount is None else format(found.amount, "f"),
        "currency": found.currency or (request.company.currency if found.amount is not None else ""),
        "source_id": sources.get(found.source, ""),
        "owner_id": owners.get(found.owner) or (mine if mine in owners.values() else ""),
    }


def _by_name(form: QuickForm, name: str) -> dict[str, str]:
    choices: Any = getattr(form.fields[name], "choices", ())
    return {str(label): str(pk) for pk, label in choices if pk}


def _known(request: Request, values: dict[str, str]) -> list[Any]:
    """The people and companies this may be about, as far as the reader may see them, by the rules of identity."""
    rows = visible_parties(request.actor).select_related("employer")
    name, company = name_key(values["name"]), company_key(values["company"])
    people: list[Any] = []
    for point in _points(values, request.company.country):
        people += rows.filter(kind="PERSON", contact_points__normalised=point, contact_points__deleted_at=None)[:3]
    if name and not people and company:
        people = [p for p in rows.filter(kind="PERSON", name_key=name)[:10] if _works_for(p, company)]
    people = [p for p in dict.fromkeys(people) if not name or names_agree(p.name, values["name"])]
    companies = list(rows.filter(kind="ORGANISATION", name_key=company)[:1]) if company and not people else []
    return [*people[:3], *companies]


def _points(values: dict[str, str], region: str) -> list[str]:
    found = []
    try:
        if values["email"]:
            found.append(normalise_email(values["email"]))
        if values["phone"]:
            found.append(normalise_phone(values["phone"], region or None))
    except BadContact:
        pass  # the form says so when it is sent
    return found


def _works_for(person: Any, company: str) -> bool:
    return person.employer is not None and company_key(person.employer.name) == company
