"""Files in and out by the command line, with the JSON that scripts read."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
from pyarrow import parquet

LEADS = """Name,E-mail,Company,Source,Arrived,Shoe size
Ada Marsh,ada@fen.example,Fen Ltd,Hannover fair,2026-03-02,41
Bo Reed,bo@reed.example,Reed BV,Website form,2026-03-03,
Cy Moss,not an address,Moss AG,Website form,2026-03-04,44
"""


@pytest.fixture
def leads(tmp_path):
    file = tmp_path / "leads.csv.gz"
    file.write_bytes(gzip.compress(LEADS.encode()))
    return file


def test_a_file_comes_in_once_and_goes_out_again(installed, leads, tmp_path):
    tried = json.loads(installed.run("import", "leads", str(leads), "--dry-run", "--json", check=True).stdout)
    assert (tried["dry_run"], tried["created"], tried["rejected"]) == (True, 2, 1)
    assert json.loads(installed.run("export", "leads", "--json", check=True).stdout) == []

    done = installed.run("import", "leads", str(leads), "--rows", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    counts = {key: told[key] for key in ("kind", "created", "updated", "unchanged", "rejected")}
    assert counts == {"kind": "leads", "created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert [row["outcome"] for row in told["rows"]] == ["CREATED", "CREATED", "REJECTED"]
    with open(told["rejects_file"], encoding="utf-8-sig") as rejects:
        assert "not an address" in rejects.read()

    again = json.loads(installed.run("import", "leads", str(leads), "--json", check=True).stdout)
    assert (again["created"], again["unchanged"]) == (0, 2)

    rows = json.loads(installed.run("export", "leads", "--json", check=True).stdout)
    assert {row["source"] for row in rows} == {"Hannover fair", "Website form"}
    table = list(csv.DictReader(io.StringIO(installed.run("export", "leads", check=True).stdout)))
    assert [row["id"] for row in table] == [str(row["id"]) for row in rows]

    file = tmp_path / "leads.parquet"
    installed.run("export", "leads", "--output", str(file), check=True)
    held = parquet.read_table(file)
    assert held.column("id").to_pylist() == [row["id"] for row in rows]
    assert set(held.column("source").to_pylist()) == {"Hannover fair", "Website form"}
    nowhere = installed.run("export", "leads", "--format", "xlsx")
    assert nowhere.returncode != 0 and "--output" in nowhere.stderr

    undone = json.loads(installed.run("undo", str(told["batch"]), "--json", check=True).stdout)
    assert (undone["removed"], undone["kept"]) == (2, [])
    assert json.loads(installed.run("export", "leads", "--json", check=True).stdout) == []


def test_unknown_words_are_told_and_can_be_decided_at_once(installed, tmp_path):
    file = tmp_path / "fair.csv"
    rows = ["Ada,ada@fen.example,Stand", "Bo,bo@reed.example,Stand", "Cy,cy@moss.example,enquiry"]
    file.write_text("\n".join(["Name,E-mail,Interest", *rows]) + "\n")
    said = installed.run("import", "leads", str(file), "--dry-run", check=True).stdout
    assert '--decide "Interest:Stand=enquiry"' in said and 'Stand = ""' in said
    assert "[values.interest]  # enquiry, quote request;" in said
    told = json.loads(installed.run("import", "leads", str(file), "--dry-run", "--json", check=True).stdout)
    [word] = told["unknown_values"]
    assert (word["column"], word["value"], word["count"], told["rejected"]) == ("Interest", "Stand", 2, 2)
    decided = ("--decide", "Interest:Stand=quote request", "--json")
    told = json.loads(installed.run("import", "leads", str(file), *decided, check=True).stdout)
    assert (told["created"], told["rejected"], told["unknown_values"]) == (3, 0, [])
    refused = installed.run("import", "leads", str(file), "--decide", "Interest:Stand=chair")
    assert refused.returncode == 1 and "There are: enquiry, quote request." in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "leads", "none.csv"], "there is no such file"),
        (["import", "leads", "{leads}", "--profile", "none"], "no such profile"),
        (["import", "spend", "{leads}"], "cannot be imported"),
        (["undo", "4711"], "no import 4711"),
        (["export", "leads", "--output", "/proc/none/leads.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(installed, leads, arguments, words):
    done = installed.run(*(argument.format(leads=leads) for argument in arguments))
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_report_has_its_rows_and_total(installed, leads):
    installed.run("import", "leads", str(leads), check=True)
    report = json.loads(installed.run("report", "sources", "--json", check=True).stdout)
    for row in report["rows"]:
        assert {"source", "leads", "sql", "won", "revenue", "spend"} <= set(row)
    assert {row["source"]: row["leads"] for row in report["rows"] if row["leads"]} == {
        "Hannover fair": 1, "Website form": 1,
    }  # fmt: skip
    assert report["total"]["leads"] == 2
    assert "All" in installed.run("report", "sources", "--by", "month", check=True).stdout
    steps = json.loads(installed.run("report", "funnel", "--json", check=True).stdout)["steps"]
    assert steps[0]["leads"] == 2
