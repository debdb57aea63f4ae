"""Every text that people read is translated into every language, and what the server reads is what was written."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Message
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\((\w+)\)|%(s)|\{(\w+)[^{}\"]*\}")


@cache
def messages() -> ModuleType:
    """The script behind ``make messages``."""
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def wanted() -> dict[tuple[str | None, str], Message]:
    """Every text in code and templates."""
    return {_key(message): message for message in messages().template() if message.id}


def _key(message: Message) -> tuple[str | None, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def _names(text: str) -> set[str]:
    return {"".join(found) for found in PLACEHOLDER.findall(text)}


def test_the_script_knows_the_languages_of_the_settings():
    assert sorted(messages().LANGUAGES) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_none_is_left_over(language):
    catalog = messages().read(language)
    known = {_key(message) for message in catalog if message.id}
    missing = [key[1] for key in wanted() if key not in known]
    gone = [key[1] for key in known if key not in wanted()]
    empty = [message.id for message in messages().untranslated(catalog)]
    assert not (missing or gone or empty), (
        "Run “make messages”, then fill in what is empty in "
        f"{messages().catalogue_path(language).relative_to(ROOT)} (docs/developer/translating.md). "
        f"Not collected: {missing[:20]}. Gone: {gone[:20]}. Not translated: {empty[:20]}."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_in_the_same_values(language):
    wrong = []
    for message in messages().read(language):
        if not message.id or not message.string:
            continue
        texts = message.string if message.pluralizable else [message.string]
        ids = message.id if message.pluralizable else [message.id]
        allowed = set.union(*(_names(each) for each in ids))
        needed = set.intersection(*(_names(each) for each in ids))
        wrong += [text for text in texts if not needed <= _names(text) <= allowed]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_server_reads_was_compiled_from_what_was_written(language):
    path = messages().catalogue_path(language)
    assert path.with_suffix(".mo").read_bytes() == messages().compiled(messages().read(language)), (
        "Run “make messages”."
    )
