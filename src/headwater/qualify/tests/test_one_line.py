"""What is understood of a lead in one line, in several languages and scripts, and of any text at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.qualify.rules.one_line import OneLine, understood

SOURCES = ["Hannover fair", "Website", "Google Ads"]
ORLA = {"name": "Orla Keane", "interest": "QUOTE_REQUEST", "title": "2 plotters"}
COLLEAGUES = ["Tom Visser", "Marta Kowalska", "Tomas Berg"]


def said(line: str, region: str = "IE", decimal: str = ".") -> dict[str, object]:
    found = understood(line, sources=SOURCES, colleagues=COLLEAGUES, region=region, decimal=decimal)  # type: ignore[arg-type]
    return {name: value for name in OneLine.__slots__ if (value := getattr(found, name)) not in ("", None)}


def test_the_line_of_the_guide_is_understood() -> None:
    assert said("Orla Keane, Harrow & Pike, orla@harrow.example, quote for 2 plotters") == {
        "name": "Orla Keane",
        "company": "Harrow & Pike",
        "email": "orla@harrow.example",
        "interest": "QUOTE_REQUEST",
        "title": "2 plotters",
    }


@pytest.mark.parametrize(
    ("line", "region", "decimal", "expected"),
    [
        (
            "Jürgen Groß, Müller GmbH, 030 1234567, Angebot für 3 Drucker, 12.500 €, von Hannover fair @Tom Visser",
            "DE", ",",
            {"name": "Jürgen Groß", "company": "Müller GmbH", "phone": "030 1234567", "interest": "QUOTE_REQUEST",
             "title": "3 Drucker", "amount": Decimal(12500), "currency": "EUR", "source": "Hannover fair",
             "owner": "Tom Visser"},
        ),
        (
            "Piet de Vries, De Vries BV, offerte voor 2 plotters, 34k", "NL", ",",
            {"name": "Piet de Vries", "company": "De Vries BV", "interest": "QUOTE_REQUEST", "title": "2 plotters",
             "amount": Decimal(34000)},
        ),
        (
            "Claire Dubois (Atelier Dubois), demande de devis pour 10 écrans, claire@atelier.example", "FR", ",",
            {"name": "Claire Dubois", "company": "Atelier Dubois", "email": "claire@atelier.example",
             "interest": "QUOTE_REQUEST", "title": "10 écrans"},
        ),
        (
            "María López, Gráficas López SL, presupuesto para 2 impresoras, +34 912 345 678, 1.200,50 EUR", "ES", ",",
            {"name": "María López", "company": "Gráficas López SL", "phone": "+34 912 345 678", "title": "2 impresoras",
             "interest": "QUOTE_REQUEST", "amount": Decimal("1200.50"), "currency": "EUR"},
        ),
        (
            "Иван Петров, ООО Ромашка, запрос цены на 2 плоттера, +7 495 123-45-67", "RU", ",",
            {"name": "Иван Петров", "company": "ООО Ромашка", "phone": "+7 495 123-45-67",
             "interest": "QUOTE_REQUEST", "title": "2 плоттера"},
        ),
        (
            "田中太郎、株式会社山田、プロッター2台の見積もり", "JP", ".",
            {"name": "田中太郎", "company": "株式会社山田", "interest": "QUOTE_REQUEST", "title": "プロッター2台"},
        ),
        (
            "王伟, 华为公司, 报价 2台绘图仪, from Website", "CN", ".",
            {"name": "王伟", "company": "华为公司", "interest": "QUOTE_REQUEST", "title": "2台绘图仪",
             "source": "Website"},
        ),
        (
            "Vraag over onderhoud, Jan Jansen, tel 020 624 1111", "NL", ",",
            {"name": "Jan Jansen", "phone": "020 624 1111", "interest": "ENQUIRY", "title": "onderhoud"},
        ),
    ],
)  # fmt: skip
def test_other_languages_and_scripts_are_understood(line, region, decimal, expected) -> None:
    assert said(line, region, decimal) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Orla Keane wants a quote for 2 plotters", ORLA),
        ("quote for 2 plotters from Orla Keane", ORLA),
        ("Orla Keane at Harrow & Pike", {"name": "Orla Keane", "company": "Harrow & Pike"}),
        ("Harrow & Pike", {"company": "Harrow & Pike"}),
        ("Harrow Ltd, Orla Keane", {"name": "Orla Keane", "company": "Harrow Ltd"}),
        ("2 plotters, orla@x.example", {"email": "orla@x.example", "title": "2 plotters"}),
        ("Orla, CHF 3'400.-", {"name": "Orla", "amount": Decimal(3400), "currency": "CHF"}),
        ("Orla, 12.500 EUR", {"name": "Orla", "amount": Decimal(12500), "currency": "EUR"}),
        ("Orla, $1.2m", {"name": "Orla", "amount": Decimal(1_200_000), "currency": "USD"}),
        ("Orla, via Google Ads, @marta", {"name": "Orla", "source": "Google Ads", "owner": "Marta Kowalska"}),
        ("Orla, Talleres Núñez S.L., 2 plotters.",
         {"name": "Orla", "company": "Talleres Núñez S.L.", "title": "2 plotters"}),
        ("Orla, Harrow Ltd., a quote for servers up to 5k", {"name": "Orla", "company": "Harrow Ltd.",
         "interest": "QUOTE_REQUEST", "title": "servers", "amount": Decimal(5000)}),
        ("Orla Keane\tHarrow & Pike\t2 plotters",
         {"name": "Orla Keane", "company": "Harrow & Pike", "title": "2 plotters"}),
        ("", {}),
    ],
)  # fmt: skip
def test_pieces_come_in_any_order(line, expected) -> None:
    assert said(line) == expected


@pytest.mark.parametrize(
    "company", ["ООО «Ромашка»", 'ООО "Ромашка"', "«Ромашка» ООО", "„Nord“ Handels GmbH", "Harrow & Pike (Dublin)"]
)
def test_marks_that_are_part_of_a_name_come_in_pairs(company) -> None:
    assert said(f"Иван Петров, {company}, ivan@romashka.example")["company"] == company
    assert said(f"Иван Петров, «{company}», ivan@romashka.example")["company"] == company


def test_an_at_that_two_colleagues_answer_to_names_neither() -> None:
    assert "owner" not in said("Orla Keane, @tom")
    assert said("Orla Keane, @tom v")["owner"] == "Tom Visser"


@pytest.mark.parametrize("number", ["01 679 0832", "(01) 679-0832", "01/6790832"])
def test_a_number_of_another_country_is_a_telephone_number_all_the_same(number) -> None:
    assert said(f"Orla Keane, {number}", region="NL")["phone"] == number


def test_a_long_number_that_no_telephone_has_is_no_telephone_number() -> None:
    assert "phone" not in said("Orla Keane, order 123456789012345")


@given(st.text(max_size=300))
def test_any_text_is_read_without_a_word_of_complaint(line: str) -> None:
    found = understood(line, sources=SOURCES, colleagues=COLLEAGUES, region="IE")
    assert found.interest in ("", "ENQUIRY", "QUOTE_REQUEST")
    assert found.source in ("", *SOURCES)
    assert found.owner in ("", *COLLEAGUES)
    assert found.amount is None or found.amount >= 0
    assert found.email == "" or "@" in found.email


WORDS = st.sampled_from(["Orla", "Keane", "Brandt", "Müller", "Petrov", "Łukasz", "Søren", "王伟", "Иван"])
NAMES = st.builds("{} {}".format, WORDS, WORDS)
FIRMS = st.builds("{} {}".format, WORDS, st.sampled_from(["Ltd", "GmbH", "BV", "& Pike", "S.A."]))


@given(NAMES, FIRMS, st.permutations(["email", "phone", "wish", "amount"]), st.integers(2, 90))
def test_what_is_put_together_is_taken_apart_again(name, firm, order, many) -> None:
    pieces = {
        "email": "someone@firm.example",
        "phone": "+353 1 555 0142",
        "wish": f"quote for {many} plotters",
        "amount": "€12,500",
    }
    found = understood(", ".join([name, firm, *(pieces[key] for key in order)]), region="IE")
    assert (found.name, found.company) == (name, firm)
    assert (found.email, found.phone) == ("someone@firm.example", "+353 1 555 0142")
    assert (found.interest, found.title) == ("QUOTE_REQUEST", f"{many} plotters")
    assert (found.amount, found.currency) == (Decimal(12500), "EUR")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "orla@harrow.example, o.keane@pike.example, Orla Keane, Harrow & Pike",
            {"name": "Orla Keane", "company": "Harrow & Pike", "email": "orla@harrow.example",
             "title": "o.keane@pike.example"},
        ),
        (
            "orla@harrow.example / sales@harrow.example Orla Keane",
            {"name": "Orla Keane", "email": "orla@harrow.example", "title": "sales@harrow.example"},
        ),
        (
            "+353 1 234 5678, +353 87 123 4567, Orla Keane",
            {"name": "Orla Keane", "phone": "+353 1 234 5678", "title": "+353 87 123 4567"},
        ),
    ],
)  # fmt: skip
def test_of_several_addresses_and_numbers_none_is_taken_for_a_name(line: str, expected: dict[str, object]) -> None:
    assert said(line) == expected


@pytest.mark.parametrize(
    ("line", "name", "company"),
    [
        ("Orla Keane Harrow & Pike orla@harrow.example", "Orla Keane", "Harrow & Pike"),
        ("Harrow, Orla Keane, orla@harrow.example", "Orla Keane", "Harrow"),
        ("3M, John Smith, john@3m.example", "John Smith", "3M"),
        ("Jane Doe, 3M Company, jane@3m.example", "Jane Doe", "3M Company"),
        ("Orla Keane, Harrow, info@keane.example", "Orla Keane", "Harrow"),
        ("Orla Keane, 2 plotters & toner, orla@harrow.example", "Orla Keane", None),
        ("Orla Keane orla@keane.example", "Orla Keane", None),
    ],
)
def test_the_mail_tells_which_part_is_the_company(line: str, name: str, company: str | None) -> None:
    found = said(line)
    assert (found["name"], found.get("company")) == (name, company)


@pytest.mark.parametrize("local", ["orla", "orla.keane", "okeane", "keane.orla"])
def test_a_name_from_an_address_book_is_turned_round(local: str) -> None:
    line = f"Keane, Orla <{local}@harrow.example>, quote for 2 plotters"
    assert said(line) == {**ORLA, "email": f"{local}@harrow.example"}


def test_a_company_before_an_address_is_no_first_name() -> None:
    assert said("Keane, Harrow <sales@harrow.example>")["company"] == "Harrow"


def test_what_is_copied_along_unseen_is_left_out() -> None:
    line = "\u202aOrla\x00Keane\u202c, Harrow\u200b\u202e & Pike, \u202a+353 87 123 4567\u202c"
    assert said(line) == {"name": "Orla Keane", "company": "Harrow & Pike", "phone": "+353 87 123 4567"}


def test_an_arabic_comma_ends_an_address() -> None:
    found = said("محمد علي، شركة النور، ali@nour.example، طابعتان")
    assert (found["name"], found["company"], found["email"]) == ("محمد علي", "شركة النور", "ali@nour.example")


def test_what_stands_behind_an_amount_is_what_they_want() -> None:
    found = said("USD 1,234.56 for toner, John O'Neil-Smith, Smith GmbH & Co. KG")
    assert (found["name"], found["company"], found["title"]) == (
        "John O'Neil-Smith", "Smith GmbH & Co. KG", "toner",
    )  # fmt: skip
    assert said("Orla Keane, für Toner, Harrow & Pike") == {
        "name": "Orla Keane", "company": "Harrow & Pike", "title": "Toner",
    }  # fmt: skip
    assert said("For Kids Ltd, Orla Keane")["company"] == "For Kids Ltd"
