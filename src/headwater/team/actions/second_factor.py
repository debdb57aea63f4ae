"""A second factor besides the password: set up, asked for, replaced by recovery codes, taken off."""

from __future__ import annotations

import secrets
from datetime import datetime

import pyotp

from headwater.platform.action import action
from headwater.platform.actor import Actor, ActorKind
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.team.actions.ranks import require_rank
from headwater.team.events import RecoveryCodesMade, RecoveryCodeUsed, SecondFactorAdded, SecondFactorRemoved
from headwater.team.models import Passkey, RecoveryCode, SecondFactor, User
from headwater.team.queries import colleague, digest_of
from headwater.team.queries.second_factor import codes_left, has_factor, seal, step_of, unseal

RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


class HasFactor(Conflict):
    """There is a second factor already."""

    code = "has_second_factor"
    message = lazy("A second factor is set up already. Take it off before you set up another.")


def begin(*, by: Actor) -> str:
    """A new secret for one's app; it counts for nothing until a code of it is shown, so it is no fact yet.

    Raises:
        HasFactor: one is set up already.
    """
    user_id = _person(by)
    secret = pyotp.random_base32()
    if SecondFactor.objects.filter(user_id=user_id).exclude(confirmed_at=None).exists():
        raise HasFactor()
    SecondFactor.objects.update_or_create(user_id=user_id, confirmed_at=None, defaults={"sealed": seal(secret)})
    return secret


@action
def confirm(*, code: str, by: Actor, at: datetime) -> list[str]:
    """Show that one's app has the secret: from now on codes are asked for. Gives the recovery codes, this once.

    Raises:
        HasFactor: one is set up already.
        Invalid: the code is wrong.
        NotFound: none was begun.
    """
    factor = SecondFactor.objects.select_for_update().filter(user_id=_person(by)).first()
    if factor is None:
        raise NotFound()
    if factor.confirmed_at is not None:
        raise HasFactor()
    step = step_of(unseal(factor.sealed) or "", _plain(code), at=at)
    if step is None:
        raise Invalid({"code": [_("This code is not right. Is the clock of your telephone?")]})
    factor.confirmed_at, factor.last_step = at, step
    factor.save(update_fields=["confirmed_at", "last_step"])
    record(SecondFactorAdded(user_id=factor.user_id), by=by, at=at)
    return _new_codes(factor.user_id)


@action
def renew_codes(*, by: Actor, at: datetime) -> list[str]:
    """New recovery codes, given this once; the older ones are void.

    Raises:
        NotFound: one has no second factor.
    """
    user_id = _person(by)
    User.objects.select_for_update().filter(pk=user_id).first()
    if not has_factor(user_id):
        raise NotFound()
    record(RecoveryCodesMade(user_id=user_id), by=by, at=at)
    return _new_codes(user_id)


@action
def use_code(*, user_id: int, code: str, by: Actor, at: datetime) -> bool:
    """Whether a code lets somebody in, who has shown the password; a right one is used up. Count the try before."""
    factor = SecondFactor.objects.select_for_update().filter(user_id=user_id).exclude(confirmed_at=None).first()
    plain, secret = _plain(code), unseal(factor.sealed) if factor is not None else None
    step = step_of(secret, plain, at=at) if secret else None
    if factor is not None and step is not None:
        # Conditional: of two who show the same code at the same moment, one is let in.
        return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step))
    unused = RecoveryCode.objects.filter(user_id=user_id, digest=_digest(user_id, plain), used_at=None)
    if not unused.update(used_at=at):
        return False
    record(RecoveryCodeUsed(user_id=user_id, left=codes_left(user_id)), by=by, at=at)
    return True


@action
def remove_app(*, by: Actor, at: datetime) -> None:
    """Take one's own app off; passkeys stay.

    Raises:
        NotFound: there is none.
    """
    user_id = _person(by)
    removed, _each = SecondFactor.objects.filter(user_id=user_id).exclude(confirmed_at=None).delete()
    if not removed:
        raise NotFound(_("There is no second factor to take off."))
    drop_codes_if_needless(user_id)
    record(SecondFactorRemoved(user_id=user_id), by=by, at=at)


@action
def remove(*, user_id: int, by: Actor, at: datetime) -> None:
    """Take all off that somebody shows besides the password, passkeys as well: one's own, or with the right to change
    users that of a colleague who lost it.

    Raises:
        NotAllowed: it is an owner's and you are none, or theirs is a role with more rights than yours.
        NotFound: there is none.
    """
    user = colleague(user_id)
    if user_id != _person(by):
        by.require("team.user.change")
        require_rank(by, user.role)
    apps, _each = SecondFactor.objects.filter(user_id=user_id).exclude(confirmed_at=None).delete()
    passkeys, _each = Passkey.objects.filter(user_id=user_id).delete()
    if not apps and not passkeys:
        raise NotFound(_("There is no second factor to take off."))
    RecoveryCode.objects.filter(user_id=user_id).delete()
    record(SecondFactorRemoved(user_id=user_id), by=by, at=at)


def first_codes(user_id: int) -> list[str]:
    """Recovery codes for who has none yet, in the action that gave them a second factor; else nothing."""
    return [] if RecoveryCode.objects.filter(user_id=user_id).exists() else _new_codes(user_id)


def drop_codes_if_needless(user_id: int) -> None:
    """Recovery codes stand in for a second factor: without one they open nothing and are forgotten."""
    if not has_factor(user_id):
        RecoveryCode.objects.filter(user_id=user_id).delete()


def _new_codes(user_id: int) -> list[str]:
    RecoveryCode.objects.filter(user_id=user_id).delete()
    codes = [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3)) for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user_id=user_id, digest=_digest(user_id, _plain(code))) for code in codes]
    )
    return codes


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _digest(user_id: int, plain: str) -> str:
    # 74 random bits: a plain digest is enough, as for tokens.
    return digest_of(f"{user_id}:{plain}")


def _person(by: Actor) -> int:
    if by.kind is ActorKind.TOKEN:
        raise NotAllowed(_("A token cannot change how its user signs in. Sign in."))
    return by.user_id or 0
