"""Which people and companies are shown by name is told by the index alone. It takes the place of the one without."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parties", "0008_in_lots")]

    operations = [
        migrations.RemoveIndex(model_name="party", name="party_kind_name"),
        migrations.AddIndex(
            model_name="party",
            index=models.Index(
                "kind", "name_key", "id", "deleted_at", "merged_into", "archived_at", name="party_kind_name"
            ),
        ),
    ]
