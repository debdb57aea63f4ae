"""Orders are found by the few that have a value, or have none."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0006_rare_values'),
        ('qualify', '0005_rare_values'),
        ('sell', '0006_custom_fields'),
        ('team', '0014_exchange_rates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='order',
            name='order_owner',
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('owner'), name='order_owner'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('number'), name='order_number'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('amount'), name='order_amount'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('currency'), name='order_currency'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('note'), name='order_note'),
        ),
    ]
