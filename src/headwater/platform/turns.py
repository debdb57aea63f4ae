"""Taking turns: whoever looks whether something is known, and else adds it, waits for others who are at the same."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from django.db import connection

PLACES = 512  # fewer than the locks PostgreSQL has room for, also when a file names thousands


def take_turns(what: str, keys: Iterable[str]) -> None:
    """From here to the end of the action nobody else looks for one of ``keys`` among ``what``.

    Ask before looking: of two who add the same name at the same moment, the second one waits and then finds it.
    Keys share a limited number of places, taken in one order, so that two never wait for each other. On SQLite
    there is one writer at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    places = sorted({crc32(key.encode("utf-8", "replace")) % PLACES for key in keys if key})
    if not places:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s), place) FROM unnest(%s::int[]) AS place",
            [f"headwater.{what}", places],
        )
