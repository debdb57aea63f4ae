"""The rail shows what an actor may use, where they are, and what waits there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pytest_django import DjangoAssertNumQueries, Settings

from headwater.platform.actor import Actor, job_actor
from headwater.platform.clock import now
from headwater.platform.models import Job
from headwater.platform.written import AT, Counted
from headwater.web import nav
from headwater.web.nav import NavPage, NewItem, Waits, navigation, register_new, register_page


def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("", _page, name="t-day"),
    path("leads", _page, name="t-leads"),
    path("leads/pool", _page, name="t-pool"),
    path("leads/<int:pk>", _page, name="t-lead"),
    path("opportunities", _page, name="t-board"),
]
EVERYBODY = job_actor("Marta")


def _jobs(actor: Actor) -> QuerySet[Job]:
    return Job.objects.filter(kind="waits")


def _late_jobs(actor: Actor) -> QuerySet[Job]:
    return _jobs(actor).filter(run_after__lt=AT)


def _wait(until: datetime) -> None:
    Job.objects.create(kind="waits", args={}, queued_at=until, run_after=until)


NOBODY = replace(EVERYBODY, verbs=frozenset())


@pytest.fixture(autouse=True)
def rail(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(nav, "_pages", {})
    monkeypatch.setattr(nav, "_new_items", {})
    monkeypatch.setattr(nav, "_acts", {})
    monkeypatch.setattr(nav, "_bells", [])
    register_page(NavPage("home", "My day", "t-day", 1))
    register_page(NavPage("qualify", "Unclaimed pool", "t-pool", 2, waits=Waits(_jobs)))
    register_page(NavPage("qualify", "Leads", "t-leads", 1, "qualify.lead.see", waits=Waits(_jobs, _late_jobs)))
    register_page(NavPage("sell", "Pipeline", "t-board", 1, verb="sell.opportunity.see", keys="g p"))
    register_new(NewItem("Lead", "filter", "t-leads", 1, verb="qualify.lead.capture"))


def test_pages_come_in_their_order_below_their_phase() -> None:
    (qualify, sell) = navigation(EVERYBODY, "/").stream
    assert [child.label for child in qualify.children] == ["Leads", "Unclaimed pool"]
    assert (qualify.url, sell.keys) == ("/leads", "g p")


def test_what_an_actor_may_not_use_is_absent() -> None:
    rail = navigation(NOBODY, "/")
    assert [phase.key for phase in rail.stream] == ["qualify"]
    assert [child.label for child in rail.stream[0].children] == ["Unclaimed pool"]
    assert rail.new == ()


def test_a_phase_without_pages_is_absent() -> None:
    rail = navigation(EVERYBODY, "/")
    assert [phase.key for phase in (*rail.home, *rail.stream, *rail.lower)] == ["home", "qualify", "sell"]


@pytest.mark.parametrize(
    ("where", "phase", "page"),
    [
        ("/", "home", "My day"),
        ("/leads", "qualify", "Leads"),
        ("/leads/7", "qualify", "Leads"),
        ("/leads/pool", "qualify", "Unclaimed pool"),
        ("/opportunities/3/edit", "sell", "Pipeline"),
    ],
)
def test_the_page_with_the_longest_fitting_address_is_current(where: str, phase: str, page: str) -> None:
    rail = navigation(EVERYBODY, where)
    assert rail.current is not None
    assert rail.current.key == phase
    assert [child.label for child in rail.current.children if child.current] == [page]


def test_an_address_that_only_starts_alike_is_not_current() -> None:
    assert navigation(EVERYBODY, "/leadsheet").current is None


@pytest.mark.django_db
def test_a_phase_shows_the_work_of_its_first_counting_page() -> None:
    _wait(now() + timedelta(hours=1))
    (qualify, _) = navigation(EVERYBODY, "/", counted_in=UTC).stream
    assert (qualify.count, qualify.late) == (1, False)
    _wait(now() - timedelta(hours=1))
    (qualify, _) = navigation(EVERYBODY, "/", counted_in=UTC).stream
    assert (qualify.count, qualify.late) == (2, True)


@pytest.mark.django_db
def test_only_the_open_phase_counts_all_its_pages() -> None:
    _wait(now())
    assert [child.count for child in navigation(EVERYBODY, "/", counted_in=UTC).stream[0].children] == [1, None]
    assert [child.count for child in navigation(EVERYBODY, "/leads", counted_in=UTC).stream[0].children] == [1, 1]
    assert navigation(EVERYBODY, "/leads").stream[0].count is None


@pytest.mark.django_db
def test_all_that_waits_is_one_question_with_the_bell(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    nav.register_bell(Counted(_jobs, most=2))
    for _ in range(3):
        _wait(now())
    person = replace(EVERYBODY, user_id=7)
    with django_assert_num_queries(1):
        rail = navigation(person, "/leads", counted_in=UTC)
    assert (rail.stream[0].count, rail.bell) == (3, 2)
    assert navigation(EVERYBODY, "/leads", counted_in=UTC).bell is None
    assert navigation(replace(person, seen_as="a rep"), "/leads", counted_in=UTC).bell is None


def test_the_phone_gets_the_first_page_of_the_main_phases() -> None:
    assert [(tab.label, tab.icon) for tab in navigation(EVERYBODY, "/").tabs] == [
        ("My day", "home"),
        ("Leads", "filter"),
        ("Pipeline", "target-arrow"),
    ]


def test_a_page_in_an_unknown_phase_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no phase"):
        register_page(NavPage("nowhere", "Page", "t-day", 1))


def test_what_keys_do_everywhere_is_there_for_those_with_the_right() -> None:
    nav.register_act(nav.KeyedAct("Take the next lead", "t-pool", "g g", "qualify.lead.claim"))
    acts = navigation(EVERYBODY, "/").acts
    assert [(act.label, act.url, act.keys) for act in acts] == [("Take the next lead", "/leads/pool", "g g")]
    assert not navigation(NOBODY, "/").acts
