"""The words the demo company is made of: names, towns, products and what people say, as data."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def words(name: str) -> dict[str, Any]:
    """One of the word lists beside this file, such as ``countries``."""
    return tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
