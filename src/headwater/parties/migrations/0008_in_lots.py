"""People and companies of somebody, of a team and of nobody are read by name, by who sees only those."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0007_in_order_of_ids"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="party",
            index=models.Index(
                "kind", "owner", "name_key", "id", name="party_owner_name", condition=models.Q(owner__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="party",
            index=models.Index(
                "kind", "team", "name_key", "id", name="party_team_name", condition=models.Q(team__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="party",
            index=models.Index(
                "kind", "name_key", "id", name="party_nobodys_name", condition=models.Q(owner=None, team=None)
            ),
        ),
    ]
