
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tell', '0005_tokens'),
    ]

    operations = [
        migrations.AlterField(
            model_name='mail',
            name='reason',
            field=models.TextField(blank=True, default=''),
        ),
    ]
