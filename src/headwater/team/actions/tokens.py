"""Keys with which programs act for a user."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from headwater.platform.action import action
from headwater.platform.actor import Actor, ActorKind
from headwater.platform.errors import Invalid, NotAllowed, NotFound
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.team.actions.ranks import require_rank
from headwater.team.events import TokenCreated, TokenRevoked
from headwater.team.models import ApiToken, RevokedFor, Role, User
from headwater.team.queries import digest_of
from headwater.team.rules import TOKEN_SCOPES, manages_owners

PREFIX = "hw_"
PRECISION = timedelta(minutes=1)
SCOPE = re.compile(r"^(\*|[a-z_]+)(\.(\*|[a-z_]+)){1,2}$")


@action
def create_token(
    *, user_id: int, name: str, scopes: Sequence[str], days: int | None = None, by: Actor, at: datetime
) -> tuple[ApiToken, str]:
    """Make a key that acts for a user within ``scopes``; its text is given back once and never kept.

    Raises:
        Invalid: no name, no scope or one that is not known, or a validity of no days.
        NotAllowed: it is for somebody else, or for an owner and you are none, or a token asks for another token.
    """
    if by.kind is ActorKind.TOKEN:
        raise NotAllowed(_("A token cannot make tokens. Sign in."))
    if user_id != by.user_id:
        by.require("team.token.create")
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound()
    if user.pk != by.user_id:
        if user.role == Role.OWNER and not manages_owners(by.role):
            raise NotAllowed(_("Only an owner can make a token that acts for an owner."))
        require_rank(by, user.role)
    _check(name, scopes, days)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        digest=digest_of(secret),
        scopes=list(scopes),
        created_at=at,
        expires_at=at + timedelta(days=days) if days else None,
    )
    fact = TokenCreated(token_id=token.pk, user_id=user.pk, name=token.name, scopes=", ".join(scopes))
    record(fact, by=by, at=at)
    return token, secret


@action
def revoke_token(*, token_id: int, by: Actor, at: datetime) -> ApiToken:
    """Make a key worthless, one's own or with the right to revoke any; at once.

    Raises:
        NotFound: there is no such key, or none of yours.
    """
    token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if token is None or (token.user_id != by.user_id and not by.may("team.token.delete")):
        raise NotFound()
    if token.revoked_at is None:
        token.revoked_at, token.revoked_for = at, RevokedFor.BY_HAND
        token.save(update_fields=["revoked_at", "revoked_for"])
        record(TokenRevoked(token_id=token.pk, why=RevokedFor.BY_HAND), by=by, at=at)
    return token


def note_use(*, token_id: int, at: datetime) -> None:
    """Keep when a key was last used, to the minute: enough to tell the forgotten ones, without a write per request."""
    if not ApiToken.objects.filter(pk=token_id, last_used_at__gt=at - PRECISION).exists():
        # Conditional, for those who come at the same moment; no fact: nothing changed in the business.
        stale = Q(last_used_at=None) | Q(last_used_at__lte=at - PRECISION)
        ApiToken.objects.filter(stale, pk=token_id).update(last_used_at=at)


def revoke_tokens_of(user_id: int, *, why: RevokedFor, by: Actor, at: datetime) -> int:
    """Make all keys of a user worthless, in the action that has checked the right to; how many there were."""
    alive = ApiToken.objects.select_for_update().filter(user_id=user_id, revoked_at=None).order_by("pk")
    ids = list(alive.values_list("pk", flat=True))
    ApiToken.objects.filter(pk__in=ids).update(revoked_at=at, revoked_for=why)
    for pk in ids:
        record(TokenRevoked(token_id=pk, why=why), by=by, at=at)
    return len(ids)


def _check(name: str, scopes: Sequence[str], days: int | None) -> None:
    wrong: dict[str, list[str]] = {}
    if not name.strip() or len(name.strip()) > 80:
        wrong["name"] = [_("A token needs a name of 80 letters at most.")]
    strange = [scope for scope in scopes if scope not in TOKEN_SCOPES and not SCOPE.match(scope)]
    if not scopes or strange:
        wrong["scopes"] = [_("A scope is read, write, or a right such as qualify.lead.*.")]
    if days is not None and not 0 < days <= 3650:
        wrong["days"] = [_("A token is valid for 1 to 3650 days, or until it is revoked.")]
    if wrong:
        raise Invalid(wrong)
