"""Reads about signing in: the log, where people are signed in, and links to choose a password."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db.models import Q, QuerySet
from django.utils.http import base36_to_int

from headwater.platform.actor import Actor
from headwater.platform.values import row_id
from headwater.team.models import Session, SignInAttempt, User
from headwater.tell.rules import RESET_LASTS


class _LinkMaker(PasswordResetTokenGenerator):
    """Django's signed links; what they are signed over changes with their use, a new one, and a sign-in."""

    key_salt = "headwater.team.password_link"

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.links_made}{user.is_active}"

    def _now(self) -> datetime:
        return self._at.replace(tzinfo=None)


class _ResetMaker(_LinkMaker):
    """Links that were asked for by mail: they stand beside those an administrator made, and are over in an hour."""

    key_salt = "headwater.team.password_reset"

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Whether it is right, and young enough."""
        if user is None or not token or not super().check_token(user, token):
            return False
        made = base36_to_int(token.partition("-")[0])
        return self._num_seconds(self._now()) - made <= RESET_LASTS.total_seconds()


RESET = "r"  # how the secret of such a link begins


def link_secret(user: User, *, at: datetime) -> str:
    """What stands in a link with which this user chooses a password."""
    return f"{user.pk}-{_LinkMaker(at).make_token(user)}"


def reset_secret(user: User, *, at: datetime) -> str:
    """What stands in a link that somebody asked for who forgot their password."""
    return f"{RESET}{user.pk}-{_ResetMaker(at).make_token(user)}"


def user_of_link(secret: str, *, at: datetime, among: QuerySet[User] | None = None) -> User | None:
    """Whose link that is; None when it was used, replaced or is too old."""
    maker = _ResetMaker(at) if secret.startswith(RESET) else _LinkMaker(at)
    number, _, token = secret.removeprefix(RESET).partition("-")
    if (user_id := row_id(number)) is None:
        return None
    users = User.objects.all() if among is None else among
    user = users.filter(pk=user_id, is_active=True).first()
    return user if user is not None and maker.check_token(user, token) else None


def sessions_of(user_id: int, *, at: datetime) -> QuerySet[Session]:
    """Where somebody is signed in, the last used first."""
    return Session.objects.filter(user_id=user_id, expire_date__gt=at).order_by("-seen_at", "-started_at")


def sign_ins_of(user: User) -> QuerySet[SignInAttempt]:
    """Who tried to sign in as this user, the last first."""
    return SignInAttempt.objects.filter(user=user).order_by("-pk")


def sign_ins(actor: Actor) -> QuerySet[SignInAttempt]:
    """Who tried to sign in, the last first: everybody's with the right to, else one's own."""
    everybody = SignInAttempt.objects.select_related("user").order_by("-pk")
    return everybody if actor.may("team.user.change") else everybody.filter(Q(user_id=actor.user_id or 0))
