"""The language somebody reads, and the company's for all who chose none."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0012_notation'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='language',
            field=models.CharField(blank=True, default='', help_text='Empty: as the browser asks.', max_length=10),
        ),
        migrations.AddField(
            model_name='user',
            name='language',
            field=models.CharField(blank=True, default='', help_text='Empty: as the company.', max_length=10),
        ),
    ]
