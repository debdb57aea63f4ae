"""What people entered beside the demo company stays when it comes off, and what they worked on stays with a reason."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from headwater.acquire.models import Campaign, Source, Touchpoint
from headwater.demo.load import load_demo
from headwater.demo.remove import can_remove_demo, remove_demo
from headwater.parties.actions import add_person, log_activity
from headwater.parties.models import Activity, Party
from headwater.platform.action import action
from headwater.platform.actor import job_actor
from headwater.platform.events import record
from headwater.platform.models import Event, HandlerCursor, Span
from headwater.qualify.actions import capture_lead, move_lead
from headwater.qualify.events import LeadMoved
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, Order
from headwater.team.actions.company import change_company
from headwater.team.models import Company, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 19, 9, 42, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


@pytest.fixture(scope="module")
def after(django_db_setup, django_db_blocker):
    """An installation whose demo came off after an owner had worked in it; outside the transaction of a test."""
    with django_db_blocker.unblock():
        Company.objects.create(pk=1, name="Mine", currency="SEK", time_zone="Europe/Stockholm")
        me = User.objects.create(email="me@mine.example", name="Me", role="OWNER", created_at=AT)
        load_demo(at=AT, leads=120)
        by = actor_of(me)
        demo = {"leads": list(Lead.objects.filter(exit="", stage="NEW").order_by("pk").values_list("pk", flat=True))}
        worked = Lead.objects.exclude(source=None).get(pk=demo["leads"][0])
        move_lead(lead_id=worked.pk, stage="WORKING", by=by, at=LATER)
        demo["worked"], demo["worked_owner"] = worked, worked.owner_id
        firm = Party.objects.filter(kind="ORGANISATION").exclude(pk=worked.organisation_id).order_by("pk").first()
        demo["touches"] = Touchpoint.objects.filter(party_id=worked.party_id).count()
        demo["mine"] = capture_lead(name="Vera Own", company="Own Firm", source_id=worked.source_id, by=by, at=LATER)
        demo["note"] = log_activity(party_id=firm.pk, kind="NOTE", subject="Met them", by=by, at=LATER)
        demo["alone"] = add_person(name="Paul Alone", by=by, at=LATER)
        demo["clockwork"] = demo["leads"][1]
        moved = LeadMoved(lead_id=demo["clockwork"], fields={}, from_stage="NEW", to_stage="NEW")
        action(record)(moved, by=job_actor("qualify.nightly"), at=LATER)
        change_company(values={"answer_minutes": 45}, by=by, at=LATER)
        said: list[str] = []
        report = remove_demo(by=by, at=LATER, on_progress=lambda done, total, message: said.append(message))
        yield demo, report, said
        from django.core.management import call_command

        call_command("flush", interactive=False, verbosity=0)
        import_module("headwater.sell.migrations.0002_default_pipeline").add(apps, None)  # as migrations left it
        HandlerCursor.objects.all().delete()


pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_what_people_added_stays(after):
    demo = after[0]
    assert Lead.objects.filter(pk=demo["mine"].pk).exists() and Activity.objects.filter(pk=demo["note"].pk).exists()
    assert Party.objects.filter(pk=demo["alone"].pk).exists()
    assert Event.objects.filter(subject_type="qualify.lead", subject_id=demo["mine"].pk).exists()


def test_what_they_worked_on_stays_whole_and_says_why(after):
    demo, report, _ = after
    lead = Lead.objects.get(pk=demo["worked"].pk)
    assert lead.stage == "WORKING" and Touchpoint.objects.filter(party=lead.party).count() == demo["touches"]
    assert Event.objects.filter(subject_type="qualify.lead", subject_id=lead.pk).count() >= 2
    assert Span.objects.filter(subject_type="qualify.lead", subject_id=lead.pk).exists()
    why = {(kept["kind"], kept["id"]): kept["reason"] for kept in report.kept}
    assert why["lead", lead.pk] == "somebody has worked on it since"
    assert why["source", lead.source_id].endswith("that stays belongs to it")
    assert why["person or company", lead.party_id] == "a lead that stays belongs to it"
    assert report.kept_count == len(report.kept)


def test_the_rest_is_gone_whatever_the_clockwork_did_to_it(after):
    demo = after[0]
    assert not Lead.objects.filter(pk=demo["clockwork"]).exists()
    assert set(Lead.objects.values_list("pk", flat=True)) == {demo["mine"].pk, demo["worked"].pk}
    assert not Order.objects.exists() and not Opportunity.objects.exists()
    assert Party.objects.count() < 20 and Campaign.objects.count() <= 3
    needed = {pk for model in (Lead, Touchpoint) for pk in model.objects.values_list("source_id", flat=True)}
    assert set(Source.objects.values_list("pk", flat=True)) == needed - {None}
    kept = set(Lead.objects.values_list("pk", flat=True))
    told = Event.objects.filter(subject_type="qualify.lead").values_list("subject_id", flat=True)
    assert set(told) == kept


def test_nothing_points_at_nothing(after):
    connection.check_constraints()


def test_colleagues_whose_work_stays_cannot_sign_in_any_more(after):
    demo = after[0]
    others = User.objects.exclude(email="me@mine.example")
    assert not others.filter(is_active=True).exists()
    assert set(others.values_list("pk", flat=True)) >= {demo["worked_owner"]} - {None}
    assert not any(user.has_usable_password() for user in others)


def test_settings_changed_since_stay_and_the_others_are_as_before(after):
    ours = Company.objects.get()
    assert (ours.name, ours.answer_minutes, ours.is_demo) == ("Mine", 45, False) and not can_remove_demo()


def test_it_says_how_far_it_is(after):
    assert "leads" in after[2] and after[1].removed["qualify_lead"] > 50
