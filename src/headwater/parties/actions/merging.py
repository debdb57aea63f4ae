"""Making one record of several that turned out to be one person or company."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection
from django.db.models import Q

from headwater.parties import pointing, rules
from headwater.parties.actions.parties import PERSONAL
from headwater.parties.actions.reach import organisation_of
from headwater.parties.actions.updating import mark_primary_points
from headwater.parties.events import PartiesMerged, PartyMergedAway, RowsFollowed
from headwater.parties.models import ContactPoint, MatchDecision, MatchProposal, Party, Relationship
from headwater.parties.queries.comparison import GROUPS, MOST, Group, extra_keys, longest_known
from headwater.parties.queries.visible import visible_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.custom.closed import fillable_fields
from headwater.platform.custom.declared import fields_of
from headwater.platform.custom.values import HELD
from headwater.platform.errors import Conflict, Invalid, NotFound
from headwater.platform.events import Fact, record_many
from headwater.platform.models import ExternalId
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy

STRICTER = ("do_not_contact", "is_bounced", "is_verified")
EXTERNAL = "platform.external_id"
CONTACT_POINTS = "parties.contact_point.party"
MERGED = "parties.party.merged_into"


class MergedMeanwhile(Conflict):
    """Somebody else merged one of the records first."""

    code: ClassVar[str] = "merged_meanwhile"
    message = lazy("“{name}” became part of another record meanwhile. Look at that one and choose again.")


@action
def merge_parties(
    *,
    keep_id: int,
    merge_ids: Sequence[int],
    by: Actor,
    at: datetime,
    choices: Mapping[str, int] | None = None,
    only: Collection[str] = (),
) -> Party:
    """Make one record of several: ``keep_id`` stays, everything of the others moves to it.

    ``choices`` says for each group of fields (``name``, ``job_title``, ``email``, ``address``, ``extra:Column``, the
    key of a custom field…) whose value holds; not named, the kept record's value stays, or what is first known where
    it has none. All e-mail addresses and numbers come along, the chosen one used first; for those in ``only``
    (``email``, ``phone``) the others stay behind. The merged records leave lists and search, lead to the kept one, and
    come back by undo.

    Raises:
        NotFound: there is no such record, or the actor may not see it.
        NotAllowed: the actor may not merge.
        Invalid: a record with itself, a person with a company, too many, or a choice that does not exist.
        MergedMeanwhile: one of them was merged by somebody else.
    """
    family = _family(keep_id, merge_ids, by=by)
    kept, merged = family[0], family[1:]
    by.require(f"{kept.noun}.merge")
    values = _chosen_values(kept, merged, dict(choices or {}), only, by=by)
    ids = [party.pk for party in family]
    points = ContactPoint.objects.filter(party_id__in=ids, is_primary=True)
    primary = pointing.spans_of(points.values_list("pk", flat=True))
    own = list(points.filter(party=kept).values_list("pk", flat=True))
    folded = _fold_connections(ids, at=at)
    decided = _decide_proposals(ids, at=at)
    revived, flags = _keep_strictest(kept, merged)
    behind = _left_behind(merged, values, only)
    dropped = _drop_others(kept, values, only, at=at)
    moved = {str(party.pk): _move(party.pk, kept.pk, ids, behind) for party in merged}
    Party.objects.filter(pk__in=ids[1:]).update(merged_into=kept)
    edit = change_row(
        kept, values, row_type=kept.noun, by=by, at=at, personal=PERSONAL | {"extra"},
        party_id=kept.pk, organisation_id=organisation_of(kept),
    )  # fmt: skip
    tidy_kept(kept, own)
    facts: list[Fact] = [
        PartiesMerged(
            party_id=kept.pk, organisation_id=organisation_of(kept), row_type=kept.noun, kept_id=kept.pk,
            merged_ids=ids[1:], other_id=ids[1], more=and_more(ids[1:]), moved=moved, folded=folded,
            revived=revived, flags=flags, primary=primary, dropped=dropped, decided=decided,
            change_id=edit.pk if edit is not None else None,
        ),
        *(PartyMergedAway(party_id=pk, row_type=kept.noun, merged_id=pk, other_id=kept.pk) for pk in ids[1:]),
    ]  # fmt: skip
    record_many(facts, by=by, at=[at] * len(facts))
    return kept


@action
def merge_chosen(
    *,
    ids: Sequence[int],
    by: Actor,
    at: datetime,
    merge_ids: Sequence[int] = (),
    choices: Mapping[str, int] | None = None,
    only: Collection[str] = (),
) -> Party:
    """Make one record of those chosen in a list; the one known longest stays.

    Raises:
        Invalid: fewer than two, or too many.
    """
    wanted = sorted({*ids, *merge_ids})
    rows = list(visible_parties(by).filter(pk__in=wanted[: MOST + 1]))
    if len(rows) < 2:
        raise Invalid({"ids": [_("Choose the records that are one: two at least.")]})
    keep = longest_known(rows)
    others = [pk for pk in wanted if pk != keep.pk]
    return merge_parties(keep_id=keep.pk, merge_ids=others, choices=choices, only=only, by=by, at=at)


@action
def follow_merges(*, by: Actor, at: datetime) -> int:
    """Let rows that were written for a record in the moment it was merged follow it; how many there were.

    Whoever read the record before a merge and wrote after it points at the merged one. The job looks for them.
    """
    one_merge_at_a_time()
    found: dict[int, dict[str, str]] = {}
    count = 0
    for key, pointer in pointing.POINTERS.items():
        if pointer.may_stay or key == MERGED:
            continue
        astray = pointer.model._default_manager.filter(**{f"{pointer.column}__merged_into__isnull": False})
        rows = astray.values_list("pk", pointer.attname, f"{pointer.column}__merged_into_id")
        by_pair: dict[tuple[int, int], list[int]] = {}
        for pk, from_id, to_id in rows:
            by_pair.setdefault((from_id, to_id), []).append(pk)
        for (from_id, to_id), pks in by_pair.items():
            moved = pointer.move(pks, [from_id], to_id)
            found.setdefault(to_id, {})[f"{from_id}:{key}"] = pointing.spans_of(moved)
            count += len(moved)
    facts = [RowsFollowed(party_id=pk, kept_id=pk, moved=moved) for pk, moved in sorted(found.items())]
    record_many(facts, by=by, at=[at] * len(facts))
    return count


def one_merge_at_a_time() -> None:
    """Wait until nobody else is merging: a merge also takes records that became part of one before, so two of them
    could wait for each other. On SQLite everybody who writes waits anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('headwater.parties.merge'))")


