"""Who can sign in, as what, in which team."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Conflict, Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.team.actions.ranks import require_rank
from headwater.team.actions.sessions import drop_sessions_of, forget_devices_of
from headwater.team.actions.signing_in import forgive_passwords
from headwater.team.actions.teams import require_reach
from headwater.team.actions.tokens import revoke_tokens_of
from headwater.team.events import PasswordLinkMade, PasswordSet, UserAdded, UserDeactivated, UserReactivated
from headwater.team.models import ApiToken, RevokedFor, Role, Team, User
from headwater.team.queries import user_by_email
from headwater.team.queries.roles import role_choices, role_names
from headwater.team.queries.signing_in import link_secret, user_of_link


class EmailTaken(Invalid):
    """Somebody signs in with this e-mail already."""

    code = "email_taken"


class LastOwner(Conflict):
    """Without an owner nobody could give rights any more."""

    code = "last_owner"
    message = lazy("This is the last owner. Make somebody else an owner first.")


class LinkOver(NotFound):
    """A link to choose a password was used, replaced, or is too old."""

    code = "link_over"
    message = lazy("This link is not valid any more. Ask an administrator for a new one.")


@action
def add_user(
    *,
    email: str,
    name: str,
    role: str,
    password: str | None = None,
    team_id: int | None = None,
    by: Actor,
    at: datetime,
) -> User:
    """Let somebody sign in; without a password they cannot until one is set.

    Raises:
        EmailTaken: the e-mail is another user's.
        Invalid: a value that cannot be, or a password that is too easy to guess.
        NotAllowed: only an owner makes owners.
    """
    by.require("team.user.create")
    email, name = email.strip(), name.strip()
    _check(email=email, name=name, role=role, team_id=team_id)
    require_rank(by, role)
    require_reach(by, team_id)
    if user_by_email(email) is not None:
        raise EmailTaken({"email": [_("Somebody signs in with %(email)s already.") % {"email": email}]})
    user = User(email=email, name=name, role=role, team_id=team_id, created_at=at)
    _give_password(user, password)
    user.save(force_insert=True)
    record(UserAdded(user_id=user.pk, name=name, email=email, role=role_names()[role]), by=by, at=at)
    return user


@action
def set_password(
    *, user_id: int, password: str, by: Actor, at: datetime, keep_tokens: bool = False, session_key: str = ""
) -> User:
    """Change somebody's password, one's own or with the right to change users; their sessions end, and so do their
    tokens unless they are to be kept: whoever knew the old password may have made one. The session with
    ``session_key`` stays.

    Raises:
        Invalid: it is too easy to guess.
        NotAllowed: it is somebody else's, or an owner's and you are none.
    """
    user = _locked(user_id)
    if user.pk != by.user_id:
        by.require("team.user.change")
        require_rank(by, user.role)
    _give_password(user, password)
    user.save(update_fields=["password"])
    drop_sessions_of(user.pk, besides=session_key)
    kept = ApiToken.objects.filter(user=user, revoked_at=None).count() if keep_tokens else 0
    if not keep_tokens:
        revoke_tokens_of(user.pk, why=RevokedFor.PASSWORD, by=by, at=at)
    record(PasswordSet(user_id=user.pk, kept_tokens=kept or None), by=by, at=at)
    return user


@action
def make_password_link(*, user_id: int, by: Actor, at: datetime) -> str:
    """The secret of a link with which a colleague chooses a password, once, within three days; to be handed over.

    It is signed, not kept: a newer one, a new password and a sign-in make it worthless.

    Raises:
        NotAllowed: it is an owner's and you are none.
        NotFound: nobody like that works here.
    """
    by.require("team.user.change")
    user = _locked(user_id)
    if not user.is_active:
        raise NotFound()
    require_rank(by, user.role)
    user.links_made += 1
    user.save(update_fields=["links_made"])
    record(PasswordLinkMade(user_id=user.pk), by=by, at=at)
    return link_secret(user, at=at)


@action
def use_password_link(*, secret: str, password: str, by: Actor, at: datetime) -> User:
    """Use up a link: choose one's password. Whoever holds it is nobody yet, so the link itself acts.

    Who tried the old one too often may sign in with the new one at once.

    Raises:
        LinkOver: it is not valid (any more).
        Invalid: the password is too easy to guess.
    """
    user = user_of_link(secret, at=at)
    if user is None or user_of_link(secret, at=at, among=User.objects.select_for_update()) is None:
        raise LinkOver()
    forgive_passwords(user, at=at)
    return set_password(user_id=user.pk, password=password, by=by, at=at)


@action
def change_user(
    *, user_id: int, name: str, email: str, role: str, team_id: int | None, time_zone: str = "", by: Actor, at: datetime
) -> User:
    """Change what we know of a colleague, or what they may do.

    Raises:
        EmailTaken, Invalid: a value that cannot be.
        LastOwner: the last owner must stay one.
        NotAllowed: only an owner makes or unmakes owners.
    """
    by.require("team.user.change")
    email, name = email.strip(), name.strip()
    user = _locked(user_id)
    new_team = team_id if team_id != user.team_id else None
    _check(email=email, name=name, role=role, time_zone=time_zone, team_id=new_team, role_now=user.role)
    require_rank(by, user.role, role)
    if team_id != user.team_id:
        require_reach(by, user.team_id, team_id)
    if user.role == Role.OWNER and role != Role.OWNER:
        _refuse_last_owner(user)
    other = user_by_email(email)
    if other is not None and other.pk != user.pk:
        raise EmailTaken({"email": [_("Somebody signs in with %(email)s already.") % {"email": email}]})
    values = {"name": name, "email": email, "role": role, "team_id": team_id, "time_zone": time_zone}
    change_row(user, values, row_type="team.user", by=by, at=at, personal=("name", "email"))
    return user


@action
def change_profile(*, name: str, by: Actor, at: datetime) -> User:
    """Change one's own name.

    Raises:
        Invalid: a value that cannot be.
        NotFound: a job or a token without a person asks.
    """
    user = _locked(by.user_id or 0)
    _check(email=user.email, name=name.strip(), role=user.role, role_now=user.role)
    change_row(user, {"name": name.strip()}, row_type="team.user", by=by, at=at, personal=("name",))
    return user


@action
def deactivate_user(*, user_id: int, by: Actor, at: datetime) -> User:
    """Let somebody go: they cannot sign in any more, their records keep their name. What lets them in without their
    password ends for good, whoever lets them back in: tokens, sessions, remembered devices, links that were handed out.

    Raises:
        LastOwner: it is the last owner.
        NotAllowed: it is an owner and you are none.
    """
    by.require("team.user.change")
    user = _locked(user_id)
    if not user.is_active:
        return user
    require_rank(by, user.role)
    if user.role == Role.OWNER:
        _refuse_last_owner(user)
    user.is_active = False
    user.links_made += 1
    user.save(update_fields=["is_active", "links_made"])
    drop_sessions_of(user.pk)
    forget_devices_of(user.pk)
    revoke_tokens_of(user.pk, why=RevokedFor.LEFT, by=by, at=at)
    record(UserDeactivated(user_id=user.pk), by=by, at=at)
    return user


@action
def reactivate_user(*, user_id: int, by: Actor, at: datetime) -> User:
    """Let somebody who left sign in again, as they did before; their tokens stay revoked."""
    by.require("team.user.change")
    user = _locked(user_id)
    if user.is_active:
        return user
    require_rank(by, user.role)
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(UserReactivated(user_id=user.pk), by=by, at=at)
    return user


def _check(
    *, email: str, name: str, role: str, time_zone: str = "", team_id: int | None = None, role_now: str = ""
) -> None:
    wrong: dict[str, list[str]] = {}
    try:
        validate_email(email)
    except ValidationError:
        wrong["email"] = [_("“%(email)s” is not an e-mail address.") % {"email": email}]
    if not name:
        wrong["name"] = [_("A name is needed.")]
    elif len(name) > 120:
        wrong["name"] = [_("A name has 120 letters at most.")]
    if role not in dict(role_choices()) and role != role_now:
        wrong["role"] = [_("There is no role called %(role)s.") % {"role": role}]
    if team_id is not None and not Team.objects.filter(pk=team_id, archived_at=None).exists():
        wrong["team_id"] = [_("There is no such team.")]
    if time_zone and time_zone not in available_timezones():
        wrong["time_zone"] = [_("There is no time zone called %(zone)s.") % {"zone": time_zone}]
    if wrong:
        raise Invalid(wrong)


def _give_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": error.messages}) from error
    user.set_password(password)


def _refuse_last_owner(user: User) -> None:
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True).order_by("pk")
    if not [owner for owner in owners if owner.pk != user.pk]:
        raise LastOwner()


def _locked(user_id: int) -> User:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound()
    return user
