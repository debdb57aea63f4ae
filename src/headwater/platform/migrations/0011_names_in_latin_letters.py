"""Cyrillic and Greek names are found in Latin letters: the worker makes the entries again that hold such letters."""

from django.db import migrations

from headwater.platform.clock import now


def renew(apps, schema_editor):
    if apps.get_model("platform", "SearchEntry").objects.exists():
        at = now()
        apps.get_model("platform", "Job").objects.create(kind="platform.romanise_entries", queued_at=at, run_after=at)


class Migration(migrations.Migration):
    dependencies = [("platform", "0010_search_by_noun")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop, elidable=True)]