def and_more(merged_ids: Sequence[int]) -> str:
    """The rest of a sentence that names the first of several merged records."""
    return f"and {len(merged_ids) - 1} more" if len(merged_ids) > 1 else ""


def tidy_kept(party: Party, own: Collection[int] = ()) -> None:
    """Keep what repeats other values in line with them: the key to find by, and which addresses are used first.

    ``own`` are contact points that were the record's before.
    """
    key = (rules.name_key if party.is_person else rules.company_key)(party.name)[:200]
    if key != party.name_key:
        party.name_key = key
        party.save(update_fields=["name_key"])
    mark_primary_points([party.pk])
    # Of websites and profiles no column says which is first: the record's own, else the longest known.
    others = ContactPoint.objects.filter(party=party, is_primary=True, deleted_at=None).order_by("created_at", "pk")
    for kind in ("WEBSITE", "SOCIAL"):
        first = sorted(others.filter(kind=kind).values_list("pk", flat=True), key=lambda pk: pk not in own)
        ContactPoint.objects.filter(pk__in=first[1:]).update(is_primary=False)


def _family(keep_id: int, merge_ids: Sequence[int], *, by: Actor) -> list[Party]:
    """The records, the kept one first, each locked; always in the same order, so that nobody waits in a circle."""
    one_merge_at_a_time()
    others = list(dict.fromkeys(merge_ids))
    if not others or keep_id in others:
        raise Invalid({"merge_ids": [_("Choose another record: nothing is merged with itself.")]})
    if len(others) >= MOST:
        raise Invalid({"merge_ids": [_("At most {most} records can be merged in one step.").format(most=MOST)]})
    rows = visible_parties(by).select_for_update().filter(pk__in=[keep_id, *others]).order_by("pk")
    found = {party.pk: party for party in rows}
    for pk in (keep_id, *others):
        if pk not in found:
            gone = Party.objects.filter(pk=pk, merged_into__in=visible_parties(by).values("pk")).first()
            raise MergedMeanwhile(name=gone.name) if gone is not None else NotFound()
    if len({party.kind for party in found.values()}) > 1:
        raise Invalid({"merge_ids": [_("A person and a company are never one.")]})
    return [found[pk] for pk in (keep_id, *others)]


