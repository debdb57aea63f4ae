"""Going along the touchpoints in the order of their time asks the table for nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("acquire", "0004_orders")]

    operations = [
        migrations.RemoveIndex(model_name="touchpoint", name="touchpoint_time"),
        migrations.AddIndex(
            model_name="touchpoint",
            index=models.Index("occurred_at", "id", "deleted_at", name="touchpoint_time"),
        ),
    ]
