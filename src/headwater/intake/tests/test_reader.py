"""Reading files: every make of CSV gives the rows a person sees, or a refusal that says where."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import cells, write

from headwater.intake.reader import Limits, UnreadableFile, open_table

DATA = os.environ.get("HEADWATER_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="HEADWATER_DATA names no folder with the real files")
SPECTRUM = ["comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf"]
SPECTRUM += ["quotes_and_newlines", "simple", "simple_crlf", "utf8"]


def messy(*parts: str) -> Path:
    return Path(str(DATA), "messy-csv", *parts)


@needs_data
@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_reads_as_its_authors_expect(name: str) -> None:
    table = open_table(messy("csv-spectrum", f"{name}.csv"))
    expected = json.loads(messy("csv-spectrum", "expected-json", f"{name}.json").read_text("utf-8"))
    assert [dict(zip(table.header, row, strict=True)) for _, row in table.rows()] == expected


@needs_data
def test_location_coordinates_keep_their_replacement_characters() -> None:
    table = open_table(messy("csv-spectrum", "location_coordinates.csv"))
    assert list(table.rows()) == [(2, ["2095257564", "37\ufffd36'37.8\"N 121\ufffd2'17.9\"W", "Modesto", "Stanislaus"])]


@needs_data
def test_a_real_spending_return_keeps_its_footer_as_a_row() -> None:
    table = open_table(messy("clevercsv", "airedale.csv"))
    rows = list(table.rows())
    assert len(table.header) == 8
    assert {len(row) for _, row in rows} == {8}
    assert len(rows) == 54
    assert rows[0][1][-1] == "43,774.58"
    assert rows[-1] == (56, ["Report created October 10 - RX7 RWW", *[""] * 7])


@needs_data
def test_escaped_commas_of_a_real_film_list_stay_inside_their_cell() -> None:
    table = open_table(messy("clevercsv", "imdb.csv"))
    rows = dict(table.rows())
    assert len(rows) == 100
    assert {len(row) for row in rows.values()} == {44}
    assert rows[66][2] == "Dr. Seltsam, oder wie ich lernte, die Bombe zu lieben (1964)"


@needs_data
@pytest.mark.parametrize(
    ("name", "header", "count"),
    [
        ("long-sample", [f"Column {n}" for n in range(1, 8)], 8),
        ("sample-header", ["title", "name"], 2),
        ("sample", ["A", "B", "C"], 1),
        ("slow-sample", ["A", "B", "C"], 1),
        ("utf-8-bom-sample", ["A", "B", "C"], 1),
        ("verylong-sample", ["placeholder", "meaning of life", "TLD"], 2000),
    ],
)
def test_papaparse_samples(name: str, header: list[str], count: int) -> None:
    table = open_table(messy("papaparse", f"{name}.csv"))
    rows = list(table.rows())
    assert (table.header, len(rows)) == (header, count)
    assert {len(row) for _, row in rows} == {len(header)}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f", "¦", ":"])
def test_any_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in [("name", "city", "size")] + [("Anna", "Ulm", "12")] * 5)
    table = open_table(write(tmp_path, text))
    assert table.header == ["name", "city", "size"]
    assert table.dialect.delimiter == delimiter


def test_a_semicolon_file_with_decimal_commas_is_not_cut_at_the_comma(tmp_path: Path) -> None:
    text = "name;amount;city\nAnna;1,50;Ulm, Donau\nOtto;2,75;Bonn, Rhein\n"
    assert cells(write(tmp_path, text)) == [["Anna", "1,50", "Ulm, Donau"], ["Otto", "2,75", "Bonn, Rhein"]]


def test_a_list_of_full_names_stays_one_column(tmp_path: Path) -> None:
    assert cells(write(tmp_path, "Name\nAnna Berg\nOtto Klein\nEva Wolf\n")) == [
        ["Anna Berg"],
        ["Otto Klein"],
        ["Eva Wolf"],
    ]


def test_excels_delimiter_line_is_obeyed_and_left_out(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "sep=;\na;b\n1;2\n"))
    assert table.header == ["a", "b"]
    assert list(table.rows()) == [(3, ["1", "2"])]


def test_single_quotes_are_recognised(tmp_path: Path) -> None:
    text = "name,note\n'Berg, Anna','said ''hi'''\n'Klein, Otto','x'\n"
    assert cells(write(tmp_path, text))[0] == ["Berg, Anna", "said 'hi'"]


def test_backslash_quotes_are_recognised(tmp_path: Path) -> None:
    text = 'name,note\n"Anna","said \\"hi\\", then left"\n"Otto","x"\n'
    assert cells(write(tmp_path, text))[0] == ["Anna", 'said "hi", then left']


def test_quotes_after_a_space_still_quote(tmp_path: Path) -> None:
    text = 'name, city, size\n"Anna", "Ulm, Donau", 1\n"Otto", "Bonn, Rhein", 2\n'
    table = open_table(write(tmp_path, text))
    assert table.header == ["name", "city", "size"]
    assert [row for _, row in table.rows()] == [["Anna", "Ulm, Donau", "1"], ["Otto", "Bonn, Rhein", "2"]]


@pytest.mark.parametrize("filling", [" ", '"', "'", " '", ' "', "\\"])
def test_endless_lines_of_one_letter_do_not_stall_the_sniffing(tmp_path: Path, filling: str) -> None:
    path = write(tmp_path, "a b\n" + filling * 120_000 + "x\n" + "1 2\n" * 20)
    started = time.process_time()
    with contextlib.suppress(UnreadableFile):
        open_table(path)
    assert time.process_time() - started < 5, "judging a quarter of a megabyte takes well under a second"


def test_endless_cells_of_digits_do_not_stall_the_sniffing(tmp_path: Path) -> None:
    text = "a,b\n" + "1" * 100_000 + "x," + " " * 100_000 + "/\n"
    assert len(cells(write(tmp_path, text))) == 1


def test_a_windows_path_is_not_taken_for_an_escape(tmp_path: Path) -> None:
    text = 'name,folder\n"Anna","C:\\mail\\"\n"Otto","D:\\x\\"\n'
    assert cells(write(tmp_path, text)) == [["Anna", "C:\\mail\\"], ["Otto", "D:\\x\\"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_western_text_reads_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    text = "name,city\r\nJürgen Groß,Zürich\r\nZoë Núñez,Málaga\r\n"
    table = open_table(write(tmp_path, text, encoding=encoding))
    assert table.header == ["name", "city"]
    assert [row for _, row in table.rows()] == [["Jürgen Groß", "Zürich"], ["Zoë Núñez", "Málaga"]]


def test_russian_windows_text_is_not_read_as_accents(tmp_path: Path) -> None:
    text = "имя,город\nАнна Петрова,Москва\nИван Сидоров,Новосибирск\nМария Иванова,Екатеринбург\n"
    table = open_table(write(tmp_path, text, encoding="cp1251"))
    assert table.header == ["имя", "город"]


def test_one_odd_byte_in_a_utf8_file_is_mended_and_reported(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "name\nJürgen\nZoë\n".encode() + b"Fran\xe7ois\n"))
    assert [row for _, row in table.rows()] == [["Jürgen"], ["Zoë"], ["François"]]
    assert "Line 4" in table.dialect.notes[0]


def test_a_named_encoding_that_does_not_fit_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, "name,city\nAnna,Ulm\nOtto,Köln\n", encoding="latin-1")
    with pytest.raises(UnreadableFile, match="Line 3, column 2") as refusal:
        open_table(path, encoding="utf-8")
    assert (refusal.value.line, refusal.value.column) == (3, 2)


def test_unknown_encodings_and_long_delimiters_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1,2\n")
    with pytest.raises(UnreadableFile, match="no encoding called"):
        open_table(path, encoding="klingon")
    with pytest.raises(UnreadableFile, match="one character"):
        open_table(path, delimiter="||")


def test_mixed_line_ends_and_blank_lines_keep_line_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, b'a,b\r\n1,2\n\r\n3,"x\r\ny"\r5,6')
    assert list(open_table(path).rows()) == [(2, ["1", "2"]), (4, ["3", "x\r\ny"]), (6, ["5", "6"])]


def test_old_macintosh_line_ends(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, b"a,b\r1,2\r3,4\r"))
    assert [row for _, row in table.rows()] == [["1", "2"], ["3", "4"]]
    assert table.row_count_estimate() == 2


def test_short_rows_are_filled_and_long_rows_keep_their_surplus(tmp_path: Path) -> None:
    rows = cells(write(tmp_path, "a,b,c\n1\n1,2,3,,\n1,2,3,4\n"))
    assert rows == [["1", "", ""], ["1", "2", "3"], ["1", "2", "3", "4"]]


def test_blank_and_repeated_names_are_told_apart(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "Email,,Email,name,\nx@a.de,1,y@a.de,Anna,2\n"))
    assert table.header == ["Email", "Column 2", "Email (2)", "name", "Column 5"]
    assert table.original_header == ["Email", "", "Email", "name", ""]


def test_lines_above_the_table_are_kept_apart(tmp_path: Path) -> None:
    text = "Lead export\nCreated by Anna,,\n\nname,email,city\nOtto,o@x.de,Ulm\nEva,e@x.de,Bonn\n"
    table = open_table(write(tmp_path, text))
    assert table.header == ["name", "email", "city"]
    assert table.dialect.header_line == 4
    assert table.dialect.preamble == ("Lead export", "Created by Anna")
    assert [line for line, _ in table.rows()] == [5, 6]


def test_a_file_without_a_header_gets_numbered_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "Anna,anna@x.de,2024-01-02\nOtto,otto@x.de,2024-01-03\n")
    table = open_table(path)
    assert table.header == ["Column 1", "Column 2", "Column 3"]
    assert len(list(table.rows())) == 2
    assert open_table(path, has_header=True).header[0] == "Anna"


def test_years_as_column_names_are_still_a_header(tmp_path: Path) -> None:
    assert open_table(write(tmp_path, "region,2023,2024\nnorth,10,20\nsouth,30,40\n")).header == [
        "region",
        "2023",
        "2024",
    ]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, "name,email\n"))
    assert (table.header, list(table.rows()), table.row_count_estimate()) == (["name", "email"], [], 0)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\r\n  \n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFile, match="Line 1, column 1: The file is empty"):
        open_table(write(tmp_path, content))


def test_zero_bytes_are_left_out(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, b"name,city\nAn\0na,Ulm and many other places\n"))
    assert list(table.rows()) == [(2, ["Anna", "Ulm and many other places"])]
    assert "zero bytes" in table.dialect.notes[0]


def test_a_quotation_mark_that_is_never_closed_costs_one_line_not_the_file(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, 'a,b\n1,"2,5"\n"3,4\n5,6\n'))
    assert [row for _, row in table.rows()] == [["1", "2,5"], ['"3', "4"], ["5", "6"]]
    assert "Line 3" in table.dialect.notes[0]


def test_a_cell_of_unreasonable_length_is_refused_where_it_begins(tmp_path: Path) -> None:
    huge = 'a,b\n1,"' + "x\n" * 600_000 + '"\n'
    with pytest.raises(UnreadableFile, match="never closed") as refusal:
        cells(write(tmp_path, huge))
    assert refusal.value.line == 2


def test_a_line_of_unreasonable_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="Line 2, column 1: A line is longer"):
        open_table(write(tmp_path, b"a,b\n" + b"x" * 3_000_000))


def test_large_cells_within_reason_are_read(tmp_path: Path) -> None:
    assert cells(write(tmp_path, "a,b\n1," + "x" * 500_000 + "\n"))[0][1] == "x" * 500_000


def test_gzip_is_read_whatever_the_name_and_bombs_are_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    assert len(cells(write(tmp_path, packed, "leads.csv"))) == 100_000
    with pytest.raises(UnreadableFile, match="larger than 1,000 bytes"):
        open_table(write(tmp_path, packed), limits=Limits(file_bytes=1000))
    with pytest.raises(UnreadableFile, match="damaged or cut short"):
        open_table(write(tmp_path, packed[:-20]))


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="3 is the limit"):
        open_table(write(tmp_path, "a,b,c,d\n1,2,3,4\n"), limits=Limits(columns=3))
    later = write(tmp_path, "a,b,c\n" + "1,2,3\n" * 100 + "1,2,3,4\n")
    with pytest.raises(UnreadableFile, match="Line 102, column 4"):
        cells(later, limits=Limits(columns=3))


@pytest.mark.parametrize("start", [b"%PDF-1.7\n", b"\x89PNG\r\n", b"\xd0\xcf\x11\xe0", bytes(range(32)) * 40])
def test_files_that_are_no_tables_are_refused(tmp_path: Path, start: bytes) -> None:
    with pytest.raises(UnreadableFile):
        open_table(write(tmp_path, start))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no file"):
        open_table(tmp_path / "gone.csv")
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        open_table(tmp_path)


def test_reading_resumes_after_the_rows_already_taken(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, 'a,b\n1,"x\ny"\n\n2,z\n3,w\n'))
    assert list(table.rows(start=1)) == [(5, ["2", "z"]), (6, ["3", "w"])]
    assert table.sample(1) == [["1", "x\ny"]]


@pytest.mark.slow
def test_a_long_file_is_streamed(tmp_path: Path) -> None:
    path = write(tmp_path, "name,email,city\n" + "Anna Berg,anna@example.com,Ulm\n" * 200_000)
    tracemalloc.start()
    assert sum(1 for _ in open_table(path).rows()) == 200_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=12)
CELL = TEXT | st.sampled_from(['"', "a\nb", "a\r\nb", '"x", y', ",", ";", "'"])


@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    packed=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    encoding: str,
    line_end: str,
    packed: bool,
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end)
    writer.writerows([["name", "note", "city"], *rows])
    data = buffer.getvalue().encode(encoding)
    path = write(tmp_path_factory.mktemp("round"), gzip.compress(data) if packed else data)
    table = open_table(path, delimiter=delimiter, encoding=encoding, has_header=True)
    assert [row for _, row in table.rows()] == [row for row in rows if any(row)]


def test_a_mark_that_is_never_closed_is_remarked_upon_in_a_file_without_quotation(tmp_path: Path) -> None:
    table = open_table(write(tmp_path, 'Name,Email\n"Unclosed,a1@b.example\nOrla,a2@b.example\n'))
    assert table.sample() == [['"Unclosed', "a1@b.example"], ["Orla", "a2@b.example"]]
    assert any("Line 2: a quotation mark is opened and never closed" in note for note in table.dialect.notes)
