import os
import time

from django.db import migrations


def fill(apps, schema_editor):
    apps.get_model("hw_later", "Later").objects.create(name="half")
    time.sleep(float(os.environ.get("HW_LATER_SLEEP", "0")))
    if os.environ.get("HW_LATER_FAILS"):
        raise RuntimeError("a value nobody thought of")


class Migration(migrations.Migration):
    dependencies = [("hw_later", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
