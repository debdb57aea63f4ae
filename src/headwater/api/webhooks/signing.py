"""How a receiver knows that a message is ours: the signature of the Standard Webhooks specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac

PREFIX = "whsec_"


def new_secret() -> str:
    """A secret that only we and the receiver know: 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, *, message: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def seal(secret: str) -> str:
    """A secret as it is stored: encrypted with the installation's own key, which is in no backup."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """A stored secret; None where it was sealed by another installation (a backup that moved)."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _box() -> Fernet:
    key = salted_hmac("headwater.api.webhooks", "key", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))
