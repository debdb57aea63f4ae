"""Questions that pages ask: their SQL is written once, and given its values each time.

Django takes several times longer to write a question than the database to answer it. Only the words are kept, never an
answer: each time, the database is asked. Who asks is part of what shapes a question: nobody is answered in somebody
else's words.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ClassVar, TypeVar
from weakref import WeakValueDictionary

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, CharField, DateField, DateTimeField, Expression, Field, QuerySet

from headwater.platform.actor import Actor

_Row = TypeVar("_Row")
Sql = tuple[str, tuple[Any, ...]]
ID, TEXT, MOMENT = BigIntegerField(), CharField(), DateTimeField()
MOST_WRITTEN = 256
MOST_COUNTED = 1_000


class Given(Expression):
    """A value that is told when the question is asked, by its name there."""

    conditional: ClassVar[bool] = False

    def __init__(self, name: str, field: Field[Any, Any] = ID) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A place for it."""
        return "%s", [self]

    def among(self, values: Mapping[str, Any]) -> Any:
        """The value as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


# What a question about the present is given: the moment, and the day it is where the company is.
AT, TODAY = Given("at", MOMENT), Given("today", DateField())


def written(build: Callable[..., QuerySet[Any, _Row]]) -> Callable[..., list[_Row]]:
    """The rows such a query finds now. What shapes it comes in its order, what is ``Given`` in it by name."""

    alike: WeakValueDictionary[str, _Written] = WeakValueDictionary()

    @lru_cache(maxsize=MOST_WRITTEN)
    def once(*shape: Hashable) -> tuple[_Written, tuple[Any, ...]] | None:
        query = build(*shape)
        compiler = query.query.get_compiler(using=query.db)
        found = _sql_of(compiler)
        if found is None:
            return None
        sql, params = found
        return alike.setdefault(sql, _Written(sql, query, compiler)), params

    @wraps(build)
    def rows(*shape: Hashable, **given: Any) -> list[_Row]:
        question = once(*(each.itself if isinstance(each, Actor) else each for each in shape))
        return question[0].rows(put_in(question[1], given)) if question is not None else []

    return rows


class _Written:
    """A query whose compiler remembers what it wrote, for all whose questions differ in their values alone.

    It is some fifty thousand bytes large for a record with all that it points at: not to be kept for each person.
    """

    def __init__(self, sql: str, query: QuerySet[Any], compiler: Any) -> None:
        self._sql, self._query, self._compiler = sql, query, compiler
        compiler.connection = None  # the one it was written on belongs to a thread

    def rows(self, params: tuple[Any, ...]) -> list[Any]:
        """What it finds."""
        compiler = copy(self._compiler)
        compiler.connection = connection
        compiler.as_sql = lambda: (self._sql, params)
        asked: Any = self._query.all()
        asked.query.get_compiler = lambda using: compiler
        return list(asked)


@dataclass(frozen=True)
class Counted:
    """The rows of such a query, and how many of them are counted at ``most``."""

    build: Callable[[Actor], QuerySet[Any]]
    most: int = MOST_COUNTED


def counts_of(actor: Actor, counted: Sequence[Counted], **given: Any) -> list[int]:
    """How many rows each of these has now for who asks, told by the database in one answer."""
    if not counted:
        return []
    sql, params = _counting(actor.itself, tuple(counted))
    with connection.cursor() as cursor:
        cursor.execute(sql, put_in(params, given))
        return list(cursor.fetchone())


@lru_cache(maxsize=MOST_WRITTEN)
def _counting(actor: Actor, counted: tuple[Counted, ...]) -> Sql:
    parts: list[str] = []
    params: list[Any] = []
    for each in counted:
        query: QuerySet[Any] = each.build(actor).order_by().values("pk")[: each.most]
        found = _sql_of(query.query.get_compiler(using=query.db))
        if found is None:  # this actor sees none, whatever there is
            parts.append("0")
        else:
            parts.append(f"(SELECT COUNT(*) FROM ({found[0]}) AS counted)")  # noqa: S608  (Django put it together)
            params += found[1]
    return f"SELECT {', '.join(parts)}", tuple(params)


def put_in(params: Iterable[Any], given: Mapping[str, Any]) -> tuple[Any, ...]:
    """The parameters with what was ``Given`` in its places."""
    return tuple(value.among(given) if isinstance(value, Given) else value for value in params)


def _sql_of(compiler: Any) -> Sql | None:
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    return sql, tuple(params)
