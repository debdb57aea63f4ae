"""Texts that are stored today and read tomorrow, in the language of whoever reads them."""

from django.utils import translation

from headwater.platform.errors import NotUndoable
from headwater.platform.phrases import LONGEST_VALUE, phrase, spoken, stored
from headwater.platform.translated import gettext, gettext_lazy, noted

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


def test_a_text_that_was_said_can_be_stored_for_readers_of_another_language():
    why = gettext("The row has {cells} cells, the header has {width}.").format(cells=3, width=2)
    with translation.override("de"):
        assert spoken(stored(why)) == "Die Zeile hat 3 Zellen, der Kopf 2."
        said_in_german = gettext("The row has {cells} cells, the header has {width}.").format(cells=3, width=2)
    assert spoken(stored(said_in_german)) == why
    assert stored("plain words") == "plain words"


def test_it_stays_one_through_refusals_lazy_texts_and_other_texts():
    inner = gettext_lazy("it wrote nothing")
    refusal = NotUndoable(reason=inner)
    passed_on = str(ValueError(refusal.text))
    with translation.override("de"):
        assert spoken(stored(passed_on)) == "Das lässt sich nicht mehr zurücknehmen: er hat nichts geschrieben."


def test_what_a_value_says_is_never_taken_for_code():
    why = gettext("{label} is missing.").format(label="{label.__class__}")
    assert spoken(stored(why)) == "{label.__class__} is missing."
    assert spoken('{"say":"{x.__class__}","of":{"x":"a"}}') == "a"


def test_a_text_that_is_filled_already_is_filled_again_with_nothing():
    why = gettext("{label} is missing.").format(label="Name")
    assert stored(why.format()) == stored(why) and why.format() == "Name is missing."
