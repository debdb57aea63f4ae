"""A table that only the later version knows."""

from django.db import models


class Later(models.Model):
    """A row."""

    name = models.CharField(max_length=10)
