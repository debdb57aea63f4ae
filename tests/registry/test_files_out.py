"""What leaves as a file is what was on screen, whole, and a spreadsheet and our own import understand it."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from makers import AT
from pyarrow import parquet

from headwater.acquire.models import Source
from headwater.intake.mapping import suggest
from headwater.intake.values import parse_datetime
from headwater.platform.exports import RowsExported, cell_text, exported_columns, shown_values
from headwater.platform.models import Event
from headwater.platform.paging import in_order
from headwater.platform.resource import REGISTRY, Kind
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
    resource = REGISTRY[key].now()
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


def arrow(answer):
    assert answer.status_code == 200, answer.status_code
    return parquet.read_table(io.BytesIO(b"".join(answer.streaming_content)))


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_a_noun_leaves_as_parquet_with_the_columns_of_its_list_and_their_types(key, make, client_of, by):
    make(key, 2)
    resource = REGISTRY[key].now()
    table = arrow(client_of("OWNER").get(f"/{resource.slug}/export.parquet"))
    shown = [column.key for column in resource.columns if column.shown]
    assert table.column_names == [column.key for column in exported_columns(resource, shown)]
    assert table.num_rows == resource.rows(by).count()
    types = {Kind.MONEY: "decimal128(18, 2)", Kind.DATE: "date32[day]", Kind.DATETIME: "timestamp[us, tz=UTC]",
             Kind.BOOL: "bool"}  # fmt: skip
    for name in table.column_names:
        column = resource.by_key[name]
        assert str(table.schema.field(name).type) == types.get(column.kind, str(table.schema.field(name).type))
    assert RowsExported.verb == Event.objects.latest("pk").verb and Event.objects.latest("pk").data["rows"] == 2


def test_parquet_holds_exactly_what_is_shown(make, client_of):
    ids = make("qualify.lead", 3)
    Lead.objects.filter(pk=ids[0]).update(stage="MQL", title="=1+1", amount=None)
    Lead.objects.filter(pk=ids[1]).update(stage="MQL", amount="0.10", arrived_at=AT)
    client = client_of("OWNER")
    query = "stage=MQL&sort=-amount&cols=title,stage,amount,arrived_at"
    found = arrow(client.get(f"/leads/export.parquet?{query}"))
    assert found.column("amount").to_pylist() == [Decimal("0.10"), None]
    assert found.column("stage").to_pylist() == ["MQL", "MQL"] and found.column("arrived_at").to_pylist()[0] == AT
    assert found.column("title").to_pylist()[1] == "=1+1", "no spreadsheet reads it, so text stays as it is"
    assert found.schema.field("amount").metadata[b"label"] == b"Worth, their guess"
    by_api = arrow(client.get(f"/api/v1/leads/export?format=parquet&{query}"))
    assert by_api.column("id").to_pylist() == [ids[1], ids[0]] and str(by_api.schema.field("id").type) == "int64"
    assert by_api.drop_columns(["id"]).equals(found)
    lines = b"".join(client.get(f"/api/v1/leads/export?{query}").streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Id,What they want") and "'=1+1" in lines[2]
    for wrong in ("format=pdf", "cols=shoes", "shoes=44", "sort=shoes"):
        assert client.get(f"/api/v1/leads/export?{wrong}").status_code in (404, 422), wrong


def test_a_parquet_file_is_written_in_portions(make, client_of, monkeypatch):
    monkeypatch.setattr("headwater.measure.parquet.GROUP", 2)
    monkeypatch.setattr("headwater.platform.exports.PORTION", 1)
    make("acquire.source", 5)
    answer = client_of("OWNER").get("/sources/export.parquet?cols=name")
    file = parquet.ParquetFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == [2, 2, 1]


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_a_file_holds_of_every_column_what_the_list_shows(key, make, by, monkeypatch):
    monkeypatch.setattr("headwater.platform.exports.PORTION", 2)
    make(key, 3)
    resource = REGISTRY[key].now()
    rows = in_order(resource.rows(by), resource)
    expected = [[column.of(row) for column in resource.columns] for row in rows]
    portions = [list(zip(*portion, strict=True)) for portion in shown_values(rows, resource.columns)]
    assert [len(portion) for portion in portions] == [2] * (len(expected) // 2) + [1] * (len(expected) % 2)
    assert [list(row) for portion in portions for row in portion] == expected


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


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by itself")
@pytest.mark.django_db(transaction=True)
def test_long_lists_are_put_in_order_in_a_file_and_not_in_memory():
    names = [f"Fair {number}" for number in range(3_000)]
    Source.objects.bulk_create([Source(name=each, name_key=each, channel="OTHER", created_at=AT) for each in names])
    sources = REGISTRY["acquire.source"]
    portions = shown_values(Source.objects.order_by("note"), [sources.by_key["name"]])
    places = [kept_in() for _portion in portions]
    assert places == [FILE, FILE] and kept_in() == MEMORY


FILE, MEMORY = 1, 2


def kept_in() -> int:
    """Where SQLite puts rows in order now."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA temp_store")
        return int(cursor.fetchone()[0])
