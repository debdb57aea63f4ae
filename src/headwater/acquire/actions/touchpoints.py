"""Writes for touchpoints. They are never edited: a later entry corrects an earlier one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import EllipsisType
from typing import TYPE_CHECKING, ClassVar

from headwater.acquire.events import TouchpointCorrected, TouchpointRecorded, TouchpointTakenBack
from headwater.acquire.models import Campaign, Source, Touchpoint, TouchpointKind
from headwater.parties.queries.visible import visible_parties
from headwater.platform.action import action, current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import in_parts, insert_rows, reserve_ids
from headwater.platform.errors import Conflict, Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.money import UnknownCurrency
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.undo import is_own, undoes
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event


class CorrectedAlready(Conflict):
    """A touchpoint is corrected once; the correction can be corrected again."""

    code: ClassVar[str] = "corrected_already"
    message = lazy("This touchpoint was corrected already. Correct the later entry.")


@dataclass(slots=True)  # not frozen: one is made per row of a file, and freezing takes thrice as long
class TouchpointDraft:
    """One touchpoint of many that are written at once; ``occurred_at`` None means the time is not known."""

    party_id: int
    organisation_id: int | None
    kind: str
    source_id: int | None = None
    campaign_id: int | None = None
    is_outbound: bool = False
    occurred_at: datetime | None = None
    cost: Decimal | None = None
    currency: str = ""
    note: str = ""
    extra: dict[str, str] = field(default_factory=dict)


@action
def record_touchpoint(
    *,
    party_id: int,
    kind: str,
    by: Actor,
    at: datetime,
    organisation_id: int | None = None,
    source_id: int | None = None,
    campaign_id: int | None = None,
    is_outbound: bool = False,
    occurred_at: datetime | EllipsisType | None = ...,
    cost: Decimal | None = None,
    currency: str = "",
    note: str = "",
) -> Touchpoint:
    """Write down one contact with a party. ``occurred_at`` left out is now, None is not known.

    Raises:
        NotAllowed: the actor may not record touchpoints.
        NotFound: there is no such source or campaign.
        Invalid: it is still to come, which answers nobody.
    """
    by.require("acquire.touchpoint.create")
    moment = at if isinstance(occurred_at, EllipsisType) else occurred_at
    touchpoint = _write(
        party_id=party_id, organisation_id=organisation_id, kind=kind, source_id=source_id, campaign_id=campaign_id,
        is_outbound=is_outbound, occurred_at=moment, cost=cost, currency=currency, note=note, corrects_id=None, by=by,
        at=at,
    )  # fmt: skip
    fact = TouchpointRecorded(
        touchpoint_id=touchpoint.pk,
        kind=kind,
        source_id=source_id,
        source_name=touchpoint.source.name if touchpoint.source else None,
        channel=touchpoint.source.channel if touchpoint.source else None,
        campaign_id=campaign_id,
        is_outbound=is_outbound,
        note=note,
        party_id=party_id,
        organisation_id=organisation_id,
    )
    record(fact, by=by, at=moment or at)
    return touchpoint


@action
def enter_touchpoint(
    *,
    party_id: int,
    kind: str,
    by: Actor,
    at: datetime,
    source_id: int | None = None,
    campaign_id: int | None = None,
    is_outbound: bool = False,
    occurred_at: datetime | None = None,
    cost: Decimal | None = None,
    currency: str = "",
    note: str = "",
) -> Touchpoint:
    """Write down by hand a contact with a party that the actor sees; left without a time it is now.

    Raises:
        NotAllowed: the actor may not record touchpoints.
        NotFound: the actor does not see such a party.
    """
    party = visible_parties(by).filter(pk=party_id).first()
    if party is None:
        raise NotFound()
    return record_touchpoint(
        party_id=party.pk,
        organisation_id=party.employer_id,
        kind=kind,
        source_id=source_id,
        campaign_id=campaign_id,
        is_outbound=is_outbound,
        occurred_at=occurred_at or at,
        cost=cost,
        currency=currency,
        note=note,
        by=by,
        at=at,
    )


@action
def correct_touchpoint(
    *,
    touchpoint_id: int,
    by: Actor,
    at: datetime,
    kind: str,
    source_id: int | None = None,
    campaign_id: int | None = None,
    is_outbound: bool = False,
    occurred_at: datetime | None = None,
    cost: Decimal | None = None,
    currency: str = "",
    note: str = "",
) -> Touchpoint:
    """Enter what a touchpoint should have said; the earlier entry stays in the log and no longer counts.

    Raises:
        NotAllowed: the actor may not correct touchpoints.
        CorrectedAlready: somebody corrected it first.
    """
    by.require("acquire.touchpoint.change")
    wrong = Touchpoint.objects.select_for_update().filter(pk=touchpoint_id, deleted_at=None).first()
    if wrong is None or not visible_parties(by).filter(pk=wrong.party_id).exists():
        raise NotFound()
    if Touchpoint.objects.filter(corrects=wrong).exists():
        raise CorrectedAlready()
    right = _write(
        party_id=wrong.party_id, organisation_id=wrong.organisation_id, kind=kind, source_id=source_id,
        campaign_id=campaign_id, is_outbound=is_outbound, occurred_at=occurred_at, cost=cost,
        currency=currency or wrong.currency, note=note, corrects_id=wrong.pk, by=by, at=at,
    )  # fmt: skip
    fact = TouchpointCorrected(
        touchpoint_id=right.pk,
        corrects_id=wrong.pk,
        kind=kind,
        source_id=source_id,
        source_name=right.source.name if right.source else None,
        channel=right.source.channel if right.source else None,
        campaign_id=campaign_id,
        is_outbound=is_outbound,
        note=note,
        party_id=right.party_id,
        organisation_id=right.organisation_id,
    )
    record(fact, by=by, at=at)
    return right


TOUCHPOINT_COLUMNS = (
    "id", "party_id", "organisation_id", "source_id", "campaign_id", "kind", "is_outbound", "occurred_at", "cost",
    "currency", "note", "created_at", "extra", "batch_id",
)  # fmt: skip


def record_touchpoints(rows: Sequence[TouchpointDraft], *, by: Actor, at: datetime) -> Sequence[int]:
    """Write many touchpoints with one statement and hand back their ids, in order; inside an action only.

    No fact is recorded for each: the importing action records what they belong to.

    Raises:
        NotAllowed: the actor may not record touchpoints.
    """
    by.require("acquire.touchpoint.create")
    ids = reserve_ids(Touchpoint, len(rows))
    insert_rows(
        Touchpoint,
        TOUCHPOINT_COLUMNS,
        [
            (
                pk, t.party_id, t.organisation_id, t.source_id, t.campaign_id, t.kind, t.is_outbound, t.occurred_at,
                t.cost, t.currency, t.note, at, t.extra, by.batch_id,
            )
            for pk, t in zip(ids, rows, strict=True)
        ],
    )  # fmt: skip
    return ids


def touchpoints_of_batch(batch_id: int) -> list[int]:
    """The touchpoints an import wrote that still count, in order."""
    rows = Touchpoint.objects.filter(batch_id=batch_id, deleted_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def remove_batch_touchpoints(
    *, touchpoint_ids: Sequence[int], keep_party_ids: Collection[int], by: Actor, at: datetime
) -> int:
    """Take back touchpoints an import wrote, except those of parties whose records stay; how many went.

    Part of the undo of an import, inside its action, which records the facts.
    """
    current_unit()
    by.require("acquire.touchpoint.delete")
    rows = Touchpoint.objects.filter(pk__in=touchpoint_ids, deleted_at=None)
    if keep_party_ids:
        going = [pk for pk, party_id in rows.values_list("pk", "party_id") if party_id not in keep_party_ids]
        rows = rows.filter(pk__in=going)
    return rows.update(deleted_at=at)


def restore_touchpoints(*, party_ids: Sequence[int], batch_ids: Collection[int], by: Actor, at: datetime) -> int:
    """Let touchpoints of these parties count again that the undo of an import took back; how many came back.

    Part of an import, inside its action, which records the facts.
    """
    current_unit()
    by.require("acquire.touchpoint.create")
    return sum(
        Touchpoint.objects.filter(party_id__in=part, batch_id__in=list(batch_ids))
        .exclude(deleted_at=None)
        .update(deleted_at=None, batch_id=by.batch_id)
        for part in in_parts(party_ids)
    )


@undoes(TouchpointRecorded, TouchpointCorrected)
@action
def take_back_touchpoint(
    fact: TouchpointRecorded | TouchpointCorrected, *, event: Event, by: Actor, at: datetime
) -> None:
    """Undo an entry: it does not count; of a correction, the earlier entry counts again.

    Raises:
        NotFound: the actor does not see whom it is about.
        NotAllowed: somebody else entered it, and the actor may not delete touchpoints.
        CorrectedAlready: a later entry corrects this one.
    """
    by.require("acquire.touchpoint.create" if is_own(event, by) else "acquire.touchpoint.delete")
    touchpoint = Touchpoint.objects.select_for_update().get(pk=fact.touchpoint_id)
    if not visible_parties(by).filter(pk=touchpoint.party_id).exists():
        raise NotFound()
    if Touchpoint.objects.filter(corrects=touchpoint).exists():
        raise CorrectedAlready()
    touchpoint.deleted_at, touchpoint.corrects = at, None
    touchpoint.save(update_fields=["deleted_at", "corrects"])
    taken = TouchpointTakenBack(
        touchpoint_id=touchpoint.pk, party_id=touchpoint.party_id, organisation_id=touchpoint.organisation_id
    )
    record(taken, by=by, at=at)


def _write(
    *,
    party_id: int,
    organisation_id: int | None,
    kind: str,
    source_id: int | None,
    campaign_id: int | None,
    is_outbound: bool,
    occurred_at: datetime | None,
    cost: Decimal | None,
    currency: str,
    note: str,
    corrects_id: int | None,
    by: Actor,
    at: datetime,
) -> Touchpoint:
    if kind not in TouchpointKind.values:
        raise Invalid({"kind": [_("Choose what happened.")]})
    if occurred_at is not None and occurred_at > at:
        raise Invalid({"occurred_at": [_("This is still to come: plan a to-do instead.")]})
    try:
        code = team.currency_meant(currency) if cost is not None else ""
    except UnknownCurrency as error:
        raise Invalid({"currency": [str(error)]}) from error
    source = Source.objects.filter(pk=source_id).first() if source_id else None
    if source_id and source is None:
        raise NotFound()
    if campaign_id and not Campaign.objects.filter(pk=campaign_id).exists():
        raise NotFound()
    return Touchpoint.objects.create(
        party_id=party_id,
        organisation_id=organisation_id,
        source=source,
        campaign_id=campaign_id,
        kind=kind,
        is_outbound=is_outbound,
        occurred_at=occurred_at,
        cost=cost,
        currency=code,
        note=note.strip(),
        corrects_id=corrects_id,
        created_at=at,
        batch_id=by.batch_id,
    )
