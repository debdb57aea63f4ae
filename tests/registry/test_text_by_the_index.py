"""Text in a column is found through the search index where it can tell: the same rows, whatever they are called."""

import pytest

from headwater.platform.filter import Condition
from headwater.platform.resource import REGISTRY, Kind, filtered
from headwater.platform.search import finding, keeping

NAMES = (
    "Ann O'Brien-Smith",
    "ÅSA Öberg",
    "王小明",
    "a#b c_d 50% \\e",
    "Müller  GmbH (Köln)",
    "+31 20 123 45 67",
)


def _columns():
    for noun, resource in REGISTRY.items():
        for column in resource.columns:
            fields = {f.attname: f for f in resource.searched.model._meta.concrete_fields}
            is_text = column.kind is Kind.TEXT and column.orm_path in fields and not column.reads
            if column.filterable and is_text and column.orm_path in resource.searched.singles:
                often = noun == "qualify.lead"
                yield pytest.param(noun, column.key, marks=() if often else pytest.mark.slow)


@pytest.mark.parametrize(("noun", "key"), list(_columns()))
def test_the_index_loses_no_row_of_a_text_filter(noun, key, make, by, monkeypatch):
    resource = REGISTRY[noun]
    column = resource.by_key[key]
    [row] = make(noun)
    model, path = resource.searched.model, column.orm_path
    room = model._meta.get_field(path).max_length or 100
    asked = []
    for name in NAMES:
        text = name[:room]
        model._base_manager.filter(pk=row).update(**{path: text})
        keeping.rebuild()
        pieces = {text[at : at + length] for length in (3, 6) for at in range(len(text) - length + 1)} | {text}
        for piece in sorted(pieces):
            tree = Condition(key, "contains", piece)
            with monkeypatch.context() as patched:
                patched.setattr(finding, "is_behind", lambda: True)
                without = set(filtered(resource, by, tree).values_list("pk", flat=True))
            with monkeypatch.context() as patched:
                patched.setattr(finding, "is_behind", lambda: False)
                found = set(filtered(resource, by, tree).values_list("pk", flat=True))
                asked.append(bool(finding.narrowed(resource, path, piece)))
            assert found == without, (text, piece)
    assert any(asked)


@pytest.mark.parametrize("noun", ["acquire.source", "sell.product"])
def test_text_is_the_same_in_capitals(noun, make, by):
    resource = REGISTRY[noun]
    [row] = make(noun)
    resource.searched.model._base_manager.filter(pk=row).update(name="Nell Rowe")
    for operator, expected in (("is", True), ("in", True), ("not", False), ("not_in", False)):
        value = ["nell ROWE"] if operator.endswith("in") else "nell ROWE"
        found = set(filtered(resource, by, Condition("name", operator, value)).values_list("pk", flat=True))
        assert (row in found) is expected
