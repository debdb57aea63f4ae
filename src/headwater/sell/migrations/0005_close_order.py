"""Opportunities in the order of their close date come from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sell", "0004_archive")]

    operations = [
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(models.F("close_date"), models.F("id"), name="opportunity_close"),
        ),
    ]
