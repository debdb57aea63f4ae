"""The orders that lists of leads are declared to have come from an index."""

from django.db import migrations, models


def known(column: str, name: str) -> migrations.AddIndex:
    """An index of the leads that have a value there."""
    index = models.Index(column, "id", name=name, condition=models.Q((f"{column}__isnull", False)))
    return migrations.AddIndex(model_name="lead", index=index)


class Migration(migrations.Migration):
    dependencies = [("qualify", "0001_initial")]

    operations = [
        migrations.AddIndex(model_name="lead", index=models.Index("created_at", "id", name="lead_created")),
        known("stage_since", "lead_since"),
        known("amount", "lead_amount"),
        known("exited_at", "lead_exited"),
        known("wake_up_on", "lead_wakes"),
    ]
