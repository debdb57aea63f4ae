"""Addresses, numbers and names: what people write differently comes out the same, and nonsense is refused."""

from __future__ import annotations

import csv
import os
import random
from pathlib import Path

import phonenumbers
import pytest
from django.utils import translation
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.parties import phones
from headwater.parties.email_faults import USUAL
from headwater.parties.rules import (
    BadContact,
    PersonName,
    company_key,
    email_domain,
    name_key,
    names_agree,
    normalise_email,
    normalise_phone,
    normalise_website,
    parse_phone,
    region_of,
    split_name,
    website_domain,
)
from headwater.platform.phrases import spoken, stored

DATA = os.environ.get("HEADWATER_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="HEADWATER_DATA names no folder with the real files")


def real(*parts: str) -> list[dict[str, str]]:
    with Path(str(DATA), *parts).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# --- e-mail ---


@needs_data
def test_valid_addresses_are_accepted_and_wrong_ones_refused() -> None:
    wrong = []
    for row in real("isemail-addresses", "addresses.csv"):
        address = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) <= 0x241F else c for c in row["address"])
        try:
            normalise_email(address)
            accepted = True
        except BadContact:
            accepted = False
        expected = {"ISEMAIL_VALID_CATEGORY": True, "ISEMAIL_DNSWARN": True, "ISEMAIL_ERR": False}
        if accepted != expected.get(row["category"], accepted):
            wrong.append((address, row["diagnosis"]))
    assert wrong == []


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Anna.Berg@Example.COM", "anna.berg@example.com"),
        ("  anna@example.com ", "anna@example.com"),
        ("mailto:anna@example.com?subject=Hi", "anna@example.com"),
        ("Anna Berg <anna@example.com>", "anna@example.com"),
        ('"Berg, Anna" <ANNA@example.com>', "anna@example.com"),
        ("jürgen@Müller.de", "jürgen@müller.de"),
        ("info@xn--mller-kva.de", "info@müller.de"),
        ("a+tag@sub.example.co.uk", "a+tag@sub.example.co.uk"),
    ],
)
def test_one_address_has_one_form(written: str, normal: str) -> None:
    assert normalise_email(written) == normal
    assert normalise_email(normal) == normal


@pytest.mark.parametrize(
    "text", ["", "anna", "anna@", "@x.de", "anna@x", "an na@x.de", "a@@x.de", "a@x..de", "a@-x.de", "a@b.test"]
)
def test_what_is_no_address_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(BadContact) as refusal:
        normalise_email(text)
    assert str(refusal.value)


LOCAL = st.text("abcXYZ019._%+-'!#$&*/=?^`{|}~ @\"", min_size=0, max_size=70)
LABEL = st.text("abcXYZ019-_", min_size=0, max_size=66)
HOST = st.lists(LABEL, min_size=1, max_size=5).map(".".join) | st.sampled_from(
    ["example.com", "x.local", "host.test", "ab--c.de", "xn--mller-kva.de", "1.2.3.4", "a.museum", "a.c"]
)


@given(LOCAL, HOST)
@settings(max_examples=400, deadline=None)
def test_the_fast_way_agrees_with_email_validator(local: str, host: str) -> None:
    address = f"{local}@{host}"
    try:
        expected = validate_email(address.strip(" "), check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError:
        with pytest.raises(BadContact):
            normalise_email(address)
    else:
        assert normalise_email(address) == expected


def test_the_domain_names_the_organisation() -> None:
    assert email_domain("anna@example.com") == "example.com"


# --- telephone ---


@needs_data
def test_every_way_to_write_a_number_gives_the_same_number() -> None:
    wrong = []
    for row in real("phone-examples", "phone_examples.csv"):
        ways = [
            (row["international"], None),
            (row["international"], row["region"]),
            (row["e164"], None),
            (row["national"], row["region"]),
            (row["out_of_us"], "US"),
        ]
        wrong += [(text, region) for text, region in ways if normalise_phone(text, region) != row["e164"]]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+49 (0)30 123456", None, "+4930123456"),
        ("0049 30 123456", None, "+4930123456"),
        ("030/123456", "de", "+4930123456"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("'+44 20 7946 0958", "DE", "+442079460958"),
        ("06 12345678", "NL", "+31612345678"),
        ("+39 06 1234 5678", "US", "+390612345678"),
    ],
)
def test_usual_spellings(text: str, region: str | None, expected: str) -> None:
    assert normalise_phone(text, region) == expected


