"""What people and programs write into forms, without the characters that nobody sees."""

from __future__ import annotations

import re
from typing import Any

from django.http import QueryDict

# Characters that turn the direction of text, and others without a shape of their own: they make one name look like
# another. Joiners stay: Persian and emoji need them. So do tabs and line ends; a null byte is refused by the fields.
_UNSEEN = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def plain_text(text: str) -> str:
    """The text without invisible controls."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def without_controls(data: Any) -> Any:
    """What was posted, each text of it without invisible controls."""
    if isinstance(data, QueryDict):
        clean = data.copy()
        for name, texts in data.lists():
            clean.setlist(name, [plain_text(text) if isinstance(text, str) else text for text in texts])
        return clean
    if isinstance(data, dict):
        return {name: without_controls(value) for name, value in data.items()}
    if isinstance(data, list):
        return [without_controls(value) for value in data]
    return plain_text(data) if isinstance(data, str) else data
