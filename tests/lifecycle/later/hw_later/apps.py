"""A job that counts slowly and remembers how far it is."""

import time
from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig


class LaterConfig(AppConfig):
    """Brings the job ``later.count``."""

    name = "hw_later"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from headwater.platform.job import JobRun, job

        @job("later.count")
        def count(run: JobRun) -> Mapping[str, Any]:
            for number in range(run.checkpoint.get("next", 0), 40):
                time.sleep(0.1)
                run.report(done=number + 1, total=40, checkpoint={"next": number + 1})
            return {"counted": 40}
