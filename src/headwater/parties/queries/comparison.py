"""Records that may be one, side by side: what each says, which value is proposed, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.parties import pointing
from headwater.parties.models import Party, PartyKind
from headwater.parties.queries.visible import absorbed
from headwater.platform.models import Event
from headwater.platform.translated import Translated
from headwater.team.queries.added import added_to

MOST = 5
MOST_EXTRA = 40


@dataclass(frozen=True)
class Group:
    """What is chosen together when records become one, such as all parts of an address.

    ``is_fleeting`` values change in the course of a life, so the one entered last is proposed. Of ``is_contact``
    ones all stay on the record, and the chosen one is used first.
    """

    key: str
    label: Translated = Translated()
    columns: tuple[str, ...]  # type: ignore[misc]
    is_fleeting: bool = False
    is_contact: bool = False
    is_mark: bool = False


_EMAIL = Group("email", lazy("E-mail"), ("email",), is_fleeting=True, is_contact=True)
_PHONE = Group("phone", lazy("Phone"), ("phone",), is_fleeting=True, is_contact=True)
_ADDRESS = Group("address", lazy("Address"), ("street", "postcode", "city", "country"), is_fleeting=True)
_OWNER = Group("owner", lazy("Owner"), ("owner_id", "team_id"))
GROUPS: Mapping[str, tuple[Group, ...]] = {
    PartyKind.PERSON: (
        Group("name", lazy("Name"), ("name", "first_name", "last_name")),
        Group("job_title", lazy("Job title"), ("job_title",), is_fleeting=True),
        Group("employer", lazy("Company"), ("employer_id",), is_fleeting=True),
        _EMAIL, _PHONE, _ADDRESS, _OWNER,
        Group("is_influence", lazy("Centre of influence"), ("is_influence",), is_mark=True),
        Group("is_employee", lazy("Works for us"), ("is_employee",), is_mark=True),
    ),
    PartyKind.ORGANISATION: (
        Group("name", lazy("Name"), ("name",)),
        Group("registration_number", lazy("Registration number"), ("registration_number",)),
        Group("vat_number", lazy("VAT number"), ("vat_number",)),
        Group("sector", lazy("Sector"), ("sector",)),
        Group("employees", lazy("Employees"), ("employees",), is_fleeting=True),
        _EMAIL, _PHONE, _ADDRESS, _OWNER,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """What one record says; empty text where it says nothing."""

    party_id: int
    text: str
    is_picked: bool


@dataclass(frozen=True)
class Line:
    """One row of the comparison. ``why`` says where the proposal comes from, ``entered_at`` that it was entered last;
    neither where there is nothing to choose. ``is_of_kept`` lines say what the record says that stays.
    """

    key: str
    label: str
    cells: tuple[Cell, ...]
    differs: bool
    why: str
    is_contact: bool = False
    entered_at: datetime | None = None
    is_of_kept: bool = False


@dataclass(frozen=True)
class OwnField:
    """A custom field that can be chosen, with what each record holds there in words, by its id."""

    key: str
    label: str
    texts: Mapping[int, str]


@dataclass(frozen=True)
class Comparison:
    """Two to five records side by side. ``keep`` is the one proposed to stay, ``why_keep`` the reason.

    ``hanging`` says for each record what would come along.
    """

    parties: tuple[Party, ...]
    keep: Party
    why_keep: str
    lines: tuple[Line, ...]
    hanging: Mapping[int, Mapping[str, int]]

    @property
    def differing(self) -> int:
        """In how many rows the records disagree."""
        return sum(line.differs for line in self.lines)


def compare(parties: Sequence[Party], *, keep_id: int | None = None, own: Sequence[OwnField] = ()) -> Comparison:
    """The records side by side, the one to keep first. They come with employer and owner; a dozen queries."""
    keep = next((party for party in parties if party.pk == keep_id), None) or longest_known(parties)
    rows = (keep, *(party for party in parties if party.pk != keep.pk))
    since = _entered(rows)
    lines = [_line(group, rows, since) for group in GROUPS[keep.kind]]
    lines += [_own_line(field, rows) for field in own]
    lines += _extra_lines(rows)
    return Comparison(
        parties=rows,
        keep=keep,
        why_keep=_("known longest") if keep.pk == longest_known(parties).pk else "",
        lines=tuple(line for line in lines if any(cell.text for cell in line.cells)),
        hanging=_hanging(rows),
    )


def _hanging(rows: Sequence[Party]) -> dict[int, Mapping[str, int]]:
    pointing_at = pointing.hanging_on([party.pk for party in rows])
    added = {party.pk: added_to(party.noun, [party.pk, *absorbed(party.pk)]) for party in rows}
    return {party.pk: {**pointing_at[party.pk], **added[party.pk]} for party in rows}


def longest_known(parties: Sequence[Party]) -> Party:
    """The record that is kept unless somebody says otherwise: links and files have known it longest."""
    return min(parties, key=lambda party: (party.created_at, party.pk))


def is_label(party: Party) -> bool:
    """Whether the name only stands in for one: an address, a number or an id."""
    return party.name in (party.email, party.phone) or party.name.startswith("Unnamed, ")


def extra_keys(parties: Sequence[Party]) -> list[str]:
    """The columns of files in which the records disagree."""
    said: dict[str, set[str]] = defaultdict(set)
    for party in parties:
        for key, value in party.extra.items():
            if value not in (None, ""):
                said[key].add(str(value))
    return sorted(key for key, values in said.items() if len(values) > 1)


def _line(group: Group, rows: Sequence[Party], since: Mapping[tuple[int, str], datetime]) -> Line:
    keep = rows[0]
    texts = {party.pk: _text(group, party) for party in rows}
    known = [party for party in rows if texts[party.pk]]
    differs = len({text.casefold() for text in texts.values() if text}) > 1
    picked, why, entered_at = keep, "", None
    if known and not texts[keep.pk]:
        picked, why = _first_of(known)
    elif differs and group.key == "name" and is_label(keep):
        picked = next((party for party in known if not is_label(party)), keep)
        why = _("a name rather than an address") if picked is not keep else ""
    elif differs and group.is_fleeting:
        picked = max(known, key=lambda party: (_latest(group, party, since), party is keep))
        entered_at = _latest(group, picked, since)
    elif differs:
        why = _("of the record that stays")
    cells = tuple(Cell(party.pk, texts[party.pk], party is picked) for party in rows)
    is_of_kept = differs and picked is keep and entered_at is None
    return Line(group.key, group.label, cells, differs, why, group.is_contact, entered_at, is_of_kept)


def _own_line(field: OwnField, rows: Sequence[Party]) -> Line:
    keep, texts = rows[0], field.texts
    known = [party for party in rows if texts[party.pk]]
    differs = len({texts[party.pk] for party in known}) > 1
    picked, why = keep, _("of the record that stays") if differs else ""
    if known and not texts[keep.pk]:
        picked, why = _first_of(known)
    cells = tuple(Cell(party.pk, texts[party.pk], party is picked) for party in rows)
    return Line(field.key, field.label, cells, differs, why, is_of_kept=differs and picked is keep)


def _first_of(known: Sequence[Party]) -> tuple[Party, str]:
    """Whose value is proposed where the record that stays has none, and why."""
    return known[0], _("the only one known") if len(known) == 1 else _("the first one known")


def _extra_lines(rows: Sequence[Party]) -> list[Line]:
    found = []
    for key in extra_keys(rows)[:MOST_EXTRA]:
        texts = [str(party.extra.get(key) or "") for party in rows]
        picked = next(number for number, text in enumerate(texts) if text)
        cells = tuple(Cell(party.pk, texts[i], i == picked) for i, party in enumerate(rows))
        why = _("of the record that stays") if picked == 0 else ""
        found.append(Line(f"extra:{key}", key, cells, True, why, is_of_kept=picked == 0))
    return found


def _text(group: Group, party: Party) -> str:
    if group.key == "employer":
        return party.employer.name if party.employer is not None else ""
    if group.key == "owner":
        return party.owner.name if party.owner is not None else ""
    if group.is_mark:
        return _("Yes") if getattr(party, group.columns[0]) else ""
    if group.key == "name":
        return party.name
    values: list[Any] = [getattr(party, column) for column in group.columns]
    return ", ".join(str(value) for value in values if value not in (None, ""))


def _entered(rows: Sequence[Party]) -> dict[tuple[int, str], datetime]:
    """When each field of each record was last changed by an edit, from the log."""
    edits = Event.objects.filter(
        verb="platform.changed", subject_type=rows[0].noun, subject_id__in=[party.pk for party in rows]
    )
    found: dict[tuple[int, str], datetime] = {}
    for party_id, data, at in edits.order_by("-pk").values_list("subject_id", "data", "occurred_at")[:500]:
        for name in str(data.get("names", "")).split(", "):
            found.setdefault((party_id, name), at)
    return found


def _latest(group: Group, party: Party, since: Mapping[tuple[int, str], datetime]) -> datetime:
    spoken = [column.removesuffix("_id").replace("_", " ") for column in group.columns]
    return max([since.get((party.pk, name), party.created_at) for name in spoken])
