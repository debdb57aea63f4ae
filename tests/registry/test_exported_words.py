"""What an export says, an import of the same kind understands: labels from CSV, codes from JSON."""

import pytest

from headwater.intake.values import choice_parser
from headwater.platform.importer import TargetKind
from headwater.platform.resource import REGISTRY, Kind

CHOSEN = [
    (key, column.key, str(code), str(label))
    for key, resource in sorted(REGISTRY.items())
    if resource.importer is not None
    for column in resource.columns
    if column.kind is Kind.CHOICE and not callable(column.choices)
    if (target := resource.importer.target(column.key)) is not None and target.kind is TargetKind.CHOICE
    for code, label in column.choices
]


def test_there_is_something_to_check():
    assert {key for key, *_ in CHOSEN} >= {"qualify.lead", "sell.opportunity"}


@pytest.mark.parametrize(("key", "column", "code", "label"), CHOSEN)
def test_labels_and_codes_are_read_again(key, column, code, label):
    read = choice_parser(REGISTRY[key].importer.target(column).choices)
    assert read(label) == code and read(code) == code
