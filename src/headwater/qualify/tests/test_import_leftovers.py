"""What the undo of a file takes along besides its leads: sources, campaigns and tags that nothing uses any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headwater.acquire.actions import archive_source, change_campaign, change_source, restore_source
from headwater.acquire.models import Campaign, Source
from headwater.parties.models import PartyTag, Tag
from headwater.platform.actor import Actor
from headwater.platform.importer import Batch, CleanRow, UndoResult
from headwater.platform.models import Event
from headwater.qualify import actions, imports
from headwater.qualify.models import Lead

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


def bring(by: Actor, *rows: dict[str, Any], number: int = 1) -> None:
    batch = Batch(number, "crm", "UTC", "EUR", "NL")
    clean = [CleanRow(line, {"arrived_at": AT, **row}, {}) for line, row in enumerate(rows, 2)]
    assert all(not result.reasons for result in imports.LEADS.apply(clean, batch=batch, by=by, at=AT))


def undo(by: Actor, number: int = 1) -> UndoResult:
    result: UndoResult = imports.LEADS.undo(batch_id=number, by=by, at=AT + timedelta(hours=1))
    return result


ORLA = {"external_id": "L1", "name": "Orla Keane", "email": "orla@x.example"}
BAS = {"external_id": "L2", "name": "Bas de Wit", "email": "bas@x.example"}


def test_what_nothing_uses_goes_and_what_is_used_stays_with_the_reason(by_head: Actor) -> None:
    origin = {"source": "LinkedIn", "campaign": "Spring", "tag": "fair; vip"}
    bring(by_head, {**ORLA, **origin}, {**BAS, "source": "Hannover Messe"})
    kept = Lead.objects.get(source__name="Hannover Messe")
    actions.move_lead(lead_id=kept.pk, stage="WORKING", by=by_head, at=AT)
    result = undo(by_head)
    assert set(result.also) == {"Source “LinkedIn”", "Campaign “Spring”", "Tag “fair”", "Tag “vip”"}
    named = [(k.title, k.reason) for k in result.kept if k.kind == "sources"]
    assert named == [("Hannover Messe", "records come from it")]
    assert list(Source.objects.filter(archived_at=None).values_list("name", flat=True)) == ["Hannover Messe"]
    assert not Campaign.objects.filter(deleted_at=None).exists() and not Tag.objects.exists()


def test_a_source_that_only_an_undo_put_away_is_in_use_again_with_the_next_file(by_head: Actor) -> None:
    bring(by_head, {**ORLA, "source": "LinkedIn"}, {**BAS, "source": "Expo"})
    undo(by_head)
    expo = Source.objects.get(name="Expo")
    restore_source(source_id=expo.pk, by=by_head, at=AT)
    archive_source(source_id=expo.pk, by=by_head, at=AT)
    bring(by_head, {**ORLA, "source": "LinkedIn"}, {**BAS, "source": "Expo"}, number=2)
    assert Source.objects.get(name="LinkedIn").archived_at is None
    assert Source.objects.get(name="Expo").archived_at is not None  # somebody did that on purpose


def test_sources_that_others_use_or_changed_stay(by_head: Actor) -> None:
    bring(by_head, {**ORLA, "source": "Site form"})
    bring(by_head, {**BAS, "source": "Site form"}, {"external_id": "L3", "name": "Ed Vos", "source": "Expo"}, number=2)
    change_source(source_id=Source.objects.get(name="Expo").pk, note="Hall 4", by=by_head, at=AT)
    result = undo(by_head, 2)
    assert [(k.title, k.reason) for k in result.kept] == [("Expo", "it was changed since")]
    assert Source.objects.filter(archived_at=None).count() == 2


def test_a_campaign_that_was_here_runs_through_its_former_sources_again(by_head: Actor) -> None:
    bring(by_head, {**ORLA, "source": "Fair", "campaign": "Spring"})
    bring(by_head, {**BAS, "source": "Mail", "campaign": "Spring"}, number=2)
    spring = Campaign.objects.get()
    assert Event.objects.get(verb="acquire.campaign_sources_changed").batch_id == 2
    assert undo(by_head, 2).also == ("Source “Mail”",)
    assert [source.name for source in spring.sources.all()] == ["Fair"]
    bring(by_head, {**BAS, "source": "Mail", "campaign": "Spring"}, number=3)
    lead = Lead.objects.get(source__name="Mail")
    actions.move_lead(lead_id=lead.pk, stage="WORKING", by=by_head, at=AT)
    undo(by_head, 3)
    assert spring.sources.count() == 2, "what stays names it"


def test_sources_of_a_campaign_that_somebody_set_since_stay(by_head: Actor) -> None:
    bring(by_head, {**ORLA, "source": "Fair", "campaign": "Spring"})
    bring(by_head, {**BAS, "source": "Mail", "campaign": "Spring"}, number=2)
    spring, mail = Campaign.objects.get(), Source.objects.get(name="Mail")
    change_campaign(campaign_id=spring.pk, source_ids=[mail.pk], by=by_head, at=AT)
    result = undo(by_head, 2)
    reasons = {(kept.kind, kept.title): kept.reason for kept in result.kept}
    assert reasons == {
        ("campaigns", "Spring"): "its sources were changed since", ("sources", "Mail"): "records come from it"
    }  # fmt: skip
    assert list(spring.sources.all()) == [mail]


def test_tags_come_off_people_who_were_here_before(by_head: Actor) -> None:
    bring(by_head, ORLA)
    bring(by_head, {**ORLA, "tag": "fair"}, number=2)
    assert PartyTag.objects.count() == 1
    assert undo(by_head, 2).also == ("Tag “fair”",)
    assert not PartyTag.objects.exists()
