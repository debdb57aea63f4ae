"""On PostgreSQL each noun has a search index of its own: a word common in one of them costs the others nothing."""

from django.db import migrations

from headwater.platform.search.index import create_index, drop_index


def by_noun(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        drop_index(schema_editor.connection)
        create_index(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("platform", "0009_own_fields_apart")]

    operations = [migrations.RunPython(by_noun, migrations.RunPython.noop)]
