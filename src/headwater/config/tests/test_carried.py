"""What values become on their way into PostgreSQL, and what cannot go there."""

from __future__ import annotations

import pytest

from headwater.config.carried import Carrier, Checksum, Column, Unfit, lines_of

KINDS = {
    "number": Column("value", "integer"),
    "amount": Column("value", "numeric", None, 15, 2),
    "short": Column("value", "character varying", 5),
    "text": Column("value", "text"),
    "document": Column("value", "jsonb"),
    "moment": Column("value", "timestamp with time zone"),
    "day": Column("value", "date"),
    "time": Column("value", "time without time zone"),
    "yes": Column("value", "boolean"),
}


def carried(kind: str, value: object) -> bytes:
    return Carrier([KINDS[kind]]).line([value])


def meant(value: bytes) -> bytes:
    carrier = Carrier([KINDS["document"]])
    return carrier.compared(carrier.line([value]))


@pytest.mark.parametrize(
    ("kind", "value", "line"),
    [
        ("number", None, rb"\N"),
        ("number", -7, b"-7"),
        ("amount", 9999999999999.99, b"9999999999999.99"),
        ("amount", 0.1, b"0.10"),
        ("amount", -0.0, b"0.00"),
        ("amount", b"12.5", b"12.50"),
        ("short", "日本語日本".encode(), "日本語日本".encode()),
        ("text", rb"\N", rb"\\N"),
        ("text", b"a\tb\r\n", rb"a\tb\r\n"),
        ("moment", b"2026-03-01 10:00:00.120000", b"2026-03-01 10:00:00.12+00"),
        ("moment", b"2026-03-01 10:00:00+02:00", b"2026-03-01 08:00:00+00"),
        ("moment", b"0001-01-01 00:00:00", b"0001-01-01 00:00:00+00"),
        ("day", b"9999-12-31", b"9999-12-31"),
        ("time", b"08:30:00", b"08:30:00"),
        ("yes", 1, b"t"),
    ],
)
def test_a_value_is_carried_in_the_form_postgresql_gives_it_back(kind, value, line):
    assert carried(kind, value) == line


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("number", 2**31, "too large"),
        ("number", b"seven", "no whole number"),
        ("amount", 10.0**13, "15 digits"),
        ("amount", b"lots", "15 digits"),
        ("short", b"abcdef", "longer than 5"),
        ("text", b"a\0b", "NUL"),
        ("text", b"\xed\xa0\x80", "no text"),
        ("document", b'{"a": "\\u0000"}', "character that is none"),
        ("document", b'["\\ud800"]', "character that is none"),
        ("document", b"[NaN]", "no JSON"),
        ("document", b"[1e200000]", "no JSON"),
        ("moment", b"2026-02-30 10:00:00", "no date"),
        ("yes", 2, "neither"),
    ],
)
def test_what_postgresql_cannot_hold_is_told_with_its_column(kind, value, why):
    with pytest.raises(Unfit, match=f"^value .*{why}"):
        carried(kind, value)


def test_characters_that_are_none_are_replaced_where_that_was_asked_for():
    carrier = Carrier([KINDS["text"], KINDS["document"]], mends=True)
    line = carrier.line([b"a\0b\xff", b'{"\\u0000": ["\\ud800", "\\ud83e\\udd85", 1.50]}'])
    assert line.decode() == 'a\ufffdb\ufffd\t{"\ufffd": ["\ufffd", "\\\\ud83e\\\\udd85", 1.50]}'
    assert carrier.mended == 2


def test_documents_are_compared_by_what_they_mean():
    assert meant(b'{"b": 1e2, "a": "\\u00e9\\n"}') == meant('{"a":"é\\n", "b": 100}'.encode())
    assert meant(b"[0.10, -0.0]") == meant(b"[0.1, 0]")
    assert meant(b"[123456789012345678901234567890.1]") != meant(b"[123456789012345678901234567890.2]")
    assert meant(b'["1"]') != meant(b"[1]")


def test_a_checksum_knows_rows_in_any_order_and_misses_none():
    def of(*lines: bytes) -> Checksum:
        checksum = Checksum()
        for line in lines:
            checksum.add(line)
        return checksum

    assert of(b"1", b"2", b"2") == of(b"2", b"1", b"2")
    assert of(b"1", b"2") != of(b"1", b"2", b"2")
    assert of(b"1", b"2") != of(b"1", b"3")


def test_rows_are_found_however_they_come_in_blocks():
    assert list(lines_of([b"1\t", memoryview(b"2\n3"), b"\n\n"])) == [b"1\t2", b"3", b""]
