"""The first run: from the one-time link to the first data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from headwater.platform import job
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.models import Job
from headwater.team import queries
from headwater.team.actions import company as first_steps
from headwater.team.forms import FirstCompanyForm, OwnerForm, show_refusal
from headwater.team.views.signing_in import open_session

if TYPE_CHECKING:
    from headwater.team.middleware import Request

DEMO_JOB = "demo.load"
AFTERWARDS = {"import": "/imports/new?kind=leads", "lead": "/leads/new", "clean": "/"}


@never_cache
@login_not_required
@sensitive_post_parameters("password", "token")
def first_run(request: HttpRequest) -> HttpResponse:
    """Step one: the owner's account, for whoever holds the one-time link."""
    if not queries.waits_for_owner():
        return redirect("first_run_company" if request.user.is_authenticated else "sign_in")
    if request.method != "POST":
        form = OwnerForm(initial={"token": request.GET.get("token", "")})
        return _page(request, "team/first_run_owner.html", 1, form=form)
    form = OwnerForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            owner = first_steps.make_owner(
                secret=values["token"].strip(),
                email=values["email"],
                name=values["name"],
                password=values["password"],
                by=job_actor("first run"),
                at=now(),
            )
        except Invalid as refusal:
            show_refusal(form, refusal)
        except first_steps.WrongSetupToken as refusal:
            form.add_error("token", refusal.text)
        else:
            open_session(request, owner)
            return redirect("first_run_company")
    return _page(request, "team/first_run_owner.html", 1, status=422, form=form)


def first_run_company(request: Request) -> HttpResponse:
    """Step two: which company this is."""
    request.actor.require("team.company.change")
    company = queries.company()
    if request.method != "POST":
        initial = {
            "name": company.name,
            "country": company.country,
            "language": company.language,
            "currency": company.currency,
            "time_zone": company.time_zone,
        }
        return _page(request, "team/first_run_company.html", 2, form=FirstCompanyForm(initial=initial))
    form = FirstCompanyForm(request.POST)
    if form.is_valid():
        try:
            first_steps.change_company(values=form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            return redirect("first_run_start")
    return _page(request, "team/first_run_company.html", 2, status=422, form=form)


def first_run_start(request: Request) -> HttpResponse:
    """Step three: the demo company, my own leads, or nothing yet."""
    request.actor.require("team.company.change")
    running = _demo_jobs().first()
    can_load = DEMO_JOB in job.JOBS
    return _page(request, "team/first_run_start.html", 3, job=running, share=_share(running), can_load=can_load)


@require_POST
def load_demo(request: Request) -> HttpResponse:
    """Begin to load the demo company in the background; a second click finds the first one's job."""
    request.actor.require("team.company.change")
    if not _demo_jobs().exclude(state__in=(Job.State.FAILED, Job.State.CANCELLED)).exists():
        job.enqueue(DEMO_JOB, args={}, at=now(), user_id=request.actor.user_id)
    return redirect("first_run_start")


def demo_progress(request: Request, job_id: int) -> HttpResponse:
    """How far the demo company is; the page asks again until it is over."""
    request.actor.require("team.company.change")
    found = _demo_jobs().filter(pk=job_id).first()
    if found is None:
        raise NotFound()
    return render(request, "team/first_run_start.html#progress", {"job": found, "share": _share(found)})


@require_POST
def finish(request: Request) -> HttpResponse:
    """The first run is over; on to what was chosen."""
    first_steps.finish_setup(by=request.actor, at=now())
    return redirect(AFTERWARDS.get(request.POST.get("then", ""), "/"))


def _demo_jobs() -> Any:
    return Job.objects.filter(kind=DEMO_JOB).order_by("-pk")


def _share(found: Job | None) -> float:
    return (found.percent or 0) / 100 if found is not None else 0.0


def _page(request: HttpRequest, template: str, step: int, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, template, {"step": step, **context}, status=status)
