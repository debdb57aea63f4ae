"""Fields of several choices have an index on SQLite, too: the worker builds those of fields there are."""

from django.db import migrations

from headwater.platform.clock import now


def build(apps, schema_editor):
    fields = apps.get_model("platform", "CustomField").objects.filter(kind="CHOICES", retired_at=None)
    if schema_editor.connection.vendor == "sqlite" and fields.exists():
        at = now()
        apps.get_model("platform", "Job").objects.create(kind="platform.index_fields", queued_at=at, run_after=at)


class Migration(migrations.Migration):
    dependencies = [("platform", "0007_field_rights")]

    operations = [migrations.RunPython(build, migrations.RunPython.noop, elidable=True)]
