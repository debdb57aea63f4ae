"""Going along the leads in the order of their arrival asks the table for nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("qualify", "0002_orders")]

    operations = [
        migrations.RemoveIndex(model_name="lead", name="lead_arrived"),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index("arrived_at", "id", "deleted_at", name="lead_arrived"),
        ),
    ]
