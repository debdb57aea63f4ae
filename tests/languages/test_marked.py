"""No text that people read is left out of the catalogues: neither what nouns declare, nor what templates say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.utils import translation
from django.utils.functional import Promise

import headwater
from headwater.platform import delivery, job, schedule
from headwater.platform.events import FACTS
from headwater.platform.resource import REGISTRY
from headwater.team.views.work import said

TEMPLATES = sorted(Path(headwater.__file__).parent.glob("*/templates/**/*.html"))
SPOKEN = re.compile(r'\s(?:title|placeholder|aria-label|alt)="([^"\x00]+)"')
# The same in every language.
NAMES = {
    "Headwater",
    "OpenAPI",
    "openapi",
    "json",
    "Ctrl",
    "Esc",
    "Enter",
    "Tab",
    "Shift",
    "API",
}
WORD = re.compile(r"[A-Za-z]{3,}")


def _bare(path: Path) -> list[str]:
    """What a template says without having it translated."""
    parts, inside = [], ""
    for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            if inside:
                inside = "" if name == f"end{inside}" else inside
            elif name in ("blocktranslate", "comment") or re.match(r"block \w+_class", token.contents):
                inside = name
        elif token.token_type == TokenType.TEXT and not inside:
            parts.append(token.contents)
    whole = "\x00".join(parts)
    said = re.findall(r">([^<>]+)<", f">{whole}<") + SPOKEN.findall(whole)
    return [word for text in said for word in WORD.findall(text) if word not in NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(path.parents[3]).as_posix())
def test_templates_say_nothing_that_is_not_translated(path):
    assert _bare(path) == []


@pytest.mark.parametrize("resource", REGISTRY.values(), ids=lambda resource: resource.key)
def test_what_nouns_declare_is_translated(resource):
    commands = [each for each in (resource.create, resource.change, *resource.commands) if each is not None]
    labelled = [resource, *resource.columns, *commands, *resource.views]
    plain = [vars(each)["label"] for each in labelled if not isinstance(vars(each)["label"], Promise)]
    plain += [each.done for each in commands if each.done and not isinstance(vars(each)["done"], Promise)]
    assert plain == []


def test_what_facts_say_is_translated():
    ours = {verb: fact for verb, fact in FACTS.items() if verb.split(".")[0] not in ("demo", "test")}
    assert [verb for verb, fact in ours.items() if not isinstance(fact.sentence, Promise)] == []


@pytest.mark.parametrize(
    "declared", [job.JOBS, schedule.SCHEDULE, delivery.HANDLERS], ids=["jobs", "schedule", "handlers"]
)
def test_what_works_in_the_background_is_told_in_other_languages(declared):
    ours = {
        name: found for name, found in declared.items() if getattr(found, "run", found).__module__[:9] == "headwater"
    }
    told = {}
    for language in ("en", "de", "es"):
        with translation.override(language):
            told[language] = {name: said(ours, name) for name in ours}
    assert ours
    assert [name for name in ours if len({told[language][name] for language in told}) < 3] == []
