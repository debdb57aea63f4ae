"""How somebody writes figures, days and times; empty as their language and the company's country have it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0011_reset_asked'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='number_notation',
            field=models.CharField(blank=True, default='', help_text='Such as 1,234.56.', max_length=10),
        ),
        migrations.AddField(
            model_name='user',
            name='day_notation',
            field=models.CharField(blank=True, default='', help_text='Such as 31.12.2026.', max_length=10),
        ),
        migrations.AddField(
            model_name='user',
            name='clock',
            field=models.CharField(blank=True, default='', help_text='24, or 12 twice a day.', max_length=2),
        ),
        migrations.AddField(
            model_name='user',
            name='week_begins',
            field=models.CharField(blank=True, default='', help_text='ISO weekday, Monday is 1.', max_length=1),
        ),
    ]
