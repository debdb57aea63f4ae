"""No text makes a pattern search for minutes: every regular expression of the house meets the texts that do that."""

from __future__ import annotations

import re
import sys
import time
from itertools import product

import pytest

# What repeats in the patterns of the house, alone and in turns, and an end at which a match fails.
PIECES = (*'aA1 .,-@<"(é', "a.", "a@", "a@a.", "1 ", "1,", "1.", "1-", "a ", "a-", "1(")
ENDS = ("!", "\n")
LONG = 1_000
SECONDS = 1.0  # of the processor; quick is a few thousandths; what explodes takes hours


def patterns():
    """Every pattern a module of the house keeps."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith("headwater.") and ".tests" not in name:
            for attribute, value in vars(module).items():
                found = value if isinstance(value, list | tuple) else [value]
                yield from ((f"{name}.{attribute}", each) for each in found if isinstance(each, re.Pattern))


@pytest.mark.slow
def test_no_text_makes_a_pattern_search_for_long():
    texts = [piece * (LONG // len(piece)) + end for piece, end in product(PIECES, ENDS)]
    known = {id(pattern): (name, pattern) for name, pattern in patterns()}
    assert len(known) > 60
    for name, pattern in known.values():
        for text in texts:
            subject = text.encode() if isinstance(pattern.pattern, bytes) else text
            started = time.process_time()
            pattern.search(subject)
            pattern.fullmatch(subject)
            assert time.process_time() - started < SECONDS, (name, text[:6])
