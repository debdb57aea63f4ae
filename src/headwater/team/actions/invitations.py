"""Links to choose a password that go out by mail: to a new colleague, and to who forgot theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.events import record
from headwater.platform.installation import installation
from headwater.team.actions.accounts import make_password_link
from headwater.team.models import Role, SignInAttempt, User
from headwater.team.queries.signing_in import reset_secret
from headwater.team.queries.single_sign_on import do_passwords_work
from headwater.team.rules import RESETS_PER_ACCOUNT
from headwater.team.sign_in_events import InvitationMailed, ResetMailed
from headwater.tell.actions.mails import queue_mail
from headwater.tell.models import MailKind
from headwater.tell.queries.mails import mails_since
from headwater.tell.queries.settings import mail_settings
from headwater.tell.rules import INVITATION_LASTS, RESET_LASTS

RESET_JOB = "team.mail_reset"  # the worker looks whose e-mail that is, so that no answer tells


class NotForOwners(Conflict):
    """No owner has said yet that the mail server may carry what makes somebody an owner."""

    code = "not_for_owners"
    message = "Owners get no links by mail until an owner saves the settings of mail. Hand the link over by hand."


@action
def invite_user(*, user_id: int, by: Actor, at: datetime) -> None:
    """Mail a colleague a link with which they choose a password, once, within three days; older links are void.

    Raises:
        MailNotSetUp: there is no mail server; the link is handed over by hand.
        NotAllowed: it is an owner's and you are none.
        NotForOwners: it is an owner's, and none has looked at the mail server.
    """
    secret = make_password_link(user_id=user_id, by=by, at=at)
    user = User.objects.get(pk=user_id)
    if user.role == Role.OWNER and not mail_settings().owners_may:
        raise NotForOwners()
    values = {"company": installation().name, "who": by.name}
    _mail(user, MailKind.INVITATION, secret, values, lasts=INVITATION_LASTS, at=at)
    record(InvitationMailed(user_id=user.pk), by=by, at=at)


@action
def mail_reset(*, attempt_id: int, by: Actor, at: datetime) -> bool:
    """Mail who asked for it a link to choose a new password within an hour, if somebody signs in with that e-mail.

    Nobody is told whether they did. Whether a link went out. The first link stays valid beside a second one, until one
    is used: else whoever asks for somebody else's would make theirs worthless.

    Raises:
        NotFound: nobody asked.
    """
    attempt = SignInAttempt.objects.select_related("user").filter(pk=attempt_id).first()
    if attempt is None:
        raise NotFound()
    user, ours = attempt.user, mail_settings()
    if user is None or not user.is_active or not ours.is_on or not do_passwords_work():
        return False
    if user.role == Role.OWNER and not ours.owners_may:
        return False
    if mails_since(user.pk, MailKind.RESET, at=at, within=timedelta(hours=1)) >= RESETS_PER_ACCOUNT:
        return False
    secret = reset_secret(user, at=at)
    _mail(user, MailKind.RESET, secret, {"company": installation().name}, lasts=RESET_LASTS, at=at)
    record(ResetMailed(user_id=user.pk), by=by, at=at)
    return True


def _mail(user: User, kind: MailKind, secret: str, values: dict[str, str], *, lasts: timedelta, at: datetime) -> None:
    path = reverse("choose_password", args=[secret])
    queue_mail(
        kind=kind, user_id=user.pk, name=user.name, address=user.email, path=path, at=at, values=values, lasts=lasts
    )
