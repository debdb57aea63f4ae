"""What formulas may say, what they give, and that nothing else can be said with them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from headwater.platform.custom.formula import Faulty, Named, Reckoner, check, read
from headwater.platform.custom.functions import Holds, Unreckoned

NAMES = {
    "amount": Named("amount", "Amount", Holds.NUMBER),
    "seats": Named("seats", "Seats", Holds.NUMBER),
    "title": Named("title", "Title", Holds.TEXT),
    "stage": Named("stage", "Stage", Holds.TEXT, ("NEW", "WORKING")),
    "day": Named("day", "Day", Holds.DATE),
    "is_new": Named("is_new", "New", Holds.YES_NO),
}
VALUES = {
    "amount": Decimal(34000),
    "seats": None,
    "title": "Printers",
    "stage": "NEW",
    "day": date(2026, 11, 12),
    "is_new": True,
}


def result(text):
    formula = read(text)
    check(formula, NAMES)
    return Reckoner().result(formula, VALUES)


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("ROUND(amount / 3 * 3, 6) == amount", True),
        ("0.1 + 0.2", Decimal("0.3")),
        ("-amount + 1", Decimal(-33999)),
        ("ROUND(2.5)", 3),
        ("ROUND(-2.5)", -3),
        ("FLOOR(-2.5)", -3),
        ("CEILING(2.1)", 3),
        ("ABS(-1)", 1),
        ("day + 30", date(2026, 12, 12)),
        ("30 + day", date(2026, 12, 12)),
        ("day - DATE(2026, 11, 1)", 11),
        ("DAYS(day, DATE(2026, 11, 1))", -11),
        ("YEAR(day) * 100 + MONTH(day) + DAY(day) / 100", Decimal("202611.12")),
        ('title + ", " + TEXT(amount) + TEXT(day)', "Printers, 340002026-11-12"),
        ("TEXT(12.50)", "12.5"),
        ('NUMBER(" 12.5 ")', Decimal("12.5")),
        ("LEN(UPPER(title))", 8),
        ("RIGHT(title, 3) + LEFT(title, 0)", "ers"),
        ('CONTAINS(title, "PRINT") and not is_new', False),
        ("MIN(amount, 5, 7)", 5),
        ("max(day, DATE(2027, 1, 1))", date(2027, 1, 1)),
        ("1 < 2 < 3", True),
        ("amount <> 3 AND stage == 'NEW'", True),
        ("if(is_new, 1)", 1),
        ("IF(not is_new, 1)", None),
        ("seats * 2", None),
        ("seats > 1", None),
        ("seats > 1 or is_new", True),
        ("seats > 1 and not is_new", False),
        ("seats > 1 and is_new", None),
        ("IF(seats > 1, 1, 2)", None),
        ("FIRST(seats, amount)", 34000),
        ("EMPTY(seats)", True),
        ("IF(EMPTY(seats), 0, amount / seats)", 0),
        ('EMPTY("")', True),
        ("\n amount\n + 1", 34001),
        ("TRUE and is_new", True),
        ('"a = b <> AND if("', "a = b <> AND if("),
    ],
)
def test_it_gives(text, gives):
    assert result(text) == gives


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("amount / 0", "divides by zero"),
        ("amount / (amount - amount)", "divides by zero"),
        ("DATE(2026, 2, 30)", "no such day"),
        ("day + 9999999999", "no such day"),
        ("LEFT(title, 1.5)", "whole number"),
        ('NUMBER("ten")', "not a number"),
        ('NUMBER("NaN")', "not a number"),
        ("*".join(["9e29"] * 3), "too large"),
    ],
)
def test_it_says_why_it_gives_nothing(text, told):
    with pytest.raises(Unreckoned, match=told):
        result(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("amount + nothing_such", "At character 10, “nothing_such”"),
        ('"é" + foo', "At character 7, “foo”"),
        ("amount + title", "a number and a text"),
        ("amount = 3", "At character 8: Write =="),
        ("amount +", "cannot be read"),
        ("", "Write a formula"),
        ('stage == "Won"', "NEW, WORKING"),
        ("ROUND()", "It is written"),
        ("TODAY()", "no function"),
        ("IF(amount, 1, 2)", "yes or no is needed"),
        ("IF(is_new, 1, title)", "do not go together"),
        ("x" * 1001, "At most 1000"),
        ("+".join(["1"] * 200), "too many parts"),
        ("(" * 300 + "1" + ")" * 300, "At character"),
        ("-" * 95 + "1", "too deep"),
        ("().__class__.__bases__", "cannot be used"),
        ("title.upper()", "cannot be used"),
        ("9 ** 9", "cannot be used"),
        ('"a" * 10', "do not go together"),
        ("[1 for x in (1,)]", "cannot be used"),
        ("lambda: 1", "cannot be used"),
        ('f"{amount}"', "cannot be used"),
        ("title[0]", "cannot be used"),
        ("(x := 1)", "cannot be used"),
        ("eval('1')", "no function"),
        ("ROUND(amount, places=2)", "cannot be used"),
        ("amount if is_new else 2", "cannot be used"),
        ("MAX(*title)", "cannot be used"),
        ("1e999", "cannot be used"),
        ("b'a'", "cannot be used"),
        ("None", "cannot be used"),
        ("amount is 1", "cannot be used"),
        ("7 // 2", "cannot be used"),
        ("5 % 2", "cannot be used"),
        ("1j", "cannot be used"),
        ("...", "cannot be used"),
        ("1; 2", "cannot be read"),
        ("import os", "cannot be read"),
        ("IF", "no field"),
        ("__import__('os')", "no function"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_place(text, told):
    with pytest.raises(Faulty) as refused:
        result(text)
    assert told in str(refused.value)


def test_the_deepest_and_the_longest_that_may_be_said_have_an_end():
    nested = "amount"
    for _ in range(30):
        nested = f"IF(amount > 1, {nested}, 1)"
    assert result(nested) == 34000
    with pytest.raises(Unreckoned, match="too long"):
        formula = read("+".join(["title"] * 70))
        check(formula, NAMES)
        Reckoner().result(formula, {"title": "x" * 500})
