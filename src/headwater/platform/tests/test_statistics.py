"""The database knows how large its tables are after much came in."""

from contextlib import nullcontext

import pytest
from django.db import DatabaseError, connection, transaction

from headwater.platform.action import action
from headwater.platform.bulk import insert_rows
from headwater.platform.clock import now
from headwater.platform.models import ExternalId
from headwater.platform.schedule import SCHEDULE
from headwater.platform.statistics import joined_as_written, look_over_tables
from headwater.platform.testing import rows_expected

COLUMNS = ("system", "kind", "external_id", "object_id")


@pytest.mark.django_db(transaction=True)
def test_a_look_over_the_tables_tells_the_planner_how_many_rows_there_are():
    rows = [("crm", "qualify.lead", str(n), n) for n in range(5_000)]
    action(lambda: insert_rows(ExternalId, COLUMNS, rows))()
    look_over_tables()
    assert 2_500 < rows_expected("platform_externalid") < 10_000


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL looks by itself")
@pytest.mark.django_db(transaction=True)
def test_what_grew_day_by_day_is_looked_over_every_day():
    rows = [("crm", "qualify.lead", str(n), n) for n in range(5_000)]
    action(lambda: insert_rows(ExternalId, COLUMNS, rows))()
    SCHEDULE["platform.statistics"].run(now())
    assert 2_500 < rows_expected("platform_externalid") < 10_000


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows the frequent values of a column")
@pytest.mark.django_db(transaction=True)
def test_what_thousands_of_rows_have_alike_is_not_taken_for_rare():
    rows = [("crm", "qualify.lead", str(n), n) for n in range(5_000)]
    action(lambda: insert_rows(ExternalId, COLUMNS, rows))()
    look_over_tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'platform_externalid'")
        alike = [int(stat.split()[1]) for (stat,) in cursor.fetchall()]
    assert 4_000 < max(alike) < 6_000


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL looks at tables")
@pytest.mark.django_db(transaction=True)
def test_an_index_that_is_taken_away_meanwhile_stops_nothing():
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX of_a_retired_field ON platform_externalid (object_id)")

    def meanwhile(execute, sql, *args):
        if sql.startswith("ANALYZE"):
            connection.connection.execute("DROP INDEX IF EXISTS of_a_retired_field")
        return execute(sql, *args)

    with connection.execute_wrapper(meanwhile):
        look_over_tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'of_a_retired_field'")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_within_a_transaction_nothing_is_looked_over(django_assert_num_queries):
    with django_assert_num_queries(0):
        look_over_tables()


def _tries_orders_of() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW join_collapse_limit")
        return int(cursor.fetchone()[0])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite hardly tries any")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("begun", [transaction.atomic, nullcontext], ids=["within a transaction", "by itself"])
def test_tables_are_joined_as_written_for_as_long_as_it_is_said_even_if_the_question_fails(begun):
    with begun(), joined_as_written():
        assert _tries_orders_of() == 1
    assert _tries_orders_of() == 8
    with pytest.raises(DatabaseError), begun(), joined_as_written(), connection.cursor() as cursor:
        cursor.execute("SELECT nothing")
    assert _tries_orders_of() == 8
