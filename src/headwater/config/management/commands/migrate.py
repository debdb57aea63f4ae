"""Django's ``migrate``, quicker where there is nothing to migrate yet."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from headwater.config import tables


class Command(migrate.Command):
    """Brings a database with rows to this version step by step, and gives an empty one its tables at once."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the tables first where no migration was ever applied and all of them are asked for."""
        connection = connections[options["database"]]
        partly = options["app_label"] or options["plan"] or options["check_unapplied"] or options["fake"]
        loader = MigrationLoader(connection)
        if not loader.applied_migrations and not partly:
            tables.make_all(connection, loader)
        super().handle(*args, **options)
