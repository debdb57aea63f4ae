"""What Headwater refuses, and what cannot be reached."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Problem(Exception):
    """Headwater refused: ``code`` is stable and meant for programs, ``errors`` says which fields are wrong."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.detail = str(body.get("detail", ""))
        self.errors: Mapping[str, Sequence[str]] = body.get("errors", {})
        self.body = body
        super().__init__(f"{status} {self.code}: {self.detail}".strip())

    @classmethod
    def of(cls, status: int, text: bytes) -> Problem:
        """The refusal in an answer; one that is no problem document (a proxy's, say) keeps its first words."""
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            body = {"detail": text[:300].decode("utf-8", "replace")}
        return cls(status, body)


class Unreachable(Exception):
    """No answer came, however often it was tried. With the same ``key`` the same request may be sent again."""

    def __init__(self, reason: str, *, key: str | None) -> None:
        self.key = key
        super().__init__(reason)
