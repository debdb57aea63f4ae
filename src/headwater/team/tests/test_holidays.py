"""The days on which the office is closed: typed in, filled in, taken back."""

from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from headwater.platform.actor import job_actor
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event
from headwater.platform.testing import make_actor
from headwater.platform.undo import undo_event
from headwater.team.actions.holidays import add_holiday, fill_in_holidays, remove_holiday
from headwater.team.events import HolidaysAdded
from headwater.team.models import Company, Holiday, User
from headwater.web.sentence import sentence

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BY = job_actor("test")


@pytest.fixture(autouse=True)
def company():
    return Company.objects.create(pk=1, name="Kestrel", country="DE", time_zone="Europe/Berlin", setup_done_at=AT)


@pytest.fixture
def owner(client):
    user = User.objects.create(email="marta@kestrel.example", name="Marta", role="OWNER", created_at=AT)
    client.force_login(user)
    return user


def test_a_day_is_added_removed_and_back_by_undo(company):
    added = add_holiday(day=date(2026, 12, 24), name=" Christmas Eve ", by=BY, at=AT)
    holiday = Holiday.objects.get()
    assert (str(holiday), company.holidays) == ("Christmas Eve", frozenset({date(2026, 12, 24)}))
    with pytest.raises(Invalid, match="in the list already"):
        add_holiday(day=date(2026, 12, 24), name="Again", by=BY, at=AT)
    removed = remove_holiday(holiday_id=holiday.pk, by=BY, at=AT)
    assert not Holiday.objects.exists()
    undo_event(event_id=removed.pk, by=BY, at=AT)
    assert Holiday.objects.get().name == "Christmas Eve"
    undo_event(event_id=added.pk, by=BY, at=AT)
    assert not Holiday.objects.exists()


def test_the_day_is_told_as_its_reader_writes_days():
    add_holiday(day=date(2031, 12, 24), name="Christmas Eve", by=BY, at=AT)
    said = Event.objects.get().data
    assert sentence(HolidaysAdded, said, {}) == "Closed the office on 24 Dec 2031, Christmas Eve"
    with override("de"):
        assert sentence(HolidaysAdded, said, {}) == "Büro geschlossen am 24. Dez. 2031, Christmas Eve"


def test_several_days_are_told_by_their_number():
    filled = fill_in_holidays(country="DE", year=2027, by=BY, at=AT)
    assert sentence(HolidaysAdded, filled.data, {}) == f"Closed the office on {len(filled.data['days'])} days"


def test_a_year_is_filled_in_and_days_with_a_name_keep_it():
    add_holiday(day=date(2027, 10, 3), name="Our own feast", by=BY, at=AT)
    filled = fill_in_holidays(country="DE", year=2027, by=BY, at=AT)
    assert Holiday.objects.get(day=date(2027, 3, 29)).name == "Easter Monday"
    assert Holiday.objects.get(day=date(2027, 10, 3)).name == "Our own feast"
    assert fill_in_holidays(country="DE", year=2027, by=BY, at=AT) is None
    undo_event(event_id=filled.pk, by=BY, at=AT)
    assert Holiday.objects.get().name == "Our own feast"


def test_a_country_without_a_calendar_is_told():
    with pytest.raises(Invalid, match="not known"):
        fill_in_holidays(country="AC", year=2027, by=BY, at=AT)


def test_only_who_changes_the_company_closes_it():
    holiday = Holiday.objects.create(day=date(2027, 1, 1), name="New Year")
    for act in (
        lambda by: add_holiday(day=date(2027, 1, 2), name="x", by=by, at=AT),
        lambda by: fill_in_holidays(country="DE", year=2027, by=by, at=AT),
        lambda by: remove_holiday(holiday_id=holiday.pk, by=by, at=AT),
    ):
        with pytest.raises(NotAllowed):
            act(make_actor("team.user.see"))


def test_the_page_fills_adds_removes_and_offers_undo(client, owner):
    assert "runs on every office day" in client.get("/settings/holidays").content.decode()
    year = datetime.now(tz=UTC).year
    page = client.post("/settings/holidays/fill", {"country": "DE", "year": year}, follow=True).content.decode()
    assert "days filled in" in page and "/undo/" in page and "Easter Monday" in page
    page = client.post(
        "/settings/holidays", {"day": f"{year}-12-24", "name": "<b>Eve</b>"}, follow=True
    ).content.decode()
    assert "&lt;b&gt;Eve&lt;/b&gt;" in page and "<b>Eve" not in page
    eve = Holiday.objects.get(day=date(year, 12, 24))
    page = client.post(f"/settings/holidays/{eve.pk}/remove", follow=True).content.decode()
    assert "The office is open on that day" in page and not Holiday.objects.filter(pk=eve.pk).exists()
    assert client.post("/settings/holidays", {"day": "", "name": ""}).status_code == 422
    assert client.post("/settings/holidays/fill", {"country": "AC", "year": year}).status_code == 422
    User.objects.update(role="FIELD_REP")
    assert client.get("/settings/holidays").status_code == 403
