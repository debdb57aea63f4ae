"""Values of fields of the company's own leave the log for the part that is erased with a person.

The first facts about them kept them among what is never changed. Nothing of a fact is lost: reading it puts both
parts together.
"""

from django.db import migrations

HELD = "custom"
AT_ONCE = 2_000


def move(apps, schema_editor):
    events, apart = apps.get_model("platform", "Event"), apps.get_model("platform", "EventPersonal")
    found = events.objects.filter(data__fields__has_key=HELD).order_by("pk")
    after = 0
    while portion := list(found.filter(pk__gt=after)[:AT_ONCE]):
        kept = apart.objects.in_bulk([event.pk for event in portion])
        for event in portion:
            fields = dict(event.data["fields"])
            own = kept.setdefault(event.pk, apart(event_id=event.pk, data={}))
            of_fields = {**(own.data.get("personal_fields") or {}), HELD: fields.pop(HELD)}
            own.data, event.data = {**own.data, "personal_fields": of_fields}, {**event.data, "fields": fields}
        apart.objects.bulk_create(kept.values(), update_conflicts=True, unique_fields=["event"], update_fields=["data"])
        events.objects.bulk_update(portion, ["data"], batch_size=500)
        after = portion[-1].pk


class Migration(migrations.Migration):
    dependencies = [("platform", "0008_index_of_several_choices")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
