"""The demo company comes off in one step, and can come again."""

from datetime import UTC, datetime

import pytest

from headwater.acquire.models import Source
from headwater.demo.load import demo_logins, load_demo
from headwater.demo.remove import NoDemo, remove_demo
from headwater.parties.models import Activity, Grant, Party
from headwater.platform.models import Event, EventPersonal, HandlerCursor, Span
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, Order, Pipeline, PipelineStage, Product
from headwater.team.models import Company, Team, User
from headwater.team.queries import actor_of
from headwater.tell.models import News

AT = datetime(2026, 11, 19, 9, 42, tzinfo=UTC)


@pytest.fixture(scope="module")
def own(django_db_setup, django_db_blocker):
    """An owner with a company, whose installation held the demo for a while; outside the transaction of a test."""
    with django_db_blocker.unblock():
        Company.objects.create(pk=1, name="Mine", currency="SEK", time_zone="Europe/Stockholm")
        owner = User.objects.create(email="me@mine.example", name="Me", role="OWNER", created_at=AT)
        load_demo(at=AT, leads=60)
        last = Event.objects.get(verb="demo.company_loaded").request_id
        EventPersonal.objects.filter(event__request_id=last).delete()
        Event.objects.filter(request_id=last)._raw_delete("default")  # as if it had been killed before the end
        load_demo(at=AT, leads=60)
        seen = {"begun": Event.objects.filter(verb="demo.company_begun").count(), "logins": demo_logins()}
        colleague = User.objects.exclude(pk=owner.pk).first()
        News.objects.create(user=colleague, kind="TODO_DUE", key="theirs", at=AT)
        News.objects.create(user=owner, who=colleague, kind="ASSIGNED", key="mine", at=AT)
        remove_demo(by=actor_of(owner), at=AT)
        yield owner, seen
        Event.objects.all()._raw_delete("default")
        HandlerCursor.objects.all().delete()
        User.objects.all().delete()
        Company.objects.all().delete()


pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_what_a_killed_load_left_is_cleared_before_the_next(own):
    assert own[1]["begun"] == 1


def test_beside_an_owners_account_nobody_gets_a_password_everybody_knows(own):
    assert own[1]["logins"] == []


def test_it_leaves_nothing_behind(own):
    for model in (Party, Lead, Source, Product, Opportunity, Order, Activity, Grant, Span, Team):
        assert not model.objects.exists(), model
    assert Pipeline.objects.exists() and PipelineStage.objects.exists()
    assert set(Event.objects.values_list("verb", flat=True)) == {"demo.company_removed"}


def test_the_owner_and_the_company_are_as_before(own):
    assert list(User.objects.values_list("email", flat=True)) == ["me@mine.example"]
    ours = Company.objects.get()
    assert (ours.name, ours.currency, ours.time_zone, ours.is_demo) == ("Mine", "SEK", "Europe/Stockholm", False)


def test_what_is_not_the_demo_company_never_goes(own):
    with pytest.raises(NoDemo):
        remove_demo(by=actor_of(own[0]), at=AT)
