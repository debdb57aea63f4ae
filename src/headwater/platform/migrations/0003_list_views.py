"""Views that people save, and how they like to see lists."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0002_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListLayout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_id", models.BigIntegerField()),
                ("noun", models.CharField(max_length=40)),
                ("columns", models.JSONField(default=list)),
                ("widths", models.JSONField(default=dict)),
                ("is_compact", models.BooleanField(default=False)),
                ("tab_order", models.JSONField(default=list)),
                ("start_view", models.CharField(default="", max_length=40)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user_id", "noun"), name="one_layout_per_person_and_noun")
                ],
            },
        ),
        migrations.CreateModel(
            name="ListView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("noun", models.CharField(max_length=40)),
                ("owner_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("params", models.JSONField(default=dict)),
                ("sort", models.CharField(default="", max_length=200)),
                ("columns", models.JSONField(default=list)),
                ("widths", models.JSONField(default=dict)),
                (
                    "scope",
                    models.CharField(
                        choices=[("PRIVATE", "Only me"), ("TEAM", "My team"), ("EVERYBODY", "Everybody")],
                        default="PRIVATE",
                        max_length=10,
                    ),
                ),
                ("team_id", models.BigIntegerField(null=True)),
                ("opens_for", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(models.F("noun"), models.F("owner_id"), name="list_view_noun")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "TEAM"), ("team_id__isnull", False)),
                            models.Q(models.Q(("scope", "TEAM"), _negated=True), ("team_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="view_of_a_team_names_it",
                    )
                ],
            },
        ),
    ]