def test_an_extension_is_kept_apart() -> None:
    found = parse_phone("+1 212 555 0100 ext. 22", None)
    assert (found.e164, found.extension) == ("+12125550100", "22")


@pytest.mark.parametrize("text", ["", "call me", "12", "4.93012E+11", "+49", "+0 30 123456", "+999 123456789"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadContact):
        normalise_phone(text, "DE")


def test_a_number_without_country_asks_for_one() -> None:
    with pytest.raises(BadContact, match="needs its country"):
        normalise_phone("030 123456", None)


def test_the_fast_way_agrees_with_phonenumbers_in_every_country() -> None:
    chance = random.Random(7)
    checked = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (0, 1, 3):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
            international = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
            for text, where in ((national, region), (international, None), (international[1:], region)):
                for changes in (0, 1, 3):
                    letters = list(text)
                    for _ in range(changes):
                        letters[chance.randrange(len(letters))] = chance.choice("0123456789")
                    written = "".join(letters)
                    fast = phones._plain_phone(written, where)
                    if fast:
                        checked += 1
                        assert fast == parse_phone(written, where).e164, (written, where)
    assert checked > 1500


# --- website ---


@pytest.mark.parametrize(
    ("written", "normal", "domain"),
    [
        ("www.Acme.com", "https://www.acme.com", "acme.com"),
        ("HTTP://acme.com:80/", "http://acme.com", "acme.com"),
        ("https://acme.com/de/?a=1#top", "https://acme.com/de?a=1", "acme.com"),
        ("müller.de", "https://xn--mller-kva.de", "xn--mller-kva.de"),
        ("//shop.acme.co.uk:8443/x", "https://shop.acme.co.uk:8443/x", "shop.acme.co.uk"),
    ],
)
def test_one_website_has_one_form(written: str, normal: str, domain: str) -> None:
    assert normalise_website(written) == normal
    assert normalise_website(normal) == normal
    assert website_domain(normal) == domain


@pytest.mark.parametrize(
    "text",
    ["", "acme", "javascript:alert(1)", "ftp://acme.com", "https://", "http://a b.com", "http://1.2.3.4",
     "https://me:secret@acme.com", "http://acme.com:99999", "http://[::1"],
)  # fmt: skip
def test_what_is_no_website_is_refused(text: str) -> None:
    with pytest.raises(BadContact):
        normalise_website(text)


# --- names ---


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Anna  BERG", "anna berg"),
        ("  Núñez-García ", "nunez garcia"),
        ("O’Brien", "obrien"),
        ("Straße", "strasse"),
        ("Łódź Æsir Øre", "lodz aesir ore"),
        ("Йорданов", "иорданов"),
        ("प्रिया शर्मा", "प्रिया शर्मा"),
        ("...", ""),
    ],
)
def test_name_keys_forget_case_accents_and_punctuation(text: str, key: str) -> None:
    assert name_key(text) == key


