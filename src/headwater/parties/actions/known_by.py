"""Whom a row of a file means who is here already: by ids of the other system, addresses, numbers or a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models.functions import Coalesce

from headwater.parties import pointing, rules
from headwater.parties.actions.matching import company_key_of
from headwater.parties.models import ContactPoint, ContactPointKind, Party, PartyKind
from headwater.parties.queries.visible import visible_parties
from headwater.platform.actor import Actor
from headwater.platform.bulk import in_parts
from headwater.platform.identity import known_ids
from headwater.platform.importer import Batch
from headwater.platform.translated import gettext as _

LEAD = "qualify.lead"


@dataclass(frozen=True)
class Meant:
    """What a row says about whom it means; the surest comes first and decides."""

    lead: str = ""
    person: str = ""
    organisation: str = ""
    email: str = ""
    phone: str = ""


Found = Mapping[str, set[int]]


def who_is_meant(rows: Sequence[Meant], *, batch: Batch, by: Actor) -> list[tuple[Party | None, str]]:
    """For each row the party it means that this actor sees, or why it is none. As many queries for one row as for all.

    The first thing a row says of whom it means decides; somebody else is not taken because of the next.
    """
    by_lead = _of_leads(_known(batch, LEAD, (row.lead for row in rows)))
    by_person = _known(batch, "parties.person", (row.person for row in rows))
    by_company = companies_called({row.organisation for row in rows} - {""}, batch)
    emails = {row.email: rules.normalise_email(row.email) for row in rows if row.email}
    by_email = _reached(ContactPointKind.EMAIL, emails)
    by_phone = _reached(ContactPointKind.PHONE, _numbers({row.phone for row in rows} - {""}, batch.region))
    seen = _seen({pk for found in (by_lead, by_person, by_company, by_email, by_phone) for pks in found.values()
                  for pk in pks}, by)  # fmt: skip

    def meant(row: Meant) -> tuple[Party | None, str]:
        for text, found, unknown in (
            (row.lead, by_lead, _("No lead here has the id “{text}”.")),
            (row.person, by_person, _("Nobody here has the id “{text}”.")),
            (row.email, by_email, _("Nobody here has the e-mail “{text}”.")),
            (row.phone, by_phone, _("Nobody here has the phone number “{text}”.")),
            (row.organisation, by_company, _("No company here is called “{text}”.")),
        ):
            if text:
                parties = [seen[pk] for pk in sorted(found.get(text, ())) if pk in seen]
                if len(parties) > 1:
                    return None, _("“{text}” may be several: {names}.").format(text=text, names=_names(parties))
                return (parties[0], "") if parties else (None, unknown.format(text=text))
        return None, _("The row does not say with whom: it needs an e-mail, a phone number, a company or an id.")

    return [meant(row) for row in rows]


def companies_called(texts: set[str], batch: Batch) -> dict[str, set[int]]:
    """Companies by their id in the other system, or else by their name without its legal form.

    Of several with the name all are told; one that was merged counts as what it became part of.
    """
    found = _known(batch, "parties.organisation", texts)
    keys = {text: company_key_of(text) for text in texts - found.keys()}
    here: dict[str, set[int]] = defaultdict(set)
    for part in in_parts(sorted(set(keys.values()))):
        companies = Party.objects.filter(kind=PartyKind.ORGANISATION, name_key__in=part, deleted_at=None)
        for key, pk in companies.values_list("name_key", Coalesce("merged_into_id", "pk")):
            here[key].add(pk)
    return found | {text: here[key] for text, key in keys.items() if key in here}


def _known(batch: Batch, kind: str, texts: Iterable[str]) -> dict[str, set[int]]:
    wanted = sorted({text for text in texts if text})
    return {text: {pk} for text, pk in known_ids(batch.system, kind, wanted).items()} if wanted else {}


def _of_leads(leads: Found) -> dict[str, set[int]]:
    """The people behind leads, through what the room of leads said of them: it is above this one."""
    ids = {pk for found in leads.values() for pk in found}
    if not ids:
        return {}
    pointer = pointing.POINTERS[f"{LEAD}.party"]
    party_of = dict(pointer.model._default_manager.filter(pk__in=ids).values_list("pk", pointer.attname))
    return {text: {party_of[pk] for pk in found if pk in party_of} for text, found in leads.items()}


def _numbers(texts: set[str], region: str) -> dict[str, str]:
    found = {}
    for text in texts:
        try:
            found[text] = rules.normalise_phone(text, region or None)
        except rules.BadContact:
            continue
    return found


def _reached(kind: ContactPointKind, normalised: Mapping[str, str]) -> dict[str, set[int]]:
    here: dict[str, set[int]] = defaultdict(set)
    for part in in_parts(sorted(set(normalised.values()))):
        points = ContactPoint.objects.filter(kind=kind, normalised__in=part, deleted_at=None)
        for value, pk in points.values_list("normalised", "party_id"):
            here[value].add(pk)
    return {text: here[value] for text, value in normalised.items() if value in here}


def _seen(ids: set[int], by: Actor) -> dict[int, Party]:
    """Those of the parties the actor sees; of a record that was merged, the one it became."""
    merged: dict[int, int] = {}
    for part in in_parts(sorted(ids)):
        merged.update(
            (pk, into) for pk, into in Party.objects.filter(pk__in=part, merged_into__isnull=False)
            .values_list("pk", "merged_into_id") if into is not None
        )  # fmt: skip
    seen: dict[int, Party] = {}
    for part in in_parts(sorted(ids | set(merged.values()))):
        seen.update(visible_parties(by).in_bulk(part))
    return {pk: seen[merged.get(pk, pk)] for pk in ids if merged.get(pk, pk) in seen}


def _names(parties: Sequence[Party]) -> str:
    return ", ".join(party.name for party in parties[:3]) + ("…" if len(parties) > 3 else "")
