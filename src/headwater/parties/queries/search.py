"""Finding parties by what people remember of them: a name, an address, a number, the company."""

from __future__ import annotations

import re
from contextlib import suppress

from django.db import connection
from django.db.models import Q, QuerySet

from headwater.parties import rules
from headwater.parties.models import ContactPoint, ContactPointKind, Party, PartyKind, PartyTag
from headwater.parties.queries.visible import visible_parties
from headwater.platform.actor import Actor
from headwater.team import queries as team

SHORTEST_PART = 3
SHORTEST_NUMBER = 5
_NOT_DIGIT = re.compile(r"\D")
_NUMBER = re.compile(r"[+(]?[\d\s().\-/+]+")


def find_in_list(rows: QuerySet[Party], text: str) -> QuerySet[Party]:
    """As :func:`matching_parties`; where nobody matches, those with the words in a column their file brought along."""
    found = matching_parties(rows, text)
    if len(text.strip()) < SHORTEST_PART or found.order_by().exists():
        return found
    return rows.filter(extra__icontains=text.strip())


def search(actor: Actor, text: str, limit: int) -> list[Party]:
    """The first ``limit`` parties that match ``text``, for the palette; people first, in order of their names."""
    if len(text.strip()) < 2:
        return []
    rows = matching_parties(visible_parties(actor), text).select_related("employer")
    return list(rows.order_by("-kind", "name_key", "pk")[:limit])


def matching_parties(rows: QuerySet[Party], text: str) -> QuerySet[Party]:
    """Those of ``rows`` that match by name, e-mail, phone in any notation, or the name of the employer.

    A number is compared in its E.164 form, read as written in the company's own country; parts of five digits
    and more match anywhere. Names match from the beginning of any word. ``#word`` asks for a tag.
    """
    words = text.strip()
    if words.startswith("#"):
        return rows.filter(pk__in=PartyTag.objects.filter(tag__name__iexact=words[1:]).values("party_id"))
    if _NUMBER.fullmatch(words) and len(_NOT_DIGIT.sub("", words)) >= SHORTEST_NUMBER:
        return rows.filter(pk__in=_with_number(words))
    if "@" in words:
        return rows.filter(pk__in=_with_email(words))
    condition = _named(words)
    employers = Party.objects.filter(_named(words), kind=PartyKind.ORGANISATION, deleted_at=None)
    condition |= Q(employer_id__in=employers.values("pk"))
    if " " not in words:
        condition |= Q(pk__in=_with_email(words))
    return rows.filter(condition)


def begins(column: str, text: str) -> Q:
    """``column`` begins with ``text``, in the form each database answers from an index."""
    if connection.vendor == "postgresql":
        return Q(**{f"{column}__startswith": text})
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + "\U0010ffff"})


def _named(text: str) -> Q:
    condition = Q(pk__in=())
    for key in {rules.name_key(text), rules.company_key(text)} - {""}:
        condition |= begins("name_key", key)
        if len(key) >= SHORTEST_PART:
            condition |= Q(name_key__contains=f" {key}")
    return condition


def _with_email(text: str) -> QuerySet[ContactPoint, int]:
    part = text.lower().strip()
    rows = ContactPoint.objects.filter(kind=ContactPointKind.EMAIL, deleted_at=None)
    if part.startswith("@"):
        return rows.filter(normalised__endswith=part).values_list("party_id", flat=True)
    return rows.filter(begins("normalised", part)).values_list("party_id", flat=True)


def _with_number(text: str) -> QuerySet[ContactPoint, int]:
    rows = ContactPoint.objects.filter(kind=ContactPointKind.PHONE, deleted_at=None)
    part = _NOT_DIGIT.sub("", text).lstrip("0")
    condition = Q(normalised__contains=part)
    with suppress(rules.BadContact):  # part of a number, which the digits find
        condition |= Q(normalised=rules.normalise_phone(text, team.company().country or None))
    return rows.filter(condition).values_list("party_id", flat=True)
