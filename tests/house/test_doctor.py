"""Scripts read what ``headwater doctor`` finds by its code: the documentation names all of them."""

from __future__ import annotations

import re
from pathlib import Path

from headwater.config import doctor, environment, lifecycle, locks, whose

CLI = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


def test_the_documentation_names_every_problem():
    own = set(re.findall(r'Problem\(\s*"(\w+)"', Path(doctor.__file__).read_text(encoding="utf-8")))
    refused = (
        lifecycle.NotInitialised, lifecycle.NoDatabase, lifecycle.SetupUnfinished, lifecycle.MigrationUnfinished,
        lifecycle.RestoreUnfinished, lifecycle.MovedAway, lifecycle.NewerDatabase, lifecycle.OlderDatabase,
        lifecycle.EmptyDatabase, lifecycle.KeyLost, whose.NotYours, locks.NotWritable, environment.BadSetting,
    )  # fmt: skip
    _before, _mark, listed = CLI.read_text(encoding="utf-8").partition("Codes of problems:")
    named = set(re.findall(r"`(\w+)`", listed))
    assert named == own | {refusal.code for refusal in refused}
