"""Whoever mends a file learns everything that is wrong with a row at once: its cells and what the values mean."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from headwater.intake.batches import files_folder
from headwater.intake.profile import read_profile
from headwater.intake.run import import_file
from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.importer import RowResult
from headwater.platform.resource import REGISTRY
from headwater.team.models import Company

FILES = {
    "leads": ("Name,Email,Amount,Arrived,Interest",
        "A,nonsense,-5,2125-01-05,Banana", ["Banana", "nonsense", "zero", "future"]),
    "people": ("Name,Email,Company",
        f"A,nonsense,{'x' * 300}", ["characters", "nonsense"]),
    "organisations": ("Name,Email,Employees,Sector",
        f"A,nonsense,-5,{'x' * 300}", ["characters", "nonsense", "employees"]),
    "touchpoints": ("Name,Email,When,Kind",
        "A,nonsense,2125-01-05,Banana", ["Banana", "nonsense", "future"]),
    "activities": ("Email,When,Kind",
        "nonsense,2125-01-05,Banana", ["Banana", "nonsense", "future"]),
    "campaigns": ("Name,Budget,Starts,Ends,Goal",
        f"A,-5,2026-02-01,2026-01-01,{'x' * 300}", ["characters", "zero", "before"]),
    "spend": ("Source,Day,Amount,Currency",
        "Fair,2125-01-05,0,EURO", ["characters", "other than zero", "not come yet"]),
    "products": ("Name,Price,Cost",
        "A,-5,much", ["much", "zero"]),
    "opportunities": ("Company,Email,Value,Probability,Opened",
        "A,nonsense,-5,400,soon", ["soon", "nonsense", "zero", "100"]),
    "orders": ("Company,Email,Value,Discount,Ordered",
        "A,nonsense,-5,400,soon", ["soon", "nonsense", "zero", "100"]),
}  # fmt: skip
READABLE = {
    "leads": ("A,nonsense,-5,2125-01-05,", ["nonsense", "zero", "future"]),
    "organisations": ("A,nonsense,-5,", ["nonsense", "employees"]),
    "touchpoints": ("A,nonsense,2125-01-05,", ["nonsense", "future"]),
    "activities": ("nonsense,2125-01-05,", ["nonsense", "future"]),
    "opportunities": ("A,nonsense,-5,400,", ["nonsense", "zero", "100"]),
    "orders": ("A,nonsense,-5,400,", ["nonsense", "zero", "100"]),
}
CASES = [(kind, row, reasons) for kind, (_, row, reasons) in FILES.items()]
CASES += [(kind, row, reasons) for kind, (row, reasons) in READABLE.items()]
TARGETS = {
    "leads": {"Name": "name", "Email": "email", "Amount": "amount", "Arrived": "arrived_at", "Interest": "interest"},
    "people": {"Name": "name", "Email": "email", "Company": "company"},
    "organisations": {"Name": "name", "Email": "email", "Employees": "employees", "Sector": "sector"},
    "touchpoints": {"Name": "name", "Email": "email", "When": "occurred_at", "Kind": "kind"},
    "activities": {"Email": "email", "When": "occurred_at", "Kind": "kind"},
    "campaigns": {"Name": "name", "Budget": "budget", "Starts": "starts_on", "Ends": "ends_on", "Goal": "goal"},
    "spend": {"Source": "source", "Day": "spent_on", "Amount": "amount", "Currency": "currency"},
    "products": {"Name": "name", "Price": "list_price", "Cost": "cost"},
    "opportunities": {
        "Company": "organisation", "Email": "email", "Value": "amount", "Probability": "probability",
        "Opened": "opened_at",
    },
    "orders": {
        "Company": "organisation", "Email": "email", "Value": "amount", "Discount": "discount", "Ordered": "ordered_at",
    },
}  # fmt: skip


def test_every_noun_that_can_refuse_a_row_is_asked() -> None:
    kinds = {resource.importer.kind for resource in REGISTRY.values() if resource.importer is not None}
    assert kinds - FILES.keys() == {"sources"}  # whatever is read of a source can be kept


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "row", "reasons"), CASES)
def test_a_row_is_left_out_with_all_reasons(kind: str, row: str, reasons: list[str], by: Actor, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(f"{FILES[kind][0]}\n{row}\n")
    said = {"name": "test", "kind": kind, "file": {"decimal": "."}, "columns": TARGETS[kind]}
    profile, problems = read_profile(said)
    assert not problems
    told: list[RowResult] = []
    batch = import_file(path, kind=kind, profile=profile, by=by, at=now(), on_row=told.append)
    assert batch.rejected == 1
    with (files_folder() / batch.rejects_file).open(encoding="utf-8-sig", newline="") as stream:
        written = next(csv.DictReader(stream))["headwater_reason"]
    for reason in reasons:
        assert reason in "; ".join(told[0].reasons)
        assert reason in written


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "number", "is_told"),
    [("", "030 123456", True), ("DE", "030 123456", False), ("", "+4930123456", False)],
)
def test_that_no_country_is_set_is_told_where_it_matters(
    country: str, number: str, is_told: bool, by: Actor, tmp_path: Path
) -> None:
    Company.objects.update(country=country)
    path = tmp_path / "people.csv"
    path.write_text(f"Name,Phone\nOrla Keane,{number}\n")
    batch = import_file(path, kind="people", by=by, at=now())
    assert any("has no country" in remark for remark in batch.checkpoint.get("guesses", [])) is is_told
