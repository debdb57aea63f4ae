"""Touchpoints in the order of their cost come from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("acquire", "0003_archive")]

    operations = [
        migrations.AddIndex(
            model_name="touchpoint",
            index=models.Index("cost", "id", name="touchpoint_cost", condition=models.Q(("cost__isnull", False))),
        ),
    ]
