"""Leads are found by the few that have a value, or have none."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('acquire', '0006_rare_values'),
        ('parties', '0006_rare_values'),
        ('qualify', '0004_custom_fields'),
        ('team', '0014_exchange_rates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_org',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_campaign',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('organisation'), name='lead_org'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('campaign'), name='lead_campaign'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('interest'), name='lead_interest'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('stage'), name='lead_in_stage'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('title'), name='lead_title'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('currency'), name='lead_currency'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('exit_reason'), name='lead_exit_reason'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('sent_back_reason'), name='lead_sent_back'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('answered_at'), name='lead_answered'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('answer_due_at'), name='lead_answer_due'),
        ),
    ]
