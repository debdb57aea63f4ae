"""Words that are none of the choices: told of a whole file, and decided on the command line or in the profile."""

import tomllib
from datetime import UTC, datetime

import pytest

from headwater.intake.batches import importer_of
from headwater.intake.deciding import as_toml, decided, unknown_words
from headwater.intake.errors import UnreadableFile
from headwater.intake.run import import_file
from headwater.intake.suggested import chosen_profile
from headwater.platform import pace

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def path(csv_file):
    words = ["red", "Grün", "Grün", "blau: hell=1", "red", ""]
    return csv_file("External id,Name,Colour\n" + "".join(f"{n},tag {n},{word}\n" for n, word in enumerate(words)))


@pytest.fixture(params=[2, 500], ids=["in chunks", "at once"])
def batch(request, path, by, monkeypatch):
    for name in ("FIRST_CHUNK", "SMALLEST_CHUNK", "LARGEST_CHUNK"):
        monkeypatch.setattr(pace, name, request.param)
    monkeypatch.setattr(pace, "BREATH_SECONDS", 0)
    return import_file(path, kind="tags", by=by, at=AT)


def test_each_word_is_told_with_how_many_rows_say_it(batch):
    first, second = unknown_words(batch)
    assert (first.column, first.target, first.value, first.count) == ("Colour", "colour", "Grün", 2)
    assert (second.value, second.count, list(second.choices)) == ("blau: hell=1", 1, ["red", "blue"])
    assert batch.rejected == 3


def test_what_is_to_be_decided_is_printed_as_a_profile_has_it(batch):
    text = as_toml(unknown_words(batch))
    assert "# red, blue;" in text
    assert tomllib.loads(text) == {"values": {"colour": {"Grün": "", "blau: hell=1": ""}}}


def test_decided_words_come_in(path, by):
    profile = chosen_profile(path, importer_of("tags"), None)
    profile = decided(profile, ["Colour:Grün=red", "Colour:blau: hell=1=blue"])
    assert profile.main.values == {"colour": {"Grün": "red", "blau: hell=1": "blue"}}
    done = import_file(path, kind="tags", profile=profile, by=by, at=AT)
    assert (done.created, done.rejected, unknown_words(done)) == (6, 0, [])


def test_a_word_may_mean_nothing(path, by):
    profile = decided(chosen_profile(path, importer_of("tags"), None), ["Colour:Grün=", "Colour:blau: hell=1="])
    assert import_file(path, kind="tags", profile=profile, by=by, at=AT).rejected == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Size:9=red", "Columns that are read: External id, Name, Colour"),
        ("Colour=red", "COLUMN:VALUE=MEANING"),
        ("Colour:red", "COLUMN:VALUE=MEANING"),
        ("Colour:Grün=green", "There are: red, blue."),
    ],
)
def test_what_cannot_be_decided_says_why(path, text, words):
    with pytest.raises(UnreadableFile) as refused:
        decided(chosen_profile(path, importer_of("tags"), None), [text])
    assert words in refused.value.text
