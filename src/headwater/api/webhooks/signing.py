"""How a receiver knows that a message is ours: the signature of the Standard Webhooks specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from headwater.platform.sealing import Sealer

PREFIX = "whsec_"

_SEALER = Sealer("headwater.api.webhooks")
seal, unseal = _SEALER.seal, _SEALER.unseal


def new_secret() -> str:
    """A secret that only we and the receiver know: 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signatures(held: Sequence[str], *, message: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: one for each secret that is valid, the newest first."""
    return " ".join(signature(secret, message=message, timestamp=timestamp, body=body) for secret in held)


def signature(secret: str, *, message: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
