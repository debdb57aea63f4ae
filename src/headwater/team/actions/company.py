"""The company's own settings, and the first run that makes an empty installation its own."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from phonenumbers import SUPPORTED_REGIONS

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Conflict, Invalid, NotAllowed
from headwater.platform.events import record
from headwater.platform.language import spoken
from headwater.platform.money import CURRENCIES
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.team.actions.accounts import add_user
from headwater.team.events import SetupFinished, SetupPrepared
from headwater.team.models import Company, ExchangeRate, Role, User
from headwater.team.queries import digest_of, has_amounts


class WrongSetupToken(NotAllowed):
    """The one-time link is not the right one, or was used."""

    code = "wrong_setup_token"
    message = lazy(
        "This set-up link is not valid any more. On the server, “headwater init --new-link” prints a new one."
    )


class AlreadySetUp(Conflict):
    """There is an owner already."""

    code = "already_set_up"
    message = lazy("Headwater is set up already. Sign in.")


@action
def prepare_setup(*, by: Actor, at: datetime, country: str = "") -> str:
    """Make the company's row and the one-time secret with which its owner begins; only a digest is kept.

    A lost link is replaced in the same way: the older one is void. With a country, phone numbers without prefix can
    be read before the first run is done.

    Raises:
        AlreadySetUp: somebody has an account.
        Invalid: there is no such country.
    """
    by.require("team.company.change")
    company, _made = Company.objects.select_for_update().get_or_create(pk=1, defaults={"name": ""})
    if User.objects.exists():
        raise AlreadySetUp()
    secret = secrets.token_urlsafe(32)
    company.setup_digest = digest_of(secret)
    if country:
        if not _is_country(country.upper()):
            raise Invalid({"country": [_("A country is two letters, such as NL.")]})
        company.country = country.upper()
    company.save(update_fields=["setup_digest", "country"])
    record(SetupPrepared(company_id=company.pk), by=by, at=at)
    return secret


@action
def make_owner(*, secret: str, email: str, name: str, password: str, by: Actor, at: datetime) -> User:
    """Use up the set-up link: make the owner's account. Whoever holds it is nobody yet, so the set-up itself acts.

    Raises:
        WrongSetupToken: the link is wrong or was used.
        Invalid: a value that cannot be, or a password that is too easy to guess.
    """
    company = Company.objects.select_for_update().filter(pk=1).first()
    if company is None or not is_setup_secret(company, secret) or User.objects.exists():
        raise WrongSetupToken()
    company.setup_digest = ""
    company.save(update_fields=["setup_digest"])
    return add_user(email=email, name=name, role=Role.OWNER, password=password, by=by, at=at)


def is_setup_secret(company: Company, secret: str) -> bool:
    """Whether ``secret`` is the one-time secret that is still unused."""
    return bool(company.setup_digest) and hmac.compare_digest(company.setup_digest, digest_of(secret))


CHANGEABLE = frozenset(
    {
        "name", "language", "currency", "time_zone", "country", "office_days", "office_opens", "office_closes",
        "answer_minutes", "handover_hours", "needs_second_factor",
    }
)  # fmt: skip


@action
def change_company(*, values: Mapping[str, Any], by: Actor, at: datetime) -> Company:
    """Change the company's settings; those not named stay.

    Raises:
        Invalid: a value that cannot be, or another currency once there are amounts: reports count in one currency, so
            all that was counted before would leave them.
    """
    by.require("team.company.change")
    unknown = set(values) - CHANGEABLE
    if unknown:
        raise Invalid({name: [_("The company has no such setting.")] for name in unknown})
    company, _made = Company.objects.select_for_update().get_or_create(pk=1, defaults={"name": ""})
    values = {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}
    _check(company, values)
    change_row(company, values, row_type="team.company", by=by, at=at)
    return company


@action
def finish_setup(*, by: Actor, at: datetime) -> Company:
    """End the first run; doing it again changes nothing."""
    by.require("team.company.change")
    company = Company.objects.select_for_update().get(pk=1)
    if company.setup_done_at is None:
        company.setup_done_at = at
        company.save(update_fields=["setup_done_at"])
        record(SetupFinished(company_id=company.pk), by=by, at=at)
    return company


def _check(company: Company, values: Mapping[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    after = {name: values.get(name, getattr(company, name)) for name in CHANGEABLE}
    if not after["name"] or len(after["name"]) > 120:
        wrong["name"] = [_("The company needs a name of 120 letters at most.")]
    if after["currency"] not in CURRENCIES:
        wrong["currency"] = [_("“%(code)s” is not an ISO 4217 currency.") % {"code": after["currency"]}]
    elif after["currency"] != company.currency and has_amounts():
        wrong["currency"] = [
            _("There are amounts in %(code)s already, and reports count in one currency. It can no longer be changed.")
            % {"code": company.currency}
        ]
    elif after["currency"] != company.currency and ExchangeRate.objects.exists():
        wrong["currency"] = [
            _("There are exchange rates into %(code)s. Remove them first, and enter those into the new currency.")
            % {"code": company.currency}
        ]
    if after["time_zone"] not in available_timezones():
        wrong["time_zone"] = [_("There is no time zone called %(zone)s.") % {"zone": after["time_zone"]}]
    if after["language"] and after["language"] not in dict(spoken()):
        wrong["language"] = [_("This language is not spoken here.")]
    country = after["country"]
    if country and not _is_country(country):
        wrong["country"] = [_("A country is two letters, such as NL.")]
    days = after["office_days"]
    if not days or set(days) - set("1234567") or len(set(days)) != len(days):
        wrong["office_days"] = [_("Choose at least one day.")]
    if after["office_opens"] >= after["office_closes"]:
        wrong["office_closes"] = [_("The office closes after it opens.")]
    if wrong:
        raise Invalid(wrong)


def _is_country(code: str) -> bool:
    return code in SUPPORTED_REGIONS
