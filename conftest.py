"""The company and the colleagues that tests of every room may start from; a room's own people stand in its conftest."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime

import pytest
import pytest_django
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.models.signals import post_migrate
from hypothesis import settings

from headwater.platform.actor import Actor, job_actor
from headwater.platform.custom.declared import forget
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

settings.register_profile("headwater", deadline=None)  # a busy machine is no reason to fail
settings.load_profile("headwater")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what asks a database is run: the rest says the same as on SQLite."""
    if not os.environ.get("HEADWATER_TEST_DATABASE_URL"):
        return
    asking = [item for item in items if _asks_a_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(asking)])
    items[:] = asking


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what was loaded, five thousand tests among it, out of the search for garbage."""
    gc.collect()
    gc.freeze()


def _asks_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("pages_only"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    is_marked = any(item.iter_markers("django_db"))
    asked = {"db", "transactional_db", "django_db_setup", "template", "bare", "empty_database", "two_databases"}
    return is_marked or bool(fixtures & asked)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """The tables of a new installation.

    Tests that empty the database have Django fill in its own rights again, which takes longer than most of them and
    which nothing here reads.
    """
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    with django_db_blocker.unblock():
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        given = _filled(tables)
        with connection.cursor() as cursor:
            for table in given:
                cursor.execute(f"CREATE TABLE given_{table} AS SELECT * FROM {table}")  # noqa: S608

    def emptying(_style: object, tables: Collection[str], **_options: object) -> list[str]:
        """Empty the few tables that a test filled: to truncate all seventy takes longer than most tests.

        In any order: what rows point at is looked for when the transaction ends. What migrations put there comes back:
        workers take tests from each other, so the next one may be any.
        """
        return [
            *(f"DELETE FROM {table}" for table in _filled(tables)),  # noqa: S608
            *(f"INSERT INTO {table} SELECT * FROM given_{table}" for table in given),  # noqa: S608
        ]

    connection.ops.sql_flush = emptying  # type: ignore[method-assign,assignment]


def _filled(tables: Collection[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables))  # noqa: S608
        return [table for (table,) in cursor.fetchall()]


AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)  # a Thursday, inside office hours


@pytest.fixture(autouse=True)
def no_fields_of_others() -> Iterator[None]:
    """The fields that a test adds are not there in the next one."""
    yield
    forget()


@pytest.fixture
def company(db: None) -> Company:
    """A company with office hours from 8:30 to 17:30 UTC, Monday to Friday, and 30 minutes to answer."""
    return Company.objects.create(pk=1, name="Kestrel Office IT", currency="EUR", country="NL")


@pytest.fixture
def colleague(company: Company) -> Callable[..., User]:
    """Lets somebody join the company: ``colleague("Jonas Weber", Role.FIELD_REP, team)``."""

    def join(name: str, role: str, team: Team | None = None) -> User:
        email = f"{name.lower().replace(' ', '.')}@kestrel.example"
        return User.objects.create(email=email, name=name, role=role, team=team, created_at=AT)

    return join


@pytest.fixture
def field(company: Company) -> Team:
    """The team that sells."""
    return Team.objects.create(name="Field sales")


@pytest.fixture
def priya(colleague: Callable[..., User], field: Team) -> User:
    """A field rep."""
    return colleague("Priya Nair", Role.FIELD_REP, field)


@pytest.fixture
def head(colleague: Callable[..., User]) -> User:
    """Sees and may everything of sales."""
    return colleague("Hanna Berg", Role.HEAD_OF_SALES)


@pytest.fixture
def reader(colleague: Callable[..., User]) -> User:
    """Sees everything and may do nothing."""
    return colleague("Rea Only", Role.READ_ONLY)


@pytest.fixture
def by_priya(priya: User) -> Actor:
    return actor_of(priya)


@pytest.fixture
def by_head(head: User) -> Actor:
    return actor_of(head)


@pytest.fixture
def by_reader(reader: User) -> Actor:
    return actor_of(reader)


@pytest.fixture
def system() -> Actor:
    return job_actor("test")
