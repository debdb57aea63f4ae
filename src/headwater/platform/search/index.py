"""The index of entries as the databases hold it: made, dropped, tidied, and where the entries of a noun stand in it.

SQLite keeps a full-text table of trigrams over the entries, filled by triggers; PostgreSQL a trigram index of its
own (``pg_trgm``) for each noun.
"""

from __future__ import annotations

import zlib

from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

ROOM_FOR_IDS = 40
TIDIED_PAGES = 500

_TRIGGERS = """
CREATE TRIGGER platform_search_added AFTER INSERT ON platform_searchentry BEGIN
  INSERT INTO platform_search(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER platform_search_removed AFTER DELETE ON platform_searchentry BEGIN
  INSERT INTO platform_search(platform_search, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER platform_search_changed AFTER UPDATE OF text ON platform_searchentry BEGIN
  INSERT INTO platform_search(platform_search, rowid, text) VALUES ('delete', old.id, old.text);
  INSERT INTO platform_search(rowid, text) VALUES (new.id, new.text);
END
"""


def create_index(using: BaseDatabaseWrapper) -> None:
    """Make the index over the entries there are. Without the right to ``pg_trgm`` searching works, only slower."""
    if using.vendor == "sqlite":
        with using.cursor() as cursor:
            # Without positions the index is a third of the size; what it finds is compared anyway.
            cursor.execute(
                "CREATE VIRTUAL TABLE platform_search USING fts5(text, content='platform_searchentry',"
                " content_rowid='id', tokenize='trigram case_sensitive 1', detail=none, columnsize=0)"
            )
            add_triggers(using)
            cursor.execute("INSERT INTO platform_search(platform_search) VALUES ('rebuild')")
        return
    try:
        with transaction.atomic(using=using.alias), using.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        if not has_trigrams(using):
            return
    with using.cursor() as cursor:
        for noun, name in _indexes().items():  # a word that is common in one noun costs the others nothing
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {name} ON platform_searchentry USING gin (text gin_trgm_ops)"
                f" WHERE {of_noun(noun)}"
            )


def add_triggers(using: BaseDatabaseWrapper) -> None:
    """Have SQLite's index follow the entries."""
    with using.cursor() as cursor:
        for trigger in _TRIGGERS.split("END;"):
            cursor.execute(f"{trigger.strip().removesuffix('END')} END")


def drop_index(using: BaseDatabaseWrapper) -> None:
    """Take the index away; the entries stay."""
    with using.cursor() as cursor:
        if using.vendor != "sqlite":
            cursor.execute(f"DROP INDEX IF EXISTS {', '.join(['platform_search', *_indexes().values()])}")
            return
        for name in ("added", "removed", "changed"):
            cursor.execute(f"DROP TRIGGER IF EXISTS platform_search_{name}")
        cursor.execute("DROP TABLE IF EXISTS platform_search")


def has_trigrams(using: BaseDatabaseWrapper) -> bool:
    """Whether PostgreSQL has the extension that finds text in the middle."""
    with using.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None


def is_indexed() -> bool:
    """Whether text is found by an index, and not by reading everything."""
    if connection.vendor == "sqlite":
        return "platform_search" in connection.introspection.table_names()
    with connection.cursor() as cursor:
        names = list(_indexes().values())
        cursor.execute("SELECT COUNT(*) FROM pg_indexes WHERE indexname = ANY(%s)", [names])
        return bool(cursor.fetchone()[0] == len(names))


def _indexes() -> dict[str, str]:
    """What the index of each noun is called on PostgreSQL."""
    from headwater.platform.resource import REGISTRY  # which needs this to narrow lists down

    return {noun: f"platform_search_{noun.replace('.', '_')}" for noun in REGISTRY}


def of_noun(noun: str) -> str:
    """The entries of a noun as PostgreSQL's index of them says it.

    Not as a stretch of ids, which PostgreSQL would rather read through: it knows how common a word is, not where.
    """
    return f"(id >> {ROOM_FOR_IDS}) = {first_id(noun) >> ROOM_FOR_IDS}"


def first_id(noun: str) -> int:
    """Where the entries of a noun begin; the row with id 7 has its entry seven places on."""
    return (zlib.crc32(noun.encode()) >> 10) << ROOM_FOR_IDS


def last_id(noun: str) -> int:
    """Where the entries of a noun end."""
    return first_id(noun) + (1 << ROOM_FOR_IDS) - 1


def tidy() -> bool:
    """Bring the parts of SQLite's index closer together, for as long as one portion takes; whether there is more.

    Each search looks into every part, and many rows written in portions leave many.
    """
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT total_changes()")
        before = cursor.fetchone()[0]
        cursor.execute("INSERT INTO platform_search(platform_search, rank) VALUES ('merge', %s)", [-TIDIED_PAGES])
        cursor.execute("SELECT total_changes()")
        return bool(cursor.fetchone()[0] - before >= 2)


def empty() -> None:
    """Throw all entries away, index and all; in a transaction of the caller."""
    drop_index(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM platform_searchentry" if connection.vendor == "sqlite" else "TRUNCATE platform_searchentry"
        )
    create_index(connection)
