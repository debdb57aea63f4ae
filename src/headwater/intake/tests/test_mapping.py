"""Suggested mappings: what a person would have chosen, each target once, and honest about doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.intake.aliases import ALIASES
from headwater.intake.mapping import IGNORED, suggest
from headwater.platform.importer import Target, TargetKind

LEADS = [
    Target("external_id", "Id in the other system"),
    Target("name", "Name", required=True),
    Target("first_name", "First name"),
    Target("last_name", "Last name"),
    Target("email", "E-mail", TargetKind.EMAIL),
    Target("phone", "Phone", TargetKind.PHONE),
    Target("company", "Company"),
    Target("job_title", "Job title"),
    Target("city", "City"),
    Target("country", "Country"),
    Target("website", "Website"),
    Target("source", "Source"),
    Target("campaign", "Campaign"),
    Target("arrived_at", "Arrived", TargetKind.DATETIME),
    Target("amount", "Amount", TargetKind.DECIMAL),
    Target("note", "Note"),
]
ROW = {
    "first_name": "Anna", "last_name": "Berg", "email": "anna@example.com", "phone": "+49 30 123456",
    "company": "Acme GmbH", "job_title": "Buyer", "city": "Ulm", "country": "Germany", "source": "Fair",
    "arrived_at": "2024-03-01", "note": "Call her", "name": "Anna Berg", "external_id": "A-17",
}  # fmt: skip


def mapped(header: list[str], rows: list[list[str]], targets: list[Target] = LEADS) -> dict[str, str | None]:
    return {found.column: found.target for found in suggest(header, rows, targets)}


@pytest.mark.parametrize(
    "header",
    [
        ["First Name", "Last Name", "Email Address", "Phone Number", "Company", "Job Title", "City", "Country",
         "Lead Source", "Created At", "Notes"],
        ["Vorname", "Nachname", "E-Mail-Adresse", "Telefon", "Firma", "Funktion", "Ort", "Land", "Herkunft",
         "Eingangsdatum", "Bemerkungen"],
        ["Nombre", "Apellidos", "Correo electrónico", "Teléfono", "Empresa", "Cargo", "Ciudad", "País", "Fuente",
         "Fecha de creación", "Comentarios"],
        ["Voornaam", "Achternaam", "E-mailadres", "Telefoonnummer", "Bedrijf", "Functie", "Plaats", "Land", "Bron",
         "Aangemaakt op", "Opmerkingen"],
        ["Primeiro nome", "Sobrenome", "E-mail", "Telefone", "Empresa", "Cargo", "Cidade", "País", "Origem",
         "Data de criação", "Observações"],
        ["Prénom", "Nom", "Courriel", "Téléphone", "Société", "Fonction", "Ville", "Pays", "Provenance",
         "Date de création", "Commentaires"],
        ["firstName", "last_name", "EMAIL", "phone", "company_name", "jobtitle", "city", "country", "utm_source",
         "create date", "comments"],
    ],
)  # fmt: skip
def test_lead_lists_in_six_languages(header: list[str]) -> None:
    keys = [
        "first_name", "last_name", "email", "phone", "company", "job_title", "city", "country", "source",
        "arrived_at", "note",
    ]  # fmt: skip
    assert mapped(header, [[ROW[key] for key in keys]] * 3) == dict(zip(header, keys, strict=True))


def test_slips_of_the_pen_are_forgiven() -> None:
    found = mapped(["E-Mial Adress", "Compnay", "Telephon"], [["a@x.de", "Acme", "030 1234567"]])
    assert found == {"E-Mial Adress": "email", "Compnay": "company", "Telephon": "phone"}


def test_an_owner_who_is_named_by_e_mail_stays_one() -> None:
    targets = [Target("email", "E-mail", TargetKind.EMAIL), Target("owner", "Owner")]
    row = ["orla@x.de", "jonas@kestrel.de", "ada@x.de"]
    found = {each.column: each.target for each in suggest(["Contact Email", "Owner", "Copy to"], [row] * 3, targets)}
    assert found == {"Contact Email": "email", "Owner": "owner", "Copy to": None}
    found = {each.column: each.target for each in suggest(["Owner", "Column 2"], [row[1::-1]] * 3, targets)}
    assert found == {"Owner": "owner", "Column 2": "email"}


def test_values_speak_where_names_do_not() -> None:
    found = suggest(["Column 1", "Column 2", "Column 3"], [["Anna", "anna@x.de", "www.x.de"]] * 5, LEADS)
    assert [each.target for each in found] == [None, "email", "website"]
    assert found[1].reason == "The values look like e-mail addresses."
    assert found[1].confidence < 0.9


def test_values_that_contradict_the_name_lower_the_confidence() -> None:
    good, bad = (suggest(["E-mail"], [[cell]] * 3, LEADS)[0] for cell in ("a@x.de", "yesterday"))
    assert good.confidence > bad.confidence
    assert "look like something else" in bad.reason


def test_each_target_is_used_once_and_the_better_column_gets_it() -> None:
    found = mapped(["Email", "Work e-mail", "E-mail 2"], [["a@x.de", "b@x.de", "c@x.de"]] * 2)
    assert list(found.values()).count("email") == 1
    assert found["Email"] == "email"


def test_columns_without_a_home_are_kept_and_our_own_are_ignored() -> None:
    found = mapped(["headwater_line", "headwater_reason", "Shoe size"], [["4", "no", "42"]])
    assert found == {"headwater_line": IGNORED, "headwater_reason": IGNORED, "Shoe size": None}


def test_an_empty_file_still_gets_suggestions() -> None:
    assert mapped(["name", "email"], []) == {"name": "name", "email": "email"}


def test_no_alias_names_one_target_twice() -> None:
    for key, words in ALIASES.items():
        assert len(words) == len(set(words)), key


@given(st.lists(st.text(max_size=15), max_size=6), st.lists(st.lists(st.text(max_size=10), max_size=6), max_size=4))
def test_any_file_gets_one_suggestion_a_column(header: list[str], rows: list[list[str]]) -> None:
    found = suggest(header, rows, LEADS)
    assert [each.column for each in found] == header
    used = [each.target for each in found if each.target not in (None, IGNORED)]
    assert len(used) == len(set(used))
    assert all(0 <= each.confidence <= 1 for each in found)


def test_a_column_of_first_names_that_holds_whole_names_is_the_name() -> None:
    rows = [["Ana Gil", "Gil SL"], ["María Pérez", "X"], ["Luis", "Y"], ["", "Z"]]
    assert mapped(["Nombre", "Empresa"], rows)["Nombre"] == "name"
    assert mapped(["Nombre", "Empresa"], [["Ana"], ["Luis"], ["Juan Luis"]])["Nombre"] == "first_name"
    assert mapped(["Nombre", "Apellidos"], [["Juan Luis", "Gil"]] * 3)["Nombre"] == "first_name"
