"""What somebody deleted does not come back with a file that names it again; what the undo of an import took does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override
from makers import AT

from headwater.intake.profile import read_profile
from headwater.intake.run import import_file
from headwater.intake.undoing import undo_batch
from headwater.parties.models import Party
from headwater.platform.models import Event
from headwater.platform.phrases import spoken
from headwater.platform.resource import REGISTRY
from headwater.platform.undo import undo_event
from headwater.qualify.actions import capture_lead

FILES: dict[str, dict[str, str]] = {
    "acquire.source": {"name": "Hannover fair"},
    "acquire.campaign": {"name": "Autumn fairs", "source": "Hannover fair"},
    "acquire.spend": {"source": "Hannover fair", "spent_on": "2026-03-02", "amount": "120.50"},
    "acquire.touchpoint": {
        "email": "orla@harrow.example", "kind": "visit", "source": "Hannover fair", "occurred_at": "2026-03-02 09:00"
    },
    "parties.activity": {
        "email": "orla@harrow.example", "kind": "call", "subject": "Asked for prices", "occurred_at": "2026-03-02 09:00"
    },
    "parties.organisation": {"name": "Harrow & Pike"},
    "parties.person": {"name": "Orla Keane", "email": "orla@harrow.example"},
    "qualify.lead": {"name": "Orla Keane", "email": "orla@harrow.example", "arrived_at": "2026-03-02 09:00"},
    "sell.opportunity": {"name": "Six servers", "organisation": "Harrow & Pike", "opened_at": "2026-03-02"},
    "sell.order": {"organisation": "Harrow & Pike", "ordered_at": "2026-03-02", "amount": "99", "product": "Ink"},
    "sell.product": {"name": "GTX Pro"},
}  # fmt: skip
IMPORTED = sorted(key for key, resource in REGISTRY.items() if resource.importer is not None)
WITH_AND_WITHOUT_ID = pytest.mark.parametrize("has_id", [True, False], ids=["by id", "by what it says"])
Bring = Callable[..., tuple[Any, Any]]


@pytest.fixture
def bring(by, tmp_path: Path) -> Bring:
    """Imports the file of a noun, once more; its batch and what became of its row."""

    def run(key: str, *, has_id: bool, **more: str) -> tuple[Any, Any]:
        if key == "parties.activity" and not Party.objects.exists():  # with whom, somebody has to be here already
            run("parties.person", has_id=False)
        cells = {**({"external_id": "X1"} if has_id else {}), **FILES[key], **more}
        path = tmp_path / "file.csv"
        path.write_text(f"{';'.join(cells)}\n{';'.join(cells.values())}\n", encoding="utf-8")
        kind = REGISTRY[key].importer.kind
        data = {
            "name": "file",
            "kind": kind,
            "system": "crm",
            "file": {"delimiter": ";"},
            "columns": {n: n for n in cells},
        }
        rows: list[Any] = []
        batch = import_file(path, kind=kind, profile=read_profile(data)[0], by=by, at=AT, on_row=rows.append)
        assert len(rows) == 1, rows
        return batch, rows[0]

    return run


def delete(key: str, pk: int, by: Any) -> None:
    """As somebody does it on the page; a touchpoint is taken back on the timeline."""
    commands = {command.key: command for command in REGISTRY[key].commands}
    command = commands.get("delete") or (commands.get("archive") if key == "acquire.source" else None)
    if command is not None:
        command.run(**{command.id_name: pk}, by=by, at=AT)
    else:
        event = Event.objects.filter(subject_type=key, subject_id=pk, verb="acquire.touchpoint_recorded").get()
        undo_event(event_id=event.pk, by=by, at=AT)


def is_there(key: str, pk: int) -> bool:
    row = REGISTRY[key].searched.model.objects.get(pk=pk)
    return getattr(row, "archived_at" if key == "acquire.source" else "deleted_at") is None


def count(key: str) -> int:
    return REGISTRY[key].searched.model.objects.count()


def test_every_noun_that_files_become_is_looked_at():
    assert sorted(FILES) == IMPORTED


@WITH_AND_WITHOUT_ID
@pytest.mark.parametrize("key", IMPORTED)
def test_what_somebody_deleted_stays_deleted_and_the_row_says_so(key, has_id, bring, by):
    _, first = bring(key, has_id=has_id)
    assert (first.outcome, is_there(key, first.object_id)) == ("CREATED", True)
    delete(key, first.object_id, by)
    rows, parties = count(key), Party.objects.filter(deleted_at=None).count()
    _, again = bring(key, has_id=has_id)
    assert (again.outcome, again.object_id) == ("UNCHANGED", first.object_id)
    assert "by hand on 2026-11-12 and stays" in again.reasons[0]
    assert not is_there(key, first.object_id)
    assert (count(key), Party.objects.filter(deleted_at=None).count()) == (rows, parties)


def test_the_page_of_the_import_counts_what_stays_deleted(bring, by, client_of):
    _, first = bring("sell.product", has_id=True)
    delete("sell.product", first.object_id, by)
    batch, _ = bring("sell.product", has_id=True)
    told = "The product was deleted by hand on 2026-11-12 and stays deleted. It can be restored."
    assert {spoken(note): count for note, count in batch.checkpoint["notes"].items()} == {told: 1}
    page = client_of("OWNER").get(f"/imports/{batch.pk}").content.decode()
    assert "What was decided about rows" in page and told in page


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("acquire.source", "Die Quelle „…“ wurde am 2026-11-12 von Hand archiviert und bleibt archiviert."),
        ("acquire.campaign", "Die Kampagne „…“ wurde am 2026-11-12 von Hand gelöscht und bleibt gelöscht."),
    ],
)
def test_what_stays_away_is_told_in_the_language_of_the_reader(key, told, bring, by):
    _, first = bring(key, has_id=True)
    delete(key, first.object_id, by)
    batch, _ = bring(key, has_id=True)
    with override("de"):
        assert [spoken(note) for note in batch.checkpoint["notes"]] == [f"{told} Das lässt sich wiederherstellen."]


@WITH_AND_WITHOUT_ID
@pytest.mark.parametrize("key", IMPORTED)
def test_what_an_undo_took_comes_back_once(key, has_id, bring, by):
    batch, first = bring(key, has_id=has_id)
    undo_batch(batch_id=batch.pk, by=by, at=AT)
    assert not is_there(key, first.object_id)
    _, again = bring(key, has_id=has_id)
    assert (again.outcome, again.object_id) == ("CREATED", first.object_id)
    assert is_there(key, first.object_id) and count(key) == 1
    delete(key, first.object_id, by)
    assert bring(key, has_id=has_id)[1].outcome == "UNCHANGED", "somebody deleted it after it had come back"


@pytest.mark.parametrize("key", ["qualify.lead", "acquire.touchpoint"])
def test_a_row_about_a_person_whom_somebody_deleted_is_handed_back(key, bring, by):
    _, person = bring("parties.person", has_id=True)
    delete("parties.person", person.object_id, by)
    _, row = bring(key, has_id=True)
    assert row.outcome == "REJECTED" and row.reasons == (
        "“Orla Keane” was deleted by hand on 2026-11-12 and stays deleted. It can be restored.",
    )
    assert count(key) == 0 and not Party.objects.filter(deleted_at=None).exists()


@pytest.mark.parametrize("key", ["sell.opportunity", "sell.order"])
def test_what_a_deleted_company_buys_is_handed_back_unless_it_is_here(key, bring, by):
    _, company = bring("parties.organisation", has_id=False)
    closed = {"state": "lost"} if key == "sell.opportunity" else {}
    _, first = bring(key, has_id=True, **closed)
    delete("parties.organisation", company.object_id, by)
    _, again = bring(key, has_id=True, **closed)
    assert (again.outcome, again.object_id) == ("UNCHANGED", first.object_id)
    _, other = bring(key, has_id=False, **closed)
    assert other.outcome == "REJECTED" and "The company “Harrow & Pike” was deleted by hand" in other.reasons[0]
    assert not is_there("parties.organisation", company.object_id)


def test_who_works_for_a_deleted_company_comes_without_it(bring, by):
    _, company = bring("parties.organisation", has_id=False)
    delete("parties.organisation", company.object_id, by)
    _, row = bring("parties.person", has_id=True, company="Harrow & Pike")
    person = Party.objects.get(pk=row.object_id)
    assert row.outcome == "CREATED" and "The company “Harrow & Pike” was deleted by hand" in row.reasons[0]
    assert person.employer_id is None and person.extra["company"] == "Harrow & Pike"
    assert bring("parties.person", has_id=True, company="Harrow & Pike")[1].outcome == "UNCHANGED"
    assert Party.objects.filter(kind="ORGANISATION").count() == 1


def test_a_person_written_down_again_by_hand_is_back(bring, by):
    _, person = bring("parties.person", has_id=True)
    delete("parties.person", person.object_id, by)
    lead = capture_lead(name="Orla Keane", email="orla@harrow.example", by=by, at=AT)
    assert lead.party_id == person.object_id and is_there("parties.person", person.object_id)


def test_a_deleted_campaign_is_still_named_by_what_files_bring(bring, by):
    _, campaign = bring("acquire.campaign", has_id=False)
    delete("acquire.campaign", campaign.object_id, by)
    _, entry = bring("acquire.spend", has_id=True, campaign="Autumn fairs")
    assert REGISTRY["acquire.spend"].searched.model.objects.get(pk=entry.object_id).campaign_id == campaign.object_id
    assert count("acquire.campaign") == 1 and not is_there("acquire.campaign", campaign.object_id)
