"""Cyrillic names are found as German texts write them: the worker makes the entries again that hold such letters."""

from django.db import migrations

from headwater.platform.clock import now

KIND = "platform.romanise_entries"


def renew(apps, schema_editor):
    jobs = apps.get_model("platform", "Job").objects
    # The one that an earlier migration has just asked for writes them so already.
    if (
        apps.get_model("platform", "SearchEntry").objects.exists()
        and not jobs.filter(kind=KIND, state="QUEUED").exists()
    ):
        at = now()
        jobs.create(kind=KIND, queued_at=at, run_after=at)


class Migration(migrations.Migration):
    dependencies = [("platform", "0011_names_in_latin_letters")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop, elidable=True)]
