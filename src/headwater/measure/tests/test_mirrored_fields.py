"""The company's own fields in the mirror: as JSON beside what else it has of records."""

from __future__ import annotations

import pytest

from headwater.measure import mirror
from headwater.platform.action import action
from headwater.platform.actor import job_actor
from headwater.platform.custom.reckoning import FieldsReckoned
from headwater.platform.events import record

from .conftest import NOW

FLOOR = "SELECT json_extract_string(custom, '$.cf_floor') FROM {table} WHERE custom IS NOT NULL"
KINDS = {"lead": "qualify.lead", "opportunity": "sell.opportunity", "sale": "sell.order", "party": "parties.person"}


def floors(table: str) -> list[str]:
    with mirror.reading() as db:
        return [row[0] for row in db.execute(FLOOR.format(table=table)).fetchall()]


@action
def worked_out() -> None:
    record(FieldsReckoned(job_id=1, noun="qualify.lead", rows=1), by=job_actor("formulas"), at=NOW)


@pytest.fixture(params=KINDS)
def kept(request, history):
    """A record that says on which floor it is, already copied, and the table it is copied to."""
    lead = history.lead()
    made = {"lead": lambda: lead, "opportunity": lambda: history.opportunity(lead), "sale": lambda: history.order(lead),
            "party": lambda: lead.party}  # fmt: skip
    row = made[request.param]()
    type(row).objects.filter(pk=row.pk).update(custom={"cf_floor": "3"})
    history.count_up()
    assert floors(request.param) == ["3"]
    return row, request.param


def test_what_a_record_notes_is_copied_with_each_change(kept, history):
    row, table = kept
    type(row).objects.filter(pk=row.pk).update(custom={"cf_floor": "Größe"})
    history.note(KINDS[table], row.pk)
    history.count_up()
    assert floors(table) == ["Größe"]
    type(row).objects.filter(pk=row.pk).update(custom=None)
    history.note(KINDS[table], row.pk)
    history.count_up()
    assert floors(table) == []


def test_results_of_formulas_are_copied_though_nobody_touched_the_record(kept, history):
    row, table = kept
    type(row).objects.filter(pk=row.pk).update(custom={"cf_floor": "4"})
    worked_out()
    history.count_up()
    assert floors(table) == ["4"]