@given(st.text(max_size=30))
def test_a_name_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Müller & Söhne GmbH & Co. KG", "muller sohne"),
        ("Acme, Incorporated", "acme"),
        ("ACME Inc.", "acme"),
        ("Philips N.V.", "philips"),
        ("Société Générale S.A.", "societe generale"),
        ("Empresa XYZ S. de R.L. de C.V.", "empresa xyz"),
        ("Spółka Sp. z o.o.", "spolka"),
        ("The Coca-Cola Company", "coca cola"),
        ("E.ON SE", "e on"),
        ("Company", "company"),
        ("", ""),
    ],
)
def test_company_keys_forget_the_legal_form(text: str, key: str) -> None:
    assert company_key(text) == key


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna Berg", PersonName("Anna", "Berg")),
        ("Anna Maria Berg", PersonName("Anna Maria", "Berg")),
        ("Dr. Anna van der Berg", PersonName("Anna", "van der Berg", "Dr.")),
        ("Berg, Anna", PersonName("Anna", "Berg")),
        ("Berg, Dr. Anna", PersonName("Anna", "Berg", "Dr.")),
        ("de la Cruz, María", PersonName("María", "de la Cruz")),
        ("John Smith, Jr.", PersonName("John", "Smith", "", "Jr.")),
        ("John Smith III", PersonName("John", "Smith", "", "III")),
        ("Prof. Dr. rer. nat. Hans Klein", PersonName("Hans", "Klein", "Prof. Dr. rer. nat.")),
        ("Frau Müller", PersonName("", "Müller", "Frau")),
        ("Herr von Berg", PersonName("", "von Berg", "Herr")),
        ("Sr. Juan Pérez", PersonName("Juan", "Pérez", "Sr.")),
        ("Vincent d'Onofrio", PersonName("Vincent", "d'Onofrio")),
        ("Cher", PersonName("Cher")),
        ("", PersonName()),
        (" , ", PersonName()),
    ],
)
def test_names_are_taken_apart(text: str, name: PersonName) -> None:
    assert split_name(text) == name


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_taking_a_name_apart_loses_no_word(text: str) -> None:
    found = split_name(text)
    parts = f"{found.title} {found.first} {found.last} {found.suffix}"
    assert sorted(parts.split()) == sorted(text.replace("，", ",").replace(",", " ").split())


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Anna Berg", "anna BERG"),
        ("Anna Berg", "Berg, Anna"),
        ("Anna Berg", "A. Berg"),
        ("Anna Maria Berg", "Anna M. Berg"),
        ("Anna Maria Berg", "Anna Berg"),
        ("Anna-Maria Berg", "Annamaria Berg"),
        ("Jürgen Groß", "Juergen Gross"),
        ("Jürgen Groß", "Jurgen Gross"),
        ("Dr. Anna van der Berg", "Anna Berg"),
        ("van der Berg", "Anna van der Berg"),
        ("José Núñez", "Jose Nunez"),
        ("Anna", "Anna Berg"),
        ("John Smith Jr.", "John Smith"),
        ("O'Brien, Pat", "Pat OBrien"),
        ("", "Anna Berg"),
    ],
)
def test_spellings_of_one_name_agree(a: str, b: str) -> None:
    assert names_agree(a, b)
    assert names_agree(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Anna Berg", "Otto Berg"),
        ("Anna Berg", "Anna Klein"),
        ("A. Berg", "Otto Berg"),
        ("A. B.", "Anna Berg"),
        ("Anna Le", "Anna Smith"),
        ("Mr. Smith", "Anna Klein"),
        ("M. Smith", "Anna Smith"),
        ("Bill Gates", "William Gates"),
        ("Anna E. Berg", "Anna F. Berg"),
    ],
)
def test_different_people_do_not_agree(a: str, b: str) -> None:
    assert not names_agree(a, b)
    assert not names_agree(b, a)


@given(st.text(max_size=20), st.text(max_size=20))
def test_agreement_goes_both_ways(a: str, b: str) -> None:
    assert names_agree(a, b) == names_agree(b, a)
    assert names_agree(a, a)


@pytest.mark.parametrize(
    "domain",
    ["firm.de", "a-b.co.uk", "3com.com", "x.invalid", "deep.in.local", "home.arpa", "mail.test", "a..de", "-a.de",
     "a-.de", "a.d", "a.123", "xn--mnchen-3ya.de", "ab--cd.de", "firm_x.de", f"{'a' * 64}.de", f"{'a.' * 127}de",
     "localhost", "x.onion"],
)  # fmt: skip
def test_the_short_way_through_a_plain_domain_says_what_the_book_says(domain: str) -> None:
    try:
        by_the_book = validate_email(f"a@{domain}", check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError:
        by_the_book = None
    try:
        ours = normalise_email(f"a@{domain}")
    except BadContact:
        ours = None
    assert ours == by_the_book


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"), ("de", "DE"), ("Deutschland", "DE"), ("Germany", "DE"), ("ÖSTERREICH", "AT"), ("España", "ES"),
        ("espana", "ES"), ("The Netherlands", "NL"), ("Holland", "NL"), ("UK", "GB"), ("U.S.A.", "US"),
        ("Países Baixos", "NL"), ("Atlantis", ""), ("", ""), ("XX", ""), ("Eurozone", ""),
    ],
)  # fmt: skip
def test_a_country_is_read_as_code_or_by_its_name(text: str, code: str) -> None:
    assert region_of(text) == code


def test_what_is_wrong_with_an_address_is_told_in_every_language():
    said = []
    for mistyped in ("ana", "ana@", "@x.example", "a@b", "a b@x.de", "a@x_y.de", "a..b@x.de", "a@localhost"):
        with pytest.raises(BadContact) as wrong:
            normalise_email(mistyped)
        assert any(str(wrong.value).startswith(usual) for usual in USUAL), "the library says it anew"
        said.append(stored(str(wrong.value)))
    with translation.override("de"):
        assert spoken(said[1]) == "Hinter dem @ muss etwas stehen."
        assert spoken(said[4]) == "Vor dem @ stehen Zeichen, die nicht erlaubt sind: SPACE."
