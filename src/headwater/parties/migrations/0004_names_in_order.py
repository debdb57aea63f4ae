"""PostgreSQL, too, goes through people and companies in the order of their names from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parties", "0003_custom_fields")]

    operations = [
        migrations.RemoveIndex(model_name="party", name="party_name"),
        migrations.AddIndex(model_name="party", index=models.Index(models.F("name_key"), name="party_by_name")),
    ]
