"""What the worker does about fields of the company's own, and whether a query uses what it built."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from makers import AT

from headwater.platform import job
from headwater.platform.models import Job


def indexed() -> list[dict]:
    """What the worker does after fields changed, once for each change: what it built and dropped."""
    told = []
    if connection.vendor == "postgresql":  # a test is one transaction, and its rows still wait to be checked
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    while (done := job.run_next(at=AT + timedelta(days=1))) is not None:
        told.append(Job.objects.get(pk=done.pk).result)
    return told


def plan_of(rows) -> str:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of a page is read at once otherwise
            cursor.execute("SET LOCAL enable_sort = off")
    return rows.explain()
