"""People are found by their first and last name as well: the worker makes their entries again."""

from django.db import migrations

from headwater.platform.clock import now


def renew(apps, schema_editor):
    if apps.get_model("platform", "SearchEntry").objects.exists():
        at = now()
        nouns = {"nouns": ["parties.person"]}
        apps.get_model("platform", "Job").objects.create(
            kind="platform.remake_entries", args=nouns, queued_at=at, run_after=at
        )


class Migration(migrations.Migration):
    dependencies = [("platform", "0013_search_entries_by_their_id")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop, elidable=True)]
