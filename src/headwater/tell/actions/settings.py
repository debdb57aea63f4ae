"""How mail is sent: set up, tried out, switched off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Conflict, Invalid
from headwater.platform.events import record
from headwater.platform.installation import installation
from headwater.platform.translated import gettext as _
from headwater.tell.events import MailPasswordSet
from headwater.tell.models import MailSettings
from headwater.tell.queries.settings import SEALER, mail_settings, require_mail
from headwater.tell.queries.smtp import TEST_SECONDS, Letter, NotSent, mail_server
from headwater.tell.queries.words import plain_page
from headwater.tell.rules import base_address

CHANGEABLE = ("host", "port", "security", "username", "sender_name", "sender_address", "address")


class MailNotSetUp(Conflict):
    """Nobody said yet through which server mails go."""

    code = "mail_not_set_up"
    message = "Mail is not set up. An administrator does it under Settings → Mail."


class TestFailed(Conflict):
    """A mail that was to show whether mail works did not go out."""

    __test__ = False  # no test of ours
    code = "mail_test_failed"


@action
def change_mail_settings(
    *, values: Mapping[str, Any], by: Actor, at: datetime, password: str | None = None
) -> MailSettings:
    """Change through which server mails go; what is not named stays, and so does the password without a new one.

    Another server or user needs its own password: one server's is not told to another one. Links for owners go through
    it only if an owner saved it so.

    Raises:
        Invalid: a value that cannot be.
        NotAllowed: the actor may not decide about mail.
    """
    require_mail(by)
    if unknown := set(values) - set(CHANGEABLE):
        raise Invalid({name: [_("There is no such setting.")] for name in unknown})
    ours, _made = MailSettings.objects.select_for_update().get_or_create(pk=1)
    after = {name: values.get(name, getattr(ours, name)) for name in CHANGEABLE}
    after = {name: value.strip() if isinstance(value, str) else value for name, value in after.items()}
    _check(after)
    where = ("host", "port", "security", "username")
    same = all(getattr(ours, name) == after[name] for name in where)
    after["owners_may"] = by.role in ("OWNER", "job") or (same and ours.owners_may)
    change_row(ours, after, row_type="tell.mail_settings", by=by, at=at, personal=("username", "sender_address"))
    if not same and password is None:
        password = ""
    if password is not None and bool(password or ours.sealed):
        ours.sealed = SEALER.seal(password) if password else ""
        ours.save(update_fields=["sealed"])
        record(MailPasswordSet(settings_id=ours.pk), by=by, at=at)
    return ours


def send_test(*, to_name: str, to_address: str, by: Actor, at: datetime) -> str:
    """Send a mail to oneself at once and say what the server answered. It changes nothing here, so it is no fact.

    Raises:
        MailNotSetUp: there is no server.
        NotAllowed: the actor may not decide about mail.
        TestFailed: it did not go out; why, and what to do.
    """
    require_mail(by)
    ours = mail_settings()
    if not ours.is_on:
        raise MailNotSetUp()
    name = installation().name
    text = _("Mail works: this one came from Headwater at %(company)s.") % {"company": name}
    letter = Letter(
        to_name, to_address, _("Mail works"), text, plain_page(text), f"<test-{at:%Y%m%d%H%M%S%f}@{_domain(ours)}>"
    )
    try:
        with mail_server(ours, seconds=TEST_SECONDS) as send:
            return send(letter)
    except NotSent as problem:
        raise TestFailed(problem.text) from problem


def _domain(ours: MailSettings) -> str:
    return ours.sender_address.rpartition("@")[2]


def _check(after: dict[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    if not after["host"]:  # switched off: the rest stays as it is, for another time
        return
    if not all(letter.isalnum() or letter in ".-:_" for letter in after["host"]) or len(after["host"]) > 255:
        wrong["host"] = [_("A name such as mail.example.com is needed.")]
    if not 1 <= int(after["port"]) <= 65_535:
        wrong["port"] = [_("A port is a number up to 65535; most servers listen at 587 or 465.")]
    if after["security"] not in MailSettings.Security.values:
        wrong["security"] = [_("There is no such security.")]
    if after["security"] == MailSettings.Security.NONE and after["username"]:
        wrong["security"] = [_("A password is not sent where everybody can read along. Choose STARTTLS or TLS.")]
    for name, longest in (("username", 255), ("sender_name", 120)):
        if len(after[name]) > longest or not after[name].isprintable():
            wrong[name] = [_("Letters, figures and signs on one line are needed.")]
    try:
        validate_email(after["sender_address"])
    except ValidationError:
        wrong["sender_address"] = [_("An address such as headwater@example.com is needed.")]
    address = base_address(after["address"])
    if address is None:
        wrong["address"] = [_("An address such as https://crm.example.com is needed: links in mails begin with it.")]
    after["address"] = address or ""
    if wrong:
        raise Invalid(wrong)