# ---------------------------------------------------------------- values


def _chosen_values(
    kept: Party, merged: Sequence[Party], choices: dict[str, int], only: Collection[str], *, by: Actor
) -> dict[str, Any]:
    """The values of the kept record afterwards, by column."""
    family = {party.pk: party for party in (kept, *merged)}
    groups = {group.key: group for group in GROUPS[kept.kind]}
    extras = {f"extra:{key}": key for key in extra_keys(list(family.values()))}
    own = {field.key for field in fillable_fields(kept.noun, by)}
    wrong = {key: [_("There is no such choice.")] for key in choices.keys() - groups.keys() - extras.keys() - own}
    wrong |= {key: [_("Choose one of the records.")] for key, pk in choices.items() if pk not in family}
    wrong |= {key: [_("Only e-mail and phone.")] for key in only if not (key in groups and groups[key].is_contact)}
    if wrong:
        raise Invalid(wrong)
    values: dict[str, Any] = {}
    for group in groups.values():
        chosen = family[choices[group.key]] if group.key in choices else _first_known(group, family.values())
        values |= {column: getattr(chosen, column) for column in group.columns}
    extra: dict[str, Any] = {}
    for party in reversed(family.values()):
        extra |= {key: value for key, value in party.extra.items() if value not in (None, "") or key not in extra}
    for choice, key in extras.items():
        if choice in choices:
            extra[key] = family[choices[choice]].extra.get(key, "")
    # The order of keys is no change.
    values["extra"] = kept.extra if extra == kept.extra else extra
    custom = _custom_values(family, {key: pk for key, pk in choices.items() if key in own})
    if custom != (kept.custom or {}):
        values[HELD] = custom
    return values


def _custom_values(family: Mapping[int, Party], choices: Mapping[str, int]) -> dict[str, Any]:
    """The custom values of the kept record, the first of the family; what formulas give follows from the others."""
    held = {pk: party.custom or {} for pk, party in family.items()}
    kept = next(iter(held.values()))
    formulas = {field.key for field in fields_of(next(iter(family.values())).noun) if field.formula}
    found = {key: value for own in reversed(held.values()) for key, value in own.items() if key not in formulas}
    found |= {key: held[pk].get(key) for key, pk in choices.items()}
    found |= {key: kept[key] for key in formulas & kept.keys()}
    return {key: value for key, value in found.items() if value is not None}


def _first_known(group: Group, family: Iterable[Party]) -> Party:
    parties = list(family)
    return next((party for party in parties if any(getattr(party, column) for column in group.columns)), parties[0])


def _left_behind(merged: Sequence[Party], values: Mapping[str, Any], only: Collection[str]) -> set[int]:
    """Contact points that stay with the merged records: those taken off them, and others than the only one wanted."""
    gone = ContactPoint.objects.filter(party__in=merged).exclude(deleted_at=None)
    found = set(gone.values_list("pk", flat=True))
    for key in only:
        points = ContactPoint.objects.filter(party__in=merged, kind=key.upper()).exclude(normalised=values[key])
        found.update(points.values_list("pk", flat=True))
    return found


