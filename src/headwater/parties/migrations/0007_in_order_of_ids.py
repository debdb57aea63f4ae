"""Companies, or people, are read in the order of their ids without those of the other kind between them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parties", "0006_rare_values")]

    operations = [
        migrations.AddIndex(model_name="party", index=models.Index("kind", "id", name="party_kind")),
    ]
