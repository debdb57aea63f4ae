"""``name__among=values``: one of thousands of values, named by a single parameter of the statement.

``IN`` prepares every value by itself and writes a statement of another length each time; looking up a chunk of a file
is several times as fast this way. SQLite reads the values from a JSON list, PostgreSQL from an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.sql.compiler import SQLCompiler
from pydantic_core import to_json

from headwater.platform.written import Given


class _Values(Field):  # type: ignore[type-arg]  # known to the type checker alone
    """Several values in one parameter."""

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """As the database takes them; numbers as text on PostgreSQL, whose driver quotes each value of a list."""
        values = list(value)
        if connection.vendor != "postgresql":
            return str(to_json(values), "utf-8")
        return f"{{{','.join(map(str, values))}}}" if values and isinstance(values[0], int) else values


VALUES = _Values()  # how a written question is told them: ``__among=Given("ids", VALUES)``


GOLDEN = (5**0.5 - 1) / 2


def spread_over(first: int, last: int, count: int) -> Sequence[int]:
    """Ids all over a stretch, without a rhythm: rows are given to people, sources and stages in turn."""
    return sorted({first + int((last - first + 1) * (at * GOLDEN % 1)) for at in range(count)})


@Field.register_lookup
class Among(Lookup):
    """A set of texts or whole numbers that the column's value is one of."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """The comparison with its parameters."""
        column, params = self.process_lhs(compiler, connection)
        is_told = isinstance(self.rhs, Given)
        values = self.rhs if is_told else VALUES.get_db_prep_value(self.rhs, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*params, values)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, values)  # noqa: S608


@Field.register_lookup
class Collected(Among):
    """Ids that were collected, thousands of them, of a list that is now put in order.

    PostgreSQL is not told how many: it would rather read the list in its order and look for each row among all of them,
    one by one.
    """

    lookup_name = "collected"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """The comparison with its parameters."""
        if connection.vendor != "postgresql":
            return super().as_sql(compiler, connection)
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(ARRAY(SELECT unnest(%s::bigint[])))", (
            *params,
            VALUES.get_db_prep_value(self.rhs, connection),
        )
