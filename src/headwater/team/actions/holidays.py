"""The days on which the office is closed, typed in or taken from the calendar of a country."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypedDict

from django.utils.translation import ngettext

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.undo import undoes
from headwater.team.events import HolidaysAdded, HolidaysRemoved
from headwater.team.models import Holiday

YEARS = range(2000, 2101)


@action
def add_holiday(*, day: date, name: str, by: Actor, at: datetime) -> Event:
    """Close the office on a day.

    Raises:
        Invalid: no name, or the day is in the list already.
    """
    by.require("team.company.change")
    wrong: dict[str, list[str]] = {}
    if not name.strip() or len(name.strip()) > 120:
        wrong["name"] = [_("Say what day it is, in 120 letters at most.")]
    if day.year not in YEARS:
        wrong["day"] = [_("Choose a day from 2000 to 2100.")]
    if Holiday.objects.filter(day=day).exists():
        wrong["day"] = [_("This day is in the list already.")]
    if wrong:
        raise Invalid(wrong)
    return _close_on({day: name.strip()}, by=by, at=at)


@action
def fill_in_holidays(*, country: str, year: int, by: Actor, at: datetime) -> Event | None:
    """Close the office on the public holidays of a country in a year; days that are there keep their names.

    None if all of them are there already.

    Raises:
        Invalid: the calendar of that country is not known.
    """
    by.require("team.company.change")
    if year not in YEARS:
        raise Invalid({"year": [_("Choose a year from 2000 to 2100.")]})
    found = public_holidays(country, year)
    if not found:
        raise Invalid({"country": [_("The holidays of this country are not known. Add them one by one.")]})
    there = set(Holiday.objects.filter(day__in=list(found)).values_list("day", flat=True))
    new = {day: name[:120] for day, name in found.items() if day not in there}
    return _close_on(new, by=by, at=at) if new else None


@action
def remove_holiday(*, holiday_id: int, by: Actor, at: datetime) -> Event:
    """Open the office on a day after all.

    Raises:
        NotFound: somebody removed it before.
    """
    by.require("team.company.change")
    holiday = Holiday.objects.filter(pk=holiday_id).first()
    if holiday is None:
        raise NotFound()
    return _open_on({holiday.day: holiday.name}, by=by, at=at)


@undoes(HolidaysAdded)
@action
def take_back_adding(fact: HolidaysAdded, *, event: Event, by: Actor, at: datetime) -> None:
    """Open the office again on the days that were added; those removed since stay removed."""
    by.require("team.company.change")
    days = {date.fromisoformat(day): name for day, name in fact.days.items()}
    there = Holiday.objects.filter(day__in=list(days)).values_list("day", flat=True)
    _open_on({day: days[day] for day in sorted(there)}, by=by, at=at)


@undoes(HolidaysRemoved)
@action
def take_back_removing(fact: HolidaysRemoved, *, event: Event, by: Actor, at: datetime) -> None:
    """Close the office again on the days that were removed; those added again since stay as they are."""
    by.require("team.company.change")
    days = {date.fromisoformat(day): name for day, name in fact.days.items()}
    there = set(Holiday.objects.filter(day__in=list(days)).values_list("day", flat=True))
    _close_on({day: name for day, name in days.items() if day not in there}, by=by, at=at)


def public_holidays(country: str, year: int) -> dict[date, str]:
    """The public holidays of a whole country (ISO 3166-1) with their names; none if its calendar is not known."""
    import holidays  # only this needs it

    try:
        return dict(sorted(holidays.country_holidays(country, years=year, language="en_US").items()))
    except NotImplementedError:
        return {}


def _close_on(days: Mapping[date, str], *, by: Actor, at: datetime) -> Event:
    Holiday.objects.bulk_create([Holiday(day=day, name=name) for day, name in days.items()])
    return record(HolidaysAdded(company_id=1, **_told(days)), by=by, at=at)


def _open_on(days: Mapping[date, str], *, by: Actor, at: datetime) -> Event:
    Holiday.objects.filter(day__in=list(days)).delete()
    return record(HolidaysRemoved(company_id=1, **_told(days)), by=by, at=at)


class _Told(TypedDict):
    said: str
    called: str
    days: dict[str, str]


def _told(days: Mapping[date, str]) -> _Told:
    """What facts tell of days; a single one as every reader writes it."""
    named = {day.isoformat(): name for day, name in days.items()}
    if len(named) == 1:
        [(said, called)] = named.items()
        return {"said": said, "called": called, "days": named}
    said = ngettext("%(count)s day", "%(count)s days", len(named)) % {"count": len(named)}
    return {"said": said, "called": "", "days": named}
