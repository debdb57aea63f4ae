"""Text is compared by its letters: case, accents, notation and script do not keep anybody from finding."""

import time

import pytest

from headwater.platform.search.folding import also_written, fold
from headwater.platform.search.marking import spans_of
from headwater.platform.search.words import read


def holds(stored, typed, region="NL"):
    entry = f" {fold(stored)}  {'  '.join(also_written(stored))} "
    return read(typed, region=region).match(entry)


@pytest.mark.parametrize("stored", ["Müller", "MUELLER", "mueller"])
@pytest.mark.parametrize("typed", ["Müller", "mueller", "muller", "MÜL", "muell"])
def test_an_umlaut_is_found_however_either_side_writes_it(stored, typed):
    assert holds(stored, typed)


def test_a_plain_u_is_found_by_who_expects_an_umlaut():
    assert holds("Muller", "Mueller") and holds("Muller", "Müller")
    assert not holds("John Jo", "Joe") and not holds("blutz", "blue")


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Ян Петров", "ПЕТРОВ"), ("Ёлкин", "елкин"), ("Γιώργος Παπαδόπουλος", "παπαδοπουλοσ"),
        ("Ὀδυσσεύς", "οδυσσευς"), ("مُحَمَّد أحمد", "محمد"), ("أحمد", "احمد"), ("שָׁלוֹם", "שלום"),
        ("王小明", "小明"), ("王小明", "王"), ("王小明", "明"), ("株式会社山田製作所", "山田"), ("ヤマダ", "やまだ"),
        ("ﾔﾏﾀﾞ", "ヤマダ"), ("김민수", "민수"), ("บริษัทสยามจำกัด", "สยาม"), ("हिन्दी", "हिन्दी"),
        ("Nguyễn Văn Đức", "nguyen duc"), ("Łukasz Żółć", "lukasz zolc"), ("İpek Işık", "ipek isik"),
        ("Ｆｕｌｌｗｉｄｔｈ", "fullwidth"), ("O’Keane", "O'keane"), ("O’Keane", "okeane"),
        ("Harrow & Pike Ltd.", "harrow & pike"), ("orla.keane@harrow-pike.example", "pike.exam"),
        ("orla.keane@harrow-pike.example", "@harrow"), ("AB-12/4", "ab124"), ("AB124", "ab124"), ("AB-12/4", "ab-12/4"),
        ("2026-00123", "202600123"), ("١٢٣٤٥٦", "123456"), ("#VIP", "#vip"),
    ],
)  # fmt: skip
def test_every_script_is_found_in_parts(stored, typed):
    assert holds(stored, typed)


@pytest.mark.parametrize(
    "typed", ["+31 20 794 1234", "0031207941234", "020-7941234", "(020) 794 12 34", "020.794.1234",
              "+31 (0)20 794 1234", "7941234", "31207941234"]
)  # fmt: skip
@pytest.mark.parametrize("stored", ["+31207941234", "020 794 1234", "call 020-7941234 after five"])
def test_a_number_is_found_in_any_notation(stored, typed):
    if stored != "+31207941234" and typed == "31207941234":
        return  # without a plus nobody can tell the country code from a number
    assert holds(stored, typed)


@pytest.mark.parametrize("typed", ["la", "x", "harrow xyz", "7941235", "王明", "kean orlb"])
def test_what_is_not_there_is_not_found(typed):
    assert not holds("Orla Keane harrow +31207941234 王小明", typed)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Иванов", "Ivanov"), ("Сергей Достоевский", "sergey dostoevsky"), ("Сергей", "Sergei"), ("Юлия", "Iuliia"),
        ("Юлия", "Yulia"), ("Мария", "Maria"), ("Мария", "Mariya"),
        ("Юлия Щукина", "yuliya shchuk"), ("Гончаренко", "Honcharenko"), ("Зеленський", "zelensky"),
        ("Първанов", "Parvanov"), ("Ёлкин", "elkin"), ("Γιώργος Παπαδόπουλος", "giorgos papadopoulos"),
        ("Иванов", "Iwanow"), ("Фёдор Достоевский", "fjodor dostojewski"), ("Ельцин", "Jelzin"),
        ("Пётр Чайковский", "pjotr tschaikowski"), ("Хрущёв", "chruschtschow"),
        ("Μπακογιάννης", "bakogiannis"), ("Ευάγγελος", "evangelos"), ("Ψαρρός", "PSARROS"),
    ],
)  # fmt: skip
def test_cyrillic_and_greek_names_are_found_in_latin_letters_and_the_other_way_round(stored, typed):
    assert holds(stored, typed) and holds(typed.split()[0], stored.split()[0])


def test_other_texts_have_no_further_forms():
    assert also_written("Müller") == ["mueller"] and also_written("王小明") == []
    assert not holds("Petrov", "Иванов") and not holds("Иванов", "Petrov")


def test_signs_alone_are_no_words():
    assert not read("!!! -- ")
    assert not read("")


def test_text_made_to_cost_time_costs_little():
    started = time.process_time()
    for evil in ("1 " * 25_000 + "x", "a-" * 25_000, "(" * 50_000, "é" * 50_000, "1-" * 25_000 + "@"):
        fold(evil)
        also_written(evil)
        read(evil, region="NL")
    assert time.process_time() - started < 5


def test_what_was_typed_is_set_off_in_what_is_shown():
    def marked(text, typed):
        return [text[a:b] for a, b in spans_of(text, typed)]

    assert marked("Castellan Logistics", "cast log") == ["Cast", "Log"]
    assert marked("Jörg Müller", "mull") == ["Müll"]
    assert marked("O’Keane", "okeane") == ["O’Keane"]
    assert marked("王小明", "小") == ["小"]
    assert marked("Forecast", "cast") == ["cast"]
    assert marked("Harrow", "zzz") == []
