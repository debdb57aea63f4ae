"""Secrets that must be told again, such as a password we show elsewhere: kept encrypted, each kind with its own key."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac


class Sealer:
    """Encrypts what is kept for one purpose with the installation's own key, which is in no backup."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose

    def seal(self, secret: str) -> str:
        """A secret as it is stored."""
        return self._box().encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """A stored secret; None where it was sealed by another installation (a backup that moved)."""
        try:
            return self._box().decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def _box(self) -> Fernet:
        key = salted_hmac(self._purpose, "key", algorithm="sha256").digest()
        return Fernet(base64.urlsafe_b64encode(key))
