"""Texts that are stored today and read tomorrow, in the language of whoever reads them."""

from django.utils import translation

from headwater.platform.phrases import LONGEST_VALUE, phrase, spoken
from headwater.platform.translated import noted

DONE = noted("%(done)s of %(total)s rows")


def test_a_phrase_is_said_in_the_language_and_figures_of_its_reader():
    stored = phrase(DONE, done=1_200, total=12_408)
    assert spoken(stored) == "1,200 of 12,408 rows"
    with translation.override("de"):
        assert spoken(stored) == "1.200 von 12.408 Zeilen"


def test_a_phrase_can_speak_of_another():
    why = phrase("The receiver said that it is gone (410).")
    stored = phrase(noted("The webhook to %(host)s was given up: %(why)s"), host="a.example", why=why)
    assert spoken(stored).endswith("a.example was given up: The receiver said that it is gone (410).")
    with translation.override("es"):
        assert "410" in spoken(stored) and "was given up" not in spoken(stored) and "is gone" not in spoken(stored)


def test_what_is_no_phrase_stays_as_it_is():
    for text in ("", "Leads", "100% done", '{"say":', '{"say":"x","of":1}'):
        assert spoken(text) == text


def test_a_phrase_stays_short_whatever_it_is_told():
    assert spoken(phrase("%(why)s", why="x" * 500)) == "x" * LONGEST_VALUE
