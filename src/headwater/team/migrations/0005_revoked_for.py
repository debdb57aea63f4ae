from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0004_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='revoked_for',
            field=models.CharField(blank=True, choices=[('BY_HAND', 'Revoked by hand'), ('PASSWORD', 'The password was changed')], default='', max_length=20),
        ),
    ]
