"""A device that keeps passkeys, in software: it answers as a browser would, and can be made to lie."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def data(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Device:
    """One passkey for one place."""

    def __init__(self, origin: str = "http://testserver", counts: bool = True) -> None:
        self.origin, self.counts, self.count = origin, counts, 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = os.urandom(32)
        self.handle = ""

    def create(self, options: dict[str, Any], **lies: Any) -> str:
        """What a browser sends after a key was made."""
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        new = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + public
        about = self._about({"flags": PRESENT | VERIFIED | NEW_KEY, **lies}) + new
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        said = self._said("webauthn.create", options, lies)
        return self._answer({"clientDataJSON": text(said), "attestationObject": text(made), "transports": ["internal"]})

    def get(self, options: dict[str, Any], **lies: Any) -> str:
        """What a browser sends after the key was shown."""
        about, said = self._about({"flags": PRESENT | VERIFIED, **lies}), self._said("webauthn.get", options, lies)
        key = lies.get("key", self.key)
        signature = key.sign(about + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(said), "authenticatorData": text(about), "signature": text(signature),
                "userHandle": self.handle,
            }
        )  # fmt: skip

    def _about(self, lies: dict[str, Any]) -> bytes:
        self.count += 1
        place = lies.get("place") or self.origin.partition("://")[2].partition(":")[0]
        count = lies.get("count", self.count if self.counts else 0)
        return hashlib.sha256(place.encode()).digest() + bytes([lies["flags"]]) + struct.pack(">I", count)

    def _said(self, kind: str, options: dict[str, Any], lies: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **lies.get("said", {})}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = text(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