def _drop_others(kept: Party, values: Mapping[str, Any], only: Collection[str], *, at: datetime) -> str:
    """Take the kept record's own addresses off it where only another one was wanted; which those were."""
    going = ContactPoint.objects.filter(party=kept, kind__in=[key.upper() for key in only], deleted_at=None)
    going = going.exclude(normalised__in=[values[key] for key in only])
    found = sorted(going.values_list("pk", flat=True))
    ContactPoint.objects.filter(pk__in=found).update(deleted_at=at, is_primary=False)
    return pointing.spans_of(found)


# ---------------------------------------------------------------- rows


def _move(from_id: int, to_id: int, family: Sequence[int], behind: Collection[int]) -> dict[str, str]:
    """Move everything that points at a party; what was moved, by column."""
    moved: dict[str, str] = {}
    for key, pointer in pointing.POINTERS.items():
        ids = pointer.movable(from_id, to_id, family)
        if key == CONTACT_POINTS:
            ids = [pk for pk in ids if pk not in behind]
        if ids:
            moved[key] = pointing.spans_of(pointer.move(ids, [from_id], to_id))
    names = ExternalId.objects.filter(kind__in=("parties.person", "parties.organisation"), object_id=from_id)
    ids = sorted(names.values_list("pk", flat=True))
    if ids:
        ExternalId.objects.filter(pk__in=ids).update(object_id=to_id)
        moved[EXTERNAL] = pointing.spans_of(ids)
    return moved


def _fold_connections(family: Sequence[int], *, at: datetime) -> str:
    """Connections among the records go, and those that only repeat one which holds; which those were."""
    rows = Relationship.objects.filter(Q(from_party__in=family) | Q(to_party__in=family), deleted_at=None)
    held: set[tuple[Any, ...]] = set()
    going: list[int] = []
    # Those of the kept record first: what merged ones repeat of them goes.
    for link in sorted(rows, key=lambda link: (family[0] not in (link.from_party_id, link.to_party_id), link.pk)):
        ends = tuple(family[0] if pk in family else pk for pk in (link.from_party_id, link.to_party_id))
        told = (*ends, link.kind, link.buying_role, link.from_date, link.until_date, link.note)
        if ends[0] == ends[1] or told in held:
            going.append(link.pk)
        held.add(told)
    Relationship.objects.filter(pk__in=going).update(deleted_at=at)
    return pointing.spans_of(going)


def _keep_strictest(kept: Party, merged: Sequence[Party]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Where both records know an address: it stays on the kept one, with every warning that was put on it."""
    revived: dict[str, str] = {}
    flags: dict[str, list[str]] = {}
    known = {(p.kind, p.normalised): p for p in ContactPoint.objects.filter(party=kept).order_by("pk")}
    for point in ContactPoint.objects.filter(party__in=merged, deleted_at=None).order_by("pk"):
        same = known.get((point.kind, point.normalised))
        if same is None:
            known[point.kind, point.normalised] = point  # the first of several moves, and takes the warnings of others
            continue
        if same.deleted_at is not None:
            revived[str(same.pk)] = same.deleted_at.isoformat()
            same.deleted_at = None
        stricter = [flag for flag in STRICTER if getattr(point, flag) and not getattr(same, flag)]
        if stricter:
            flags.setdefault(str(same.pk), []).extend(stricter)
            for flag in stricter:
                setattr(same, flag, True)
        same.save(update_fields=["deleted_at", *STRICTER])
    return revived, flags


def _decide_proposals(family: Sequence[int], *, at: datetime) -> dict[str, list[str | None]]:
    """Whoever was proposed as the same is the same; what was said of each pair before."""
    rows = MatchProposal.objects.filter(party__in=family, other__in=family).exclude(decision=MatchDecision.SAME)
    before = {
        str(row.pk): [row.decision, row.decided_at.isoformat() if row.decided_at is not None else None] for row in rows
    }
    rows.update(decided_at=at, decision=MatchDecision.SAME)
    return before
