"""What leaves as a file is what was on screen, whole, and a spreadsheet and our own import understand it."""

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from makers import AT

from headwater.intake.mapping import suggest
from headwater.intake.values import parse_datetime
from headwater.platform.exports import cell_text, exported_columns
from headwater.platform.resource import REGISTRY
from headwater.qualify.models import Lead
from headwater.team.models import Company


@pytest.fixture
def table(client_of):
    """The rows of an export, as a spreadsheet has them."""

    def rows(address):
        text = b"".join(client_of("OWNER").get(address).streaming_content).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    return rows


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_what_a_cell_shows_besides_is_a_column_too(key):
    resource = REGISTRY[key]
    for column in resource.columns:
        assert set(column.with_columns) <= set(resource.by_key), column.key
    heads = [column.file_label or column.label for column in exported_columns(resource)]
    assert len(heads) == len(set(heads)), "no two columns of a file are called the same"


def test_a_cell_of_several_facts_comes_out_whole(make, table):
    [pk] = make("qualify.lead")
    lead = Lead.objects.select_related("party", "organisation").get(pk=pk)
    heads, row = table("/leads/export.csv?cols=name,interest,owner")
    assert heads == ["Name", "Company", "Interest", "What they want", "Worth, their guess", "Currency", "Owner"]
    assert row[:2] == [lead.party.name, lead.organisation.name]
    assert row[2:6] == ["Quote request", lead.title, "34000.00", "EUR"]


def test_a_column_that_is_shown_anyway_stays_in_its_place(make, table):
    make("qualify.lead")
    assert table("/leads/export.csv?cols=amount,name,company")[0] == [
        "Worth, their guess",
        "Currency",
        "Name",
        "Company",
    ]


def test_times_are_those_on_the_clock_of_the_company(make, table):
    [pk] = make("qualify.lead")
    Company.objects.update(time_zone="Europe/Berlin")
    Lead.objects.filter(pk=pk).update(arrived_at=datetime(2026, 11, 22, 9, 8, tzinfo=UTC))
    assert table("/leads/export.csv?cols=arrived_at") == [["Arrived"], ["2026-11-22 10:08"]]


def test_times_in_a_workbook_are_those_on_the_clock_of_the_company(make, client_of):
    from python_calamine import CalamineWorkbook

    [pk] = make("qualify.lead")
    Company.objects.update(time_zone="Europe/Berlin")
    Lead.objects.filter(pk=pk).update(arrived_at=datetime(2026, 11, 22, 9, 8, 7, 5, tzinfo=UTC))
    book = b"".join(client_of("OWNER").get("/leads/export.xlsx?cols=arrived_at").streaming_content)
    [[_head], [arrived]] = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert arrived.replace(microsecond=0) == datetime(2026, 11, 22, 10, 8, 7)


@pytest.mark.parametrize("moment", [AT, datetime(2026, 7, 1, 22, 30, 59, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC)])
def test_a_time_that_went_out_comes_in_as_it_was(moment):
    zone = ZoneInfo("Europe/Berlin")
    assert parse_datetime(cell_text(moment, zone), timezone=zone) == moment


def test_an_export_of_leads_is_known_again_by_its_heads(make, table):
    make("qualify.lead")
    heads, *rows = table("/leads/export.csv?cols=name,interest,source,arrived_at,owner,email")
    found = {s.column: s.target for s in suggest(heads, rows, REGISTRY["qualify.lead"].importer.targets)}
    wanted = {
        "Name": "name", "Company": "company", "Source": "source", "Arrived": "arrived_at", "E-mail": "email",
        "Currency": "currency", "What they want": "title", "Interest": "interest",
    }  # fmt: skip
    assert {head: found[head] for head in wanted} == wanted
