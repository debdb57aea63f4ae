"""Settings, Currencies: what other currencies are worth in the company's, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.rates import Quote, UnreadableRates, read_rates
from headwater.team.actions.rates import RIGHT, remove_rates, set_rates
from headwater.team.forms import show_refusal
from headwater.team.queries.rates import known_currencies, rates_on_record
from headwater.team.reading_forms import RateForm, RatesFileForm
from headwater.web.http import answer
from headwater.web.notation import counted

if TYPE_CHECKING:
    from headwater.team.middleware import Request

SHOWN = 100


def currencies(request: Request) -> HttpResponse:
    """The currencies that have rates, the form that adds a rate and the one that takes a file."""
    request.actor.require(RIGHT)
    if "of" in request.GET:
        return _history(request, request.GET["of"])
    form = RateForm(request.POST or None, initial={"day": now().astimezone(request.company.zone).date()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        quote = Quote(values["currency"], values["day"], values["rate"])
        return _set(request, form, [quote], values["source"]) or _page(request, form, RatesFileForm())
    return _page(request, form, RatesFileForm())


@require_POST
def bring_in(request: Request) -> HttpResponse:
    """Rates from a file, or from what was pasted."""
    request.actor.require(RIGHT)
    form = RatesFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            quotes = read_rates(form.text, own=request.company.currency)
        except UnreadableRates as problem:
            form.add_error("file", str(problem))
        else:
            done = _set(request, form, quotes, form.cleaned_data["source"])
            if done is not None:
                return done
    return _page(request, RateForm(), form)


def _history(request: Request, code: str) -> HttpResponse:
    """The rates of one currency, newest first."""
    rows = rates_on_record(code)
    count = rows.count()
    if not count:
        raise NotFound(_("There are no rates of this currency."))
    context = {"code": code, "rates": rows[:SHOWN], "count": count, "shown": SHOWN, "own": request.company.currency}
    return render(request, "team/currency.html", context)


@require_POST
def remove(request: Request, code: str) -> HttpResponse:
    """Forget all rates of a currency, or the one of a day."""
    text = request.POST.get("day", "")
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if text and day is None:
        raise NotFound()
    event = remove_rates(currency=code, day=day, by=request.actor, at=now())
    left = day is not None and rates_on_record(code).exists()
    page = reverse("settings_currencies") + (f"?of={code}" if left else "")
    undo = f"/undo/{event.pk}" if len(event.data["rates"]) == event.data["count"] else ""
    return answer(request, page, _("Removed: %(what)s") % {"what": event.data["said"]}, undo_url=undo)


def _set(request: Request, form: Form, quotes: list[Quote], source: str) -> HttpResponse | None:
    try:
        event = set_rates(quotes=quotes, source=source, by=request.actor, at=now())
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None
    page = reverse("settings_currencies")
    if event is None:
        return answer(request, page, _("All of these rates were known already."))
    count = event.data["count"]
    words = ngettext("%(count)s rate set.", "%(count)s rates set.", count) % {"count": counted(count)}
    return answer(request, page, words, undo_url=f"/undo/{event.pk}")


def _page(request: Request, form: Form, file_form: Form) -> HttpResponse:
    context = {
        "form": form, "file_form": file_form, "currencies": known_currencies(), "own": request.company.currency,
    }  # fmt: skip
    status = 422 if form.errors or file_form.errors else 200
    return render(request, "team/currencies.html", context, status=status)
