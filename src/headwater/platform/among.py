"""``name__among=values``: one of thousands of values, named by a single parameter of the statement.

``IN`` prepares every value by itself and writes a statement of another length each time; looking up a chunk of a file
is several times as fast this way. SQLite reads the values from a JSON list, PostgreSQL from an array.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.sql.compiler import SQLCompiler
from pydantic_core import to_json


@Field.register_lookup
class Among(Lookup):
    """A set of texts or whole numbers that the column's value is one of."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """The comparison with its parameters."""
        column, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*params, values)
        names = str(to_json(values), "utf-8")
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, names)  # noqa: S608
