"""Reading workbooks: every make of XLSX gives the rows a person sees, or a refusal that says where."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from table_files import cells, write

from headwater.intake.reader import Limits, UnreadableFile, open_table


def workbook(folder: Path, rows: list[list[object]], *, start: int = 0, sheet: str = "Leads") -> Path:
    path = folder / "file.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", "remove_timezone": True}) as book:
        page = book.add_worksheet(sheet)
        book.add_worksheet("Empty")
        for number, row in enumerate(rows, start):
            page.write_row(number, start, row)
    return path


def test_a_workbook_gives_the_text_a_person_sees(tmp_path: Path) -> None:
    import datetime as dt

    rows: list[list[object]] = [
        ["name", "size", "rate", "since", "active", "note"],
        ["Anna", 12, 0.1, dt.date(2024, 3, 1), True, "x"],
        ["Otto", 1234567, 1.5, dt.datetime(2024, 3, 1, 14, 30), False, None],
    ]
    table = open_table(workbook(tmp_path, rows, start=2))
    assert table.header == ["name", "size", "rate", "since", "active", "note"]
    assert list(table.rows()) == [
        (4, ["Anna", "12", "0.1", "2024-03-01", "TRUE", "x"]),
        (5, ["Otto", "1234567", "1.5", "2024-03-01 14:30:00", "FALSE", ""]),
    ]
    assert table.dialect.sheets == ("Leads", "Empty")
    assert next(table.rows(start=1))[0] == 5 and table.row_count_estimate() == 2


def test_a_gzipped_workbook_and_a_named_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["a", "b"], ["x", 1]])
    packed = write(tmp_path, gzip.compress(path.read_bytes()), "file.xlsx.gz")
    assert cells(packed, sheet="Leads") == [["x", "1"]]
    with pytest.raises(UnreadableFile, match="The workbook has: Leads, Empty"):
        open_table(path, sheet="Orders")
    with pytest.raises(UnreadableFile, match="empty"):
        open_table(path, sheet="Empty")


def test_a_workbook_that_bursts_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["a", "b"], ["x" * 30_000, 1]])
    with pytest.raises(UnreadableFile, match="unpacks to more than"):
        open_table(path, limits=Limits(workbook_bytes=path.stat().st_size + 2000))


def test_one_cell_far_out_does_not_reserve_the_whole_sheet(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["a", "b"])
        page.write(1_048_575, 1_999, "far")
    with pytest.raises(UnreadableFile, match="spans 1,048,576 rows by 2,000 columns"):
        open_table(path)


@pytest.mark.parametrize(
    ("part", "far"),
    [
        ("tables/s.xml", 'r="XFD1048576"'),  # the workbook may name any part as its sheet
        ("worksheets/sheet1.XML", 'r="XFD1048576"'),
        ("worksheets/sheet1.xml", f'r{" " * 70_000}={" " * 70_000}"xfd1048576"'),  # cut by the reading
        ("worksheets/sheet1.xml", 'r="BXX4000"'),  # within the limits, but of two cells only
    ],
)
def test_a_cell_far_out_is_found_wherever_the_sheet_hides(tmp_path: Path, part: str, far: str) -> None:
    honest, path = tmp_path / "honest.xlsx", tmp_path / "bomb.xlsx"
    with xlsxwriter.Workbook(honest) as book:
        book.add_worksheet().write_row(0, 0, ["a", "b"])
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            text = source.read(name).decode().replace("worksheets/sheet1.xml", part)
            cell = f"<c {far}><v>2</v></c>"
            text = text.replace("</sheetData>", f'<row r="2">{cell}</row></sheetData>')
            target.writestr(name.replace("worksheets/sheet1.xml", part), text)
    with pytest.raises(UnreadableFile, match="stray cells"):
        open_table(path)


def test_words_that_stand_for_ever_more_words_are_not_spelled_out(tmp_path: Path) -> None:
    honest, path = tmp_path / "honest.xlsx", tmp_path / "laughs.xlsx"
    with xlsxwriter.Workbook(honest) as book:
        book.add_worksheet().write_row(0, 0, ["a", "b"])
    words = "".join(f'<!ENTITY w{n} "{f"&w{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE sst [<!ENTITY w0 "ha"><!ENTITY file SYSTEM "file:///etc/passwd">{words}]>'
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            text = source.read(name).decode()
            if name.endswith("sharedStrings.xml"):
                text = text.replace("<sst", f"{laughs}<sst", 1).replace(">a<", ">&w9;<").replace(">b<", ">&file;<")
            target.writestr(name, text)
    try:
        read = str(open_table(path).header)
    except UnreadableFile:
        read = ""
    assert "haha" not in read and "root:" not in read


def test_a_wide_sheet_that_is_full_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path, [[f"column {n}" for n in range(60)], *[list(range(60)) for _ in range(100)]])
    assert sum(1 for _ in open_table(path, limits=Limits(hollow_cells=1_000)).rows()) == 100


def test_other_zip_archives_and_damaged_workbooks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "any.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UnreadableFile, match="not a workbook"):
        open_table(path)
    broken = workbook(tmp_path, [["a"], ["x"]]).read_bytes()
    with pytest.raises(UnreadableFile, match="damaged"):
        open_table(write(tmp_path, broken[: len(broken) // 2], "broken.xlsx"))


def book_of(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


LEADS = [["Full name", "Email", "Amount"], ["Orla Keane", "orla@x.example", 5], ["Bas de Wit", "bas@x.example", 7]]


@pytest.mark.parametrize(
    "cover",
    [
        [["Leads of the fair"]],
        [["Leads of the fair"], ["Exported by Marta"], ["12 November"]],
        [["Author", "Marta"], ["Date", "12 November"], ["Rows", "2"]],
        [[]],
        [["Full name", "Email", "Amount"]],
    ],
)
def test_the_first_sheet_that_looks_like_a_table_is_read_and_the_others_are_named(
    tmp_path: Path, cover: list[list[object]]
) -> None:
    table = open_table(book_of(tmp_path / "file.xlsx", {"Cover": cover, "Leads": LEADS, "More": LEADS}))
    assert (table.dialect.sheet, len(table.sample())) == ("Leads", 2)
    assert "This is the sheet “Leads”. The workbook also has “Cover”, “More”." in table.dialect.notes
    assert open_table(tmp_path / "file.xlsx", sheet="More").dialect.sheet == "More"


def test_a_workbook_of_one_sheet_needs_no_remark(tmp_path: Path) -> None:
    assert open_table(book_of(tmp_path / "file.xlsx", {"Leads": LEADS})).dialect.notes == ()


@pytest.mark.parametrize("name", ["list.xlsx", "list.XLSX", "list.xlsx.gz"])
def test_a_text_that_calls_itself_an_excel_file_is_refused_as_such(tmp_path: Path, name: str) -> None:
    content = b"not a zip\n"
    path = write(tmp_path, gzip.compress(content) if name.endswith(".gz") else content, name)
    with pytest.raises(UnreadableFile, match="but it is none"):
        open_table(path)
