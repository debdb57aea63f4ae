"""Every fact is explained, says its sentence, and stands in docs/events.md (``make accept`` writes it anew)."""

import os
import string
from dataclasses import fields
from pathlib import Path

import pytest

from headwater.platform.events import FACTS

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def ours():
    return {verb: cls for verb, cls in sorted(FACTS.items()) if cls.__module__.startswith("headwater.")}


def test_every_fact_has_a_docstring_a_sentence_and_honest_fields():
    for verb, cls in ours().items():
        names = {f.name for f in fields(cls)}
        assert cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}("), f"{verb} lacks a docstring"
        assert cls.sentence, f"{verb} has no sentence for the timeline"
        used = {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(str(cls.sentence)) if name}
        assert used <= names, f"{verb}: the sentence names {used - names}"
        assert cls.personal <= names, f"{verb}: unknown personal fields {cls.personal - names}"
        assert cls.subject_field in names, f"{verb} has no field {cls.subject_field}"


# What things are called is no personal data: products, campaigns, sources, teams, keys.
NAMED = ("sell.product", "acquire.campaign", "acquire.source", "team.team_", "team.role_", "team.token_created")


@pytest.mark.parametrize(
    "word", ["name", "email", "phone", "first_name", "last_name", "body", "note", "value", "subject", "conditions"]
)
def test_personal_words_are_declared_personal(word):
    for verb, cls in ours().items():
        if word in {f.name for f in fields(cls)} and not verb.startswith(NAMED):
            assert word in cls.personal, f"{verb}.{word} is personal data"


def test_the_page_of_facts_is_true():
    text = render()
    if os.environ.get("HEADWATER_ACCEPT"):
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run make accept"


def render():
    lines = ["# Facts", "", "What the event log can hold. Written from the code by `make accept`.", ""]
    room = ""
    for verb, cls in ours().items():
        if verb.split(".")[0] != room:
            room = verb.split(".")[0]
            lines += [f"## {room}", ""]
        names = ", ".join(
            f"`{f.name}`" + (" (personal)" if f.name in cls.personal else "")
            for f in fields(cls)
            if f.name not in ("party_id", "organisation_id")
        )
        about = " ".join(cls.__doc__.split())
        lines += [f"- **`{verb}`** — {about} Fields: {names}. Timeline: “{cls.sentence}”."]
    return "\n".join(lines) + "\n"
