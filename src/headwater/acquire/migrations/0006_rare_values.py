"""Touchpoints are found by the few that have a value, or have none."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('acquire', '0005_time'),
        ('parties', '0006_rare_values'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='touchpoint',
            index=models.Index(models.F('source'), models.F('occurred_at'), models.F('id'), name='touchpoint_source'),
        ),
        migrations.AddIndex(
            model_name='touchpoint',
            index=models.Index(models.F('kind'), name='touchpoint_kind'),
        ),
        migrations.AddIndex(
            model_name='touchpoint',
            index=models.Index(models.F('campaign'), name='touchpoint_campaign'),
        ),
        migrations.AddIndex(
            model_name='touchpoint',
            index=models.Index(models.F('is_outbound'), name='touchpoint_outbound'),
        ),
        migrations.AddIndex(
            model_name='touchpoint',
            index=models.Index(models.F('note'), name='touchpoint_note'),
        ),
    ]
