"""The pipeline every company starts with; an administrator changes its stages later."""

from django.db import migrations

NAME = "Sales"
STAGES = (("Discovery", 20), ("Solution", 40), ("Proposal", 60), ("Negotiation", 80))


def add(apps, schema_editor):
    Pipeline = apps.get_model("sell", "Pipeline")
    PipelineStage = apps.get_model("sell", "PipelineStage")
    if Pipeline.objects.filter(is_default=True).exists():
        return
    pipeline = Pipeline.objects.create(name=NAME, is_default=True)
    PipelineStage.objects.bulk_create(
        PipelineStage(pipeline=pipeline, name=name, position=place, probability=percent)
        for place, (name, percent) in enumerate(STAGES, 1)
    )


def remove(apps, schema_editor):
    """Only an unused pipeline goes; one with opportunities is protected by the database."""
    Pipeline = apps.get_model("sell", "Pipeline")
    PipelineStage = apps.get_model("sell", "PipelineStage")
    PipelineStage.objects.filter(pipeline__name=NAME, pipeline__is_default=True).delete()
    Pipeline.objects.filter(name=NAME, is_default=True, stages=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("sell", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(add, remove),
    ]
