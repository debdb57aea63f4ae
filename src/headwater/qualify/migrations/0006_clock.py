"""Leads that wait for their first answer are found, and put in order, without looking at those that have it."""

from django.conf import settings
from django.db import migrations, models
from django.db.models.expressions import RawSQL
from django.db.models.lookups import IsNull

WAITING_UNTIL = models.Case(
    models.When(answered_at=None, exit=RawSQL("''", []), then="answer_due_at"),
    output_field=models.DateTimeField(null=True),
)


class Migration(migrations.Migration):
    dependencies = [
        ("qualify", "0005_rare_values"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                WAITING_UNTIL, models.F("id"), name="lead_clock", condition=models.Q(IsNull(WAITING_UNTIL, False))
            ),
        ),
    ]
