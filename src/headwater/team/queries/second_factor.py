"""Reads about the second factor: who has one, whether a code is right, what an app scans."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from datetime import datetime

import pyotp
import segno

from headwater.platform.sealing import Sealer
from headwater.team.models import Passkey, RecoveryCode, SecondFactor, User

STEP_SECONDS = 30
DRIFT = (-1, 0, 1)  # clocks of telephones are half a minute off

_SEALER = Sealer("headwater.team.second_factor")
seal, unseal = _SEALER.seal, _SEALER.unseal


def factor_of(user_id: int) -> SecondFactor | None:
    """The app of somebody that shows codes, if one is set up and confirmed."""
    return SecondFactor.objects.filter(user_id=user_id).exclude(confirmed_at=None).first()


def pending_secret(user_id: int) -> str | None:
    """The secret of a second factor that is being set up."""
    factor = SecondFactor.objects.filter(user_id=user_id, confirmed_at=None).first()
    return unseal(factor.sealed) if factor is not None else None


def has_factor(user_id: int) -> bool:
    """Whether somebody shows more than a password: an app's codes, or a passkey."""
    return bool(who_has_factor([user_id]))


def who_has_factor(user_ids: Collection[int]) -> set[int]:
    """Those who have a second factor: an app that shows codes, or a passkey. One query."""
    apps = SecondFactor.objects.filter(user_id__in=user_ids).exclude(confirmed_at=None)
    passkeys = Passkey.objects.filter(user_id__in=user_ids)
    return set(apps.values_list("user_id", flat=True).union(passkeys.values_list("user_id", flat=True)))


def codes_left(user_id: int) -> int:
    """How many recovery codes somebody has left."""
    return RecoveryCode.objects.filter(user_id=user_id, used_at=None).count()


def step_of(secret: str, code: str, *, at: datetime) -> int | None:
    """The half minute a code is for, around ``at``; None when it is wrong. Takes the same time either way."""
    present = int(at.timestamp()) // STEP_SECONDS
    app, found = pyotp.TOTP(secret), None
    for step in (present + drift for drift in DRIFT):
        if hmac.compare_digest(app.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def picture(user: User, secret: str) -> str:
    """What an app scans, as the address of a picture: it holds the picture itself, nothing is asked elsewhere."""
    name = f"Headwater {user.company}".strip()
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=name)
    return segno.make(uri, error="m", micro=False).svg_data_uri(scale=4, dark="#000", light="#fff", border=4)
