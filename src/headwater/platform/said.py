"""What the codes that rows hold are called, looked up once for each field and not for each row of a list."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import models
from django.utils.encoding import force_str


class SaysChoices(models.Model):
    """A row whose ``get_…_display`` costs a list nothing: Django sorts all choices of the field out for each call."""

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: models.Field[Any, Any]) -> str:
        code = getattr(self, field.attname)
        said: str = force_str(_said(field).get(code, code), strings_only=True)
        return said


@cache
def _said(field: models.Field[Any, Any]) -> dict[Any, Any]:
    return dict(field.flatchoices)
