"""The tables of a new database, made at once as they stand after the last migration (ADR 0030)."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.recorder import MigrationRecorder


def make_all(connection: BaseDatabaseWrapper, loader: MigrationLoader) -> None:
    """Make every table, carry out what migrations do besides, and note them all as applied: all of it or nothing.

    What a migration does only to rows that were there before says so (``elidable=True``) and is left out.
    """
    final = loader.project_state()
    migrations = [loader.graph.nodes[key] for key in _in_order(loader)]
    with connection.schema_editor(atomic=True) as editor:
        for model in final.apps.get_models():
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        for migration in migrations:
            for operation in migration.operations:
                if isinstance(operation, (RunPython, RunSQL)) and not operation.elidable:
                    operation.database_forwards(migration.app_label, editor, final, final)
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for migration in migrations:
            recorder.record_applied(migration.app_label, migration.name)


def _in_order(loader: MigrationLoader) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for leaf in loader.graph.leaf_nodes():
        found.update(dict.fromkeys(loader.graph.forwards_plan(leaf)))
    return list(found)
