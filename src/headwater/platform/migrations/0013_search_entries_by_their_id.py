"""SQLite keeps the search entries by their id, and finds one in one step."""

from django.db import migrations

from headwater.platform.models import RowId
from headwater.platform.search.index import add_triggers

# In the order of the ids, and with their triggers: Django copies rows as they come, and leaves the triggers out. The
# full-text table knows the entries by their ids, which stay, so that it stays as it is.
_STEPS = (
    'CREATE TABLE "platform_searchentry_by_id" ("id" integer NOT NULL PRIMARY KEY, "text" text NOT NULL)',
    'INSERT INTO "platform_searchentry_by_id" SELECT "id", "text" FROM "platform_searchentry" ORDER BY "id"',
    'DROP TABLE "platform_searchentry"',
    'ALTER TABLE "platform_searchentry_by_id" RENAME TO "platform_searchentry"',
)


def keep_by_id(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        for step in _STEPS:
            cursor.execute(step)
    add_triggers(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("platform", "0012_names_as_german_texts_write_them")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("searchentry", "id", RowId(primary_key=True, serialize=False)),
            ],
            database_operations=[migrations.RunPython(keep_by_id, migrations.RunPython.noop, elidable=True)],
        )
    ]
