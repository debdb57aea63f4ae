"""Knowing that a message comes from Headwater: the signature of the Standard Webhooks specification."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from headwater_client.answers import Change

TOLERANCE: Final = 300.0
_PREFIX: Final = "whsec_"


class BadSignature(Exception):
    """The message is not Headwater's, was changed on its way, or is old: do nothing with it and answer 401."""


@dataclass(frozen=True)
class Message:
    """What a webhook says. One that comes twice has the same ``id``."""

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]

    @property
    def change(self) -> Change | None:
        """What happened to which record; None for a test."""
        return Change.of(self.data) if "record" in self.data else None


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> Message:
    """The message, if it is Headwater's and fresh. ``body`` is what came, not what was parsed of it.

    Raises:
        BadSignature: it is not.
    """
    said = {name.lower(): value for name, value in headers.items()}
    try:
        message, timestamp = said["webhook-id"], int(said["webhook-timestamp"])
        signatures = said["webhook-signature"].split()
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (KeyError, ValueError, binascii.Error) as error:
        raise BadSignature("The headers of a signed message are missing or wrong.") from error
    if abs((time.time() if now is None else now) - timestamp) > tolerance:
        raise BadSignature("The message is too old, or one of the clocks is wrong.")
    signed = f"{message}.{timestamp}.".encode() + body
    ours = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    if not any(hmac.compare_digest(ours, theirs.encode()) for theirs in signatures):
        raise BadSignature("The signature is not that of the secret.")
    told = json.loads(body)
    return Message(message, told["type"], datetime.fromisoformat(told["timestamp"]), told["data"])
