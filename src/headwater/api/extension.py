"""What rooms add to the API besides their nouns, such as reports."""

from __future__ import annotations

from collections.abc import Callable

from ninja import NinjaAPI

EXTENSIONS: list[Callable[[NinjaAPI], None]] = []


def register_extension(add: Callable[[NinjaAPI], None]) -> None:
    """Let a room add operations of its own when the API is built."""
    EXTENSIONS.append(add)
