"""People and companies are found by the few that have a value, or have none."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0005_activities_of_files'),
        ('team', '0014_exchange_rates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('first_name'), name='party_kind_first'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('last_name'), name='party_kind_last'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('email'), name='party_kind_email'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('phone'), name='party_kind_phone'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('job_title'), name='party_kind_job_title'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('street'), name='party_kind_street'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('postcode'), name='party_kind_postcode'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('city'), name='party_kind_city'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('country'), name='party_kind_country'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('sector'), name='party_kind_sector'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('registration_number'), name='party_kind_registered'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('vat_number'), name='party_kind_vat'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('employer'), name='party_kind_employer'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('owner'), name='party_kind_owner'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('is_influence'), name='party_kind_influence'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('is_employee'), name='party_kind_colleague'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('employees'), models.F('id'), condition=models.Q(('employees__isnull', False)), name='party_kind_employees'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(models.F('kind'), models.F('archived_at'), condition=models.Q(('archived_at__isnull', False)), name='party_kind_archived'),
        ),
    ]
