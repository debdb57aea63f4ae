"""Leads of companies are found without looking at all the others, which are those of people."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("qualify", "0006_clock"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                "party", "id", name="lead_of_company", condition=models.Q(organisation=models.F("party"))
            ),
        ),
    ]
