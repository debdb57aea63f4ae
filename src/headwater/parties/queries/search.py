"""Finding parties by what people remember of them: a name, an address, a number, the company."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from headwater.parties import rules
from headwater.parties.models import ContactPoint, ContactPointKind, Party, PartyKind, PartyTag
from headwater.parties.queries.visible import visible_parties
from headwater.platform.actor import Actor
from headwater.team import queries as team

FEW = 500  # so many ids are handed over as a list: the database then starts from them
SHORTEST_PART = 3
SHORTEST_NUMBER = 5
_NOT_DIGIT = re.compile(r"\D")
_NUMBER = re.compile(r"[+(]?[\d\s().\-/+]+")


def find_in_list(rows: QuerySet[Party], text: str) -> QuerySet[Party]:
    """As :func:`matching_parties`; where nobody matches, those with the words in a column their file brought along."""
    ids = list(_matching_ids(text)[: FEW + 1])
    if len(ids) > FEW:
        return matching_parties(rows, text)
    if not ids and len(text.strip()) >= SHORTEST_PART:
        return rows.filter(extra__icontains=text.strip())
    return rows.filter(pk__in=ids)


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
    return rows.filter(pk__in=_matching_ids(text))


def _matching_ids(text: str) -> QuerySet[Any, int]:
    """Ids of parties, whoever may see them. One list for all ways, so that each is answered from its own index."""
    words = text.strip()
    if words.startswith("#"):
        return PartyTag.objects.filter(tag__name__iexact=words[1:]).values_list("party_id", flat=True)
    if _NUMBER.fullmatch(words) and len(_NOT_DIGIT.sub("", words)) >= SHORTEST_NUMBER:
        return _with_number(words)
    if "@" in words:
        return _with_email(words)
    named = Party.objects.filter(_named(words)).order_by()
    companies = named.filter(kind=PartyKind.ORGANISATION, deleted_at=None)
    ways: list[QuerySet[Any, int]] = [
        named.values_list("pk", flat=True),
        Party.objects.filter(employer_id__in=companies.values("pk")).order_by().values_list("pk", flat=True),
    ]
    if " " not in words:
        ways.append(_with_email(words))
    return ways[0].union(*ways[1:], all=True)


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
    ending = part.startswith("@")
    rows = rows.filter(normalised__endswith=part) if ending else rows.filter(begins("normalised", part))
    return rows.values_list("party_id", flat=True)


def _with_number(text: str) -> QuerySet[ContactPoint, int]:
    rows = ContactPoint.objects.filter(kind=ContactPointKind.PHONE, deleted_at=None)
    part = _NOT_DIGIT.sub("", text).lstrip("0")
    condition = Q(normalised__contains=part)
    with suppress(rules.BadContact):  # part of a number, which the digits find
        condition |= Q(normalised=rules.normalise_phone(text, team.company().country or None))
    return rows.filter(condition).values_list("party_id", flat=True)
