"""Leads of somebody, of a team and of nobody are read in the order of their list, by who sees only those."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("qualify", "0007_leads_of_companies"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                "owner", "arrived_at", "id", name="lead_owner_arrived", condition=models.Q(owner__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                "team", "arrived_at", "id", name="lead_team_arrived", condition=models.Q(team__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                "arrived_at", "id", name="lead_pool_arrived", condition=models.Q(owner=None, exit="")
            ),
        ),
    ]
