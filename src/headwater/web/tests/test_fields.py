"""Numbers are understood as their writers mean them, and text comes in without what nobody can see."""

from decimal import Decimal

import pytest
from django import forms
from django.http import QueryDict

from headwater.platform.installation import Installation
from headwater.platform.numbers import typed_number
from headwater.platform.resource import ActorForm
from headwater.platform.testing import make_actor
from headwater.web import fields
from headwater.web.fields import AmountField, CountField
from headwater.web.notation import Notation, writing_for


class Typed(ActorForm):
    amount = AmountField()
    pieces = CountField(required=False)
    note = forms.CharField(required=False, max_length=20)


@pytest.fixture
def in_germany(monkeypatch):
    monkeypatch.setattr(fields, "installation", lambda: Installation("Kestrel", "UTC", "EUR", "DE"))
    with writing_for(Notation(country="DE", numbers="1.234,56")):
        yield


def filled(data):
    return Typed(QueryDict(data) if isinstance(data, str) else data, actor=make_actor())


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("12.345,67", "12345.67", "12345.67"),
        ("12,345.67", "12345.67", "12345.67"),
        ("1 234,50", "1234.50", "1234.50"),
        ("1’234.50", "1234.50", "1234.50"),
        ("1\u202f234\u00a0567", "1234567", "1234567"),
        ("1,234", "1234", "1.234"),
        ("1.234", "1.234", "1234"),
        ("1234,5", "1234.5", "1234.5"),
        ("€ 12", "12", "12"),
        ("12 EUR", "12", "12"),
        ("-5,00", "-5.00", "-5.00"),
        ("−€5.00", "-5.00", "-5.00"),
        ("--5", None, None),
        ("-", None, None),
        ("1e5", None, None),
        ("€ 5k", None, None),
        ("12 34", None, None),
        ("1,2,3", None, None),
        ("$ 5", None, None),
        ("12 %", None, None),
        ("NaN", None, None),
        ("", None, None),
    ],
)
def test_figures_are_read_the_one_way_that_makes_sense(text, point, comma):
    for mark, wanted in ((".", point), (",", comma)):
        found = typed_number(text, decimal=mark, besides=("€", "EUR"))
        assert found == (None if wanted is None else Decimal(wanted)), mark


def test_what_fits_both_ways_is_decided_by_who_types_it(in_germany):
    form = filled("amount=1.234&pieces=1.000")
    assert form.is_valid() and form.cleaned_data["amount"] == 1234 and form.cleaned_data["pieces"] == 1000
    assert "no more than 2 decimal places" in str(filled("amount=1,234").errors)


def test_a_whole_number_in_groups_is_thousands_to_everybody(in_germany):
    for typed in ("1.000", "1,000", "1 000", "1’000"):
        form = filled(f"amount=1&pieces={typed}")
        assert form.is_valid() and form.cleaned_data["pieces"] == 1000, typed


def test_a_form_shows_a_number_as_its_reader_writes_it(in_germany):
    form = Typed(actor=make_actor(), initial={"amount": Decimal("1234.50"), "pieces": 1000})
    assert 'value="1234,50"' in str(form["amount"]) and 'value="1000"' in str(form["pieces"])
    assert "such as 1.234,50" in str(filled("amount=twelve").errors)


def test_what_is_not_written_in_figures_is_told(in_germany):
    assert "Write it in figures" in str(filled("amount=1e5").errors)
    assert "Write it in figures" in str(filled({"amount": "1e5"}).errors)
    assert "1e5" in str(filled("amount=1e5")["amount"])


def test_a_program_sends_plain_numbers_whatever_the_country(in_germany):
    for sent in ("1234.50", 1234.5, Decimal("1234.50")):
        form = filled({"amount": sent})
        assert form.is_valid() and form.cleaned_data["amount"] == Decimal("1234.5")
    assert not filled({"amount": "1.234"}).is_valid()


@pytest.mark.parametrize("make", [lambda text: {"amount": "1", "note": text}, lambda text: _posted(text)])
def test_invisible_controls_do_not_come_in(in_germany, make):
    form = filled(make("\u202eevil\u200b name\u2066\x07"))
    assert form.is_valid() and form.cleaned_data["note"] == "evil name"
    joined = "می\u200cخواهم 👩\u200d💻"
    assert filled(make(joined)).data["note"] == joined


def _posted(text):
    data = QueryDict(mutable=True)
    data.update({"amount": "1", "note": text})
    return data


def test_a_text_that_is_too_long_is_told_not_cut(in_germany):
    form = filled(_posted("x" * 21))
    assert "at most 20 characters" in str(form.errors)
    assert "maxlength" not in str(form["note"])


class Asked(forms.Form):
    """Hardly anything is needed of it."""

    name = forms.CharField()
    kind = forms.ChoiceField(choices=[("A", "A"), ("B", "B")], initial="A")
    size = forms.ChoiceField(choices=[("", "–"), ("L", "L")])
    place = forms.CharField(required=False)
    note = forms.CharField(required=False)
    why = forms.CharField(required=False)
    when = forms.CharField(required=False)
    is_loud = forms.BooleanField(required=False)


def test_a_form_marks_what_it_needs_or_what_it_does_not_whichever_is_less():
    form = Asked()
    assert [field.name for field in form if field.is_needed] == ["name", "size"], "a choice is made already"
    assert not any(field.is_optional for field in form)
    page = str(form)
    assert page.count('class="needed"') == 2 and "(optional)" not in page

    for name in ("place", "note", "why"):
        form.fields[name].required = True
    assert [field.name for field in form if field.is_optional] == ["when", "is_loud"]
    assert not any(field.is_needed for field in form)
    assert str(form).count("(optional)") == 1
