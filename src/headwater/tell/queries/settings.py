"""Reads about the mail server: how it is reached, and where people open Headwater."""

from __future__ import annotations

from headwater.platform.actor import Actor
from headwater.platform.sealing import Sealer
from headwater.tell.models import MailSettings

SEALER = Sealer("headwater.tell.mail_settings")

# Who reads the mails of others reads the links by which they choose a password: whoever decides through which server
# mails go must be somebody who decides about the company, its people and their roles.
RIGHTS = ("team.company.change", "team.user.change", "team.role.change")


def mail_settings() -> MailSettings:
    """How mail is sent; without a host it is not."""
    return MailSettings.objects.filter(pk=1).first() or MailSettings(pk=1)


def is_mail_on() -> bool:
    """Whether mail can be sent."""
    return mail_settings().is_on


def require_mail(by: Actor) -> None:
    """Refuse to look after mail to whoever may not.

    Raises:
        NotAllowed: one of the rights it takes is missing.
    """
    for right in RIGHTS:
        by.require(right)


def password_of(ours: MailSettings) -> str | None:
    """The password at the server: nothing where none is needed, None where another installation sealed it."""
    return SEALER.unseal(ours.sealed) if ours.sealed else ""
