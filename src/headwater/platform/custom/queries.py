"""The fields of nouns as those see them who look after them."""

from __future__ import annotations

from headwater.platform.custom.extending import MAY_HAVE
from headwater.platform.models import CustomField
from headwater.platform.resource import REGISTRY, Resource


def nouns_with_fields() -> list[Resource]:
    """The nouns that can have fields of the company's own."""
    return [REGISTRY[key] for key in MAY_HAVE]


def noun_of(key: str) -> Resource:
    """The noun of a field."""
    return REGISTRY[key]


def fields_with_retired(noun: str) -> list[CustomField]:
    """All fields a noun ever had, in their order."""
    return list(CustomField.objects.filter(noun=noun).order_by("position", "pk"))
