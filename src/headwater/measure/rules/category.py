"""What a customer is now: exactly one of seven categories for each external party."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from headwater.platform.translated import gettext_lazy as _


class Category(StrEnum):
    """The seven categories, best customers first."""

    ACTIVE_PAYING = "ACTIVE_PAYING"
    ACTIVE_NON_PAYING = "ACTIVE_NON_PAYING"
    NON_ACTIVE = "NON_ACTIVE"
    LOST = "LOST"
    DIRECT_REFERRAL = "DIRECT_REFERRAL"
    CENTRE_OF_INFLUENCE = "CENTRE_OF_INFLUENCE"
    UNDEFINED = "UNDEFINED"


LABELS = {
    Category.ACTIVE_PAYING: _("Active paying"),
    Category.ACTIVE_NON_PAYING: _("Active non-paying"),
    Category.NON_ACTIVE: _("Non-active"),
    Category.LOST: _("Lost customer"),
    Category.DIRECT_REFERRAL: _("Direct referral"),
    Category.CENTRE_OF_INFLUENCE: _("Centre of influence"),
    Category.UNDEFINED: _("Undefined"),
}
NOT_YET = _("Not a customer yet")


class Reason(StrEnum):
    """Why a party is in its category; screens make a sentence of it."""

    BUYS_ELSEWHERE = "BUYS_ELSEWHERE"
    LAST_ORDER = "LAST_ORDER"
    ORDER_DATE_UNKNOWN = "ORDER_DATE_UNKNOWN"
    MARKED_AS_INFLUENCE = "MARKED_AS_INFLUENCE"
    INTRODUCED_OTHERS = "INTRODUCED_OTHERS"
    REFERRED_LEADS = "REFERRED_LEADS"
    NEVER_BOUGHT = "NEVER_BOUGHT"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where one category ends and the next begins; a company may set its own."""

    paying_days: int = 90
    non_paying_days: int = 365
    non_active_days: int = 730
    introductions: int = 3
    referred_leads: int = 1


USUAL = Thresholds()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A party's category, why, since when, and the day on which time alone will change it."""

    category: Category
    reason: Reason
    since: date | None = None
    changes_on: date | None = None


def categorise(
    *,
    as_of: date,
    last_order_date: date | None = None,
    bought_before: bool = False,
    buys_elsewhere_since: date | None = None,
    introduced_count: int = 0,
    is_influence: bool = False,
    referred_leads: int = 0,
    thresholds: Thresholds = USUAL,
) -> Verdict:
    """The category of a party as of a day; the first rule that holds wins.

    Buying elsewhere counts if it was recorded after the last order: a customer who ordered again is not lost.
    Who has bought on an unknown day is neither active nor lost, and no longer somebody who never bought:
    undefined.
    """
    bought = bought_before or last_order_date is not None
    if (
        bought
        and buys_elsewhere_since is not None
        and buys_elsewhere_since <= as_of
        and (last_order_date is None or buys_elsewhere_since > last_order_date)
    ):
        return Verdict(Category.LOST, Reason.BUYS_ELSEWHERE, since=buys_elsewhere_since)
    if last_order_date is not None:
        return _by_last_order(last_order_date, as_of=as_of, thresholds=thresholds)
    if bought:
        return Verdict(Category.UNDEFINED, Reason.ORDER_DATE_UNKNOWN)
    if is_influence:
        return Verdict(Category.CENTRE_OF_INFLUENCE, Reason.MARKED_AS_INFLUENCE)
    if introduced_count >= thresholds.introductions:
        return Verdict(Category.CENTRE_OF_INFLUENCE, Reason.INTRODUCED_OTHERS)
    if referred_leads >= thresholds.referred_leads:
        return Verdict(Category.DIRECT_REFERRAL, Reason.REFERRED_LEADS)
    return Verdict(Category.UNDEFINED, Reason.NEVER_BOUGHT)


def label(verdict: Verdict, *, has_open_lead: bool) -> str:
    """The words on screen: who never bought but has an open lead is "not a customer yet", not undefined."""
    if has_open_lead and verdict.reason is Reason.NEVER_BOUGHT:
        return str(NOT_YET)
    return str(LABELS[verdict.category])


def _by_last_order(ordered: date, *, as_of: date, thresholds: Thresholds) -> Verdict:
    since = ordered
    for category, last_day in (
        (Category.ACTIVE_PAYING, thresholds.paying_days),
        (Category.ACTIVE_NON_PAYING, thresholds.non_paying_days),
        (Category.NON_ACTIVE, thresholds.non_active_days),
    ):
        changes_on = ordered + timedelta(days=last_day + 1)
        if as_of < changes_on:
            return Verdict(category, Reason.LAST_ORDER, since=since, changes_on=changes_on)
        since = changes_on
    return Verdict(Category.LOST, Reason.LAST_ORDER, since=since)
