from django.db import migrations, models
from django.utils.timezone import now


def revoke_tokens_of_who_left(apps, schema_editor):
    """They were dead only as long as their users were away."""
    tokens = apps.get_model('team', 'ApiToken').objects.filter(user__is_active=False, revoked_at=None)
    tokens.update(revoked_at=now(), revoked_for='LEFT')


class Migration(migrations.Migration):

    dependencies = [
        ('team', '0014_exchange_rates'),
    ]

    operations = [
        # Limits ask for the network instead; an older version would only be slower without this index.
        migrations.RemoveIndex(
            model_name='signinattempt',
            name='sign_in_address',
        ),
        migrations.AddField(
            model_name='signinattempt',
            name='network',
            field=models.CharField(blank=True, default='', help_text='What limits count of the address.', max_length=45),
        ),
        migrations.AlterField(
            model_name='apitoken',
            name='revoked_for',
            field=models.CharField(blank=True, choices=[('BY_HAND', 'Revoked by hand'), ('PASSWORD', 'The password was changed'), ('LEFT', 'Its user was let go')], default='', max_length=20),
        ),
        migrations.AddIndex(
            model_name='signinattempt',
            index=models.Index(models.F('network'), models.F('at'), name='sign_in_network'),
        ),
        migrations.RunPython(revoke_tokens_of_who_left, migrations.RunPython.noop, elidable=True),
    ]
