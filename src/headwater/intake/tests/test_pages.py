"""The pages of imports: from a file in the browser to rows, their check, their undo, and what is refused."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from headwater.intake.batches import files_folder, importer_of
from headwater.intake.errors import UnreadableFile
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Pass, Profile
from headwater.intake.queries import batch_choices
from headwater.intake.run import import_file
from headwater.parties.models import Tag
from headwater.platform import job
from headwater.platform.clock import now
from headwater.qualify.models import Lead
from headwater.team.models import Company, Role, User
from headwater.team.queries import actor_of

State = ImportBatch.State
TABLE = "Id,Name,Rank,Seen,Colour\n1,anna,1,2026-01-05,red\n2,berta,two,2026-01-06,rouge\n3,bad carl,3,2026-01-07,\n"


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(pk=1, name="Kestrel", time_zone="Europe/Amsterdam", currency="EUR", country="NL")


def signed_in(role: str) -> Client:
    user = User.objects.create(email=f"{role.lower()}@example.com", name=role.title(), role=role, created_at=now())
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(company: Company) -> Client:
    return signed_in(Role.OWNER)


def work() -> None:
    while job.run_next(at=now()):
        pass


def upload(client: Client, text: str | bytes = TABLE, name: str = "tags.csv", kind: str = "tags", **more: Any) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return client.post("/imports/new", {"kind": kind, "file": SimpleUploadedFile(name, data), **more})


def mapping(client: Client, batch: ImportBatch, **changed: str) -> Any:
    said = {"to-0": "external_id", "to-1": "name", "to-2": "rank", "to-3": "seen_on", "to-4": "colour", "then": "look"}
    return client.post(f"/imports/{batch.pk}/columns", {**said, **changed})


def test_a_file_is_matched_checked_imported_and_taken_back(owner: Client, transactional_db: None) -> None:
    answer = upload(owner)
    batch = ImportBatch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/imports/{batch.pk}/columns")
    page = owner.get(answer["Location"]).content.decode()
    assert "“two” is not a whole number" in page or "“two” is not a number" in page
    assert "“rouge”" in page
    assert '<option value="external_id" selected>' in page

    answer = mapping(owner, batch, then="check", **{"word-4-0": "rouge", "means-4-0": "red"})
    assert answer["Location"] == f"/imports/{batch.pk}"
    waiting = owner.get(f"/imports/{batch.pk}").content.decode()
    assert "Checking every row" in waiting
    work()
    assert owner.get(f"/imports/{batch.pk}/progress", headers={"HX-Request": "true"})["HX-Redirect"]
    checked = owner.get(f"/imports/{batch.pk}").content.decode()
    assert "Will be created" in checked
    assert "Import 1 row" in checked
    assert "“bad carl” is bad." in checked
    assert not Tag.objects.exists()

    owner.post(f"/imports/{batch.pk}/start")
    work()
    batch.refresh_from_db()
    assert (batch.state, batch.created, batch.rejected) == (State.DONE, 1, 2)
    assert "Undo this import" in owner.get(f"/imports/{batch.pk}").content.decode()
    report = owner.get(f"/imports/{batch.pk}/left-out.csv")
    assert report["Content-Disposition"].startswith("attachment")
    assert report["X-Content-Type-Options"] == "nosniff"
    assert "bad carl" in b"".join(report.streaming_content).decode("utf-8-sig")

    owner.post(f"/imports/{batch.pk}/undo")
    assert not Tag.objects.exists()
    assert "Removed" in owner.get(f"/imports/{batch.pk}").content.decode()
    assert "Undone" in owner.get("/imports").content.decode()


def test_what_is_decided_about_columns_is_kept_and_can_be_saved_as_a_profile(owner: Client) -> None:
    upload(owner)
    batch = ImportBatch.objects.get()
    mapping(owner, batch, **{"to-4": "-", "to-2": "", "fix-colour": "blue", "date_order": "ymd", "system": "crm"})
    batch.refresh_from_db()
    assert batch.profile["columns"] == {
        "Id": "external_id", "Name": "name", "Rank": "", "Seen": "seen_on", "Colour": "-"
    }  # fmt: skip
    assert batch.profile["fixed"] == {"colour": "blue"}
    assert batch.profile["file"] == {"date_order": "ymd"}
    assert batch.system == "crm"
    mapping(owner, batch, then="keep", profile_name="My tags / 1", **{"to-4": "-", "to-2": ""})
    saved = Path(settings.HOME.profiles) / "My-tags-1.toml"
    try:
        assert 'Id = "external_id"' in saved.read_text()
        upload(owner, name="other.csv")
        assert ImportBatch.objects.latest("pk").profile["name"] == "My-tags-1"
        fresh = ImportBatch.objects.latest("pk")
        mapping(owner, fresh, then="use", profile="")
        fresh.refresh_from_db()
        assert fresh.profile["name"] == "other"
    finally:
        saved.unlink()


def test_a_mapping_that_is_not_complete_says_what_is_missing(owner: Client) -> None:
    upload(owner)
    batch = ImportBatch.objects.get()
    page = mapping(owner, batch, then="check", **{"to-1": "", "to-0": "rank"})
    assert page.status_code == 200
    assert "<b>Name</b> is needed" in page.content.decode()
    assert "Two columns go to <b>Rank</b>" in page.content.decode()
    batch.refresh_from_db()
    assert batch.state == State.DRAFT


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"%PDF-1.7 whatever", "list.csv", "PDF"),
        (b"a,b\n1,2\n", "list.exe", "Choose a CSV or XLSX file"),
        (b"", "empty.csv", "The file is empty"),
        (b"\n\n", "blank.csv", "empty"),
        (b"PK\x03\x04nonsense", "list.xlsx", "not taken"),
    ],
)
def test_what_is_no_table_is_refused_and_nothing_of_it_is_kept(
    owner: Client, data: bytes, name: str, says: str
) -> None:
    before = set(files_folder().iterdir())
    answer = upload(owner, data, name)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert set(files_folder().iterdir()) == before
    assert not ImportBatch.objects.exists()


def test_a_file_that_is_too_large_is_cut_off_while_it_arrives(owner: Client, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 1 << 20
    answer = upload(owner, "id,name\n" + "x,y\n" * 400_000)
    assert answer.status_code == 422
    assert "larger than 1 MB" in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_file_keeps_no_name_of_its_own_on_the_disk_and_is_never_served(owner: Client) -> None:
    upload(owner, name="../../../etc/passwd.csv")
    batch = ImportBatch.objects.get()
    assert batch.name == "passwd.csv"
    assert (files_folder() / batch.file).parent == files_folder()
    assert "passwd" not in batch.file
    for address in (f"/imports/{batch.file}", f"/static/{batch.file}", f"/imports/{batch.pk}/left-out.csv"):
        assert owner.get(address).status_code == 404


def test_the_sample_file_shows_what_happens_to_broken_rows(owner: Client, transactional_db: None) -> None:
    answer = owner.post("/imports/new", {"sample": "1", "kind": "leads"})
    batch = ImportBatch.objects.get()
    page = owner.get(answer["Location"]).content.decode()
    assert page.count(" selected>") >= 11
    owner.post(f"/imports/{batch.pk}/check")
    work()
    batch.refresh_from_db()
    assert (batch.created, batch.rejected) == (36, 4)
    owner.post(f"/imports/{batch.pk}/start")
    work()
    assert Lead.objects.count() == 36
    assert owner.get("/imports/sample.csv")["Content-Disposition"].startswith("attachment")


def test_who_may_not_import_sees_nothing_of_it(company: Company) -> None:
    owner = signed_in(Role.OWNER)
    upload(owner)
    batch = ImportBatch.objects.get()
    reader = signed_in(Role.READ_ONLY)
    for address in ("/imports", "/imports/new", f"/imports/{batch.pk}", f"/imports/{batch.pk}/columns"):
        assert reader.get(address).status_code == 403
    for what in ("check", "start", "stop", "undo", "discard", "resume"):
        assert reader.post(f"/imports/{batch.pk}/{what}").status_code == 403
        assert owner.get(f"/imports/{batch.pk}/{what}").status_code == 405
    assert owner.get("/imports/999").status_code == 404


def test_a_check_can_be_stopped_and_a_draft_discarded(owner: Client) -> None:
    upload(owner)
    batch = ImportBatch.objects.get()
    owner.post(f"/imports/{batch.pk}/check")
    owner.post(f"/imports/{batch.pk}/stop")
    batch.refresh_from_db()
    assert batch.state == State.DRAFT
    work()
    path = files_folder() / batch.file
    assert path.exists()
    owner.post(f"/imports/{batch.pk}/discard")
    assert not ImportBatch.objects.exists()
    assert not path.exists()


def test_a_file_that_changed_its_mind_after_the_upload_fails_with_words(owner: Client) -> None:
    upload(owner)
    batch = ImportBatch.objects.get()
    owner.post(f"/imports/{batch.pk}/check")
    (files_folder() / batch.file).write_text("Nothing,Else\n1,2\n")
    work()
    page = owner.get(f"/imports/{batch.pk}").content.decode()
    assert "The check could not finish" in page
    assert "no column" in page
    (files_folder() / batch.file).unlink()
    assert owner.get(f"/imports/{batch.pk}/columns").status_code == 409


def test_excel_files_come_in_as_well(owner: Client) -> None:
    import xlsxwriter

    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet("People")
        for number, row in enumerate((["Id", "Name"], [1, "anna"], [2, "berta"])):
            sheet.write_row(number, 0, row)
    answer = upload(owner, data.getvalue(), "people.xlsx")
    page = owner.get(answer["Location"]).content.decode()
    assert "Excel, sheet People" in page


def test_another_sheet_is_matched_anew(owner: Client) -> None:
    import xlsxwriter

    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        for name, head in (("Plan", ("Hall", "Stand", "Size")), ("Tags", ("Id", "Name", "Seen"))):
            sheet = book.add_worksheet(name)
            for number, row in enumerate((head, (1, "anna", "2026-01-05"), (2, "berta", "2026-01-06"))):
                sheet.write_row(number, 0, row)
    upload(owner, data.getvalue(), "tags.xlsx")
    batch = ImportBatch.objects.get()
    path = files_folder() / batch.file
    profile = Profile("tags", (Pass("tags", "here", {"Colour": ("colour",), "Name": ("name",)}),))
    with pytest.raises(UnreadableFile, match="Its other sheets are “Tags”"):
        import_file(path, kind="tags", profile=profile, by=actor_of(User.objects.get()), at=now())
    batch = ImportBatch.objects.get(pk=batch.pk)
    owner.post(f"/imports/{batch.pk}/columns", {"sheet": "Tags", "then": "look", "to-0": "", "to-1": "", "to-2": ""})
    batch.refresh_from_db()
    assert batch.profile["columns"] == {"Id": "external_id", "Name": "name", "Seen": "seen_on"}
    page = owner.get(f"/imports/{batch.pk}/columns").content.decode()
    assert "This is the sheet “Tags”. The workbook also has “Plan”." in page


def test_the_undo_is_offered_only_to_those_who_may_do_all_of_it(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(owner)
    batch = ImportBatch.objects.get()
    mapping(owner, batch)
    owner.post(f"/imports/{batch.pk}/start")
    work()
    orders = replace(importer_of("tags"), verb="sell.order.import")
    monkeypatch.setattr("headwater.intake.undoing.importer_of", lambda kind: orders)
    assert "Undo this import" in owner.get(f"/imports/{batch.pk}").content.decode()
    assert "Undo this import" not in signed_in(Role.MARKETER).get(f"/imports/{batch.pk}").content.decode()


def test_a_large_undo_goes_to_the_worker(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater.intake.undoing.UNDO_AT_ONCE", 1)
    upload(owner, "Id,Name\n1,a\n2,b\n3,used\n")
    batch = ImportBatch.objects.get()
    owner.post(f"/imports/{batch.pk}/start")
    work()
    owner.post(f"/imports/{batch.pk}/undo")
    assert "Taking back" in owner.get(f"/imports/{batch.pk}").content.decode()
    work()
    page = owner.get(f"/imports/{batch.pk}").content.decode()
    assert "What stays, and why" in page
    assert "somebody uses it" in page


def test_the_list_asks_the_same_number_of_questions_for_two_imports_and_for_twenty(owner: Client) -> None:
    from headwater.platform.testing import count_queries

    def asked() -> int:
        owner.get("/imports")
        with count_queries() as found:
            owner.get("/imports")
        return len(found)

    user = User.objects.get()
    for count in (2, 18):
        for _ in range(count):
            ImportBatch.objects.create(kind="tags", name="x", file="x", system="x", user=user, created_at=now())
        questions = asked()
        assert questions < 14
    assert questions == asked()


LEADS = """Name,Company,E-mail,Source
Eva Brandt,Maris Hotels,eva@maris.example,Fair
Tom Roy,Maris Hotels,tom@maris.example,Fair
"""


def test_what_an_import_brought_is_one_click_away_and_any_list_can_be_cut_down_to_it(
    owner: Client, company: Company
) -> None:
    by = actor_of(User.objects.get())
    path = files_folder() / "leads.csv"
    batches = []
    for text in (LEADS, LEADS.replace("Tom Roy", "Ann Poe").replace("tom@", "ann@")):
        path.write_text(text)
        batches.append(import_file(path, kind="leads", by=by, at=now()))
    first, second = batches
    assert (first.created, second.created) == (2, 1)
    page = owner.get(f"/imports/{first.pk}").content.decode()
    assert f'href="/leads?batch={first.pk}"' in page
    assert f'href="/people?batch={first.pk}">2 people' in page
    assert f'href="/organisations?batch={first.pk}">1 company' in page
    shown = owner.get(f"/leads?batch={second.pk}").content.decode()
    assert "Ann Poe" in shown and "Eva Brandt" not in shown and "leads.csv" in shown
    counted = owner.get(f"/api/v1/leads?batch={first.pk}").json()["items"]
    assert [row["batch"] for row in counted] == [{"id": first.pk, "name": f"Import {first.pk}"}] * 2
    assert f'value="{first.pk}"' in owner.get("/leads/filter?column=batch").content.decode()


def test_who_may_not_see_imports_gets_no_list_of_them_to_filter_by(company: Company) -> None:
    reader = User.objects.create(email="r@example.com", name="Rea", role=Role.READ_ONLY, created_at=now())
    assert batch_choices(actor_of(reader)) == []


def test_numbers_that_stay_text_are_counted_before_anything_is_written(owner: Client) -> None:
    rows = ["020 794 1234", "+31 20 794 1235", "ask Orla", "030 22", ""]
    upload(owner, "Name,Phone\n" + "".join(f"P {n},{phone}\n" for n, phone in enumerate(rows)), kind="people")
    page = owner.get(f"/imports/{ImportBatch.objects.get().pk}/columns").content.decode()
    assert "2: “" in page and "cannot be read; it is kept as text" in page and "50" in page
    Company.objects.update(country="")
    without = owner.get(f"/imports/{ImportBatch.objects.get().pk}/columns").content.decode()
    assert "3: “" in without, "without a country only numbers with a prefix are read"


def test_numbers_are_looked_at_in_the_country_of_their_row(owner: Client) -> None:
    Company.objects.update(country="")
    rows = ["030 123456,Deutschland", "020 794 1234,NL", "030 22,Germany", "030 123456,Atlantis"]
    upload(owner, "Name,Phone,Country\n" + "".join(f"P {n},{row}\n" for n, row in enumerate(rows)), kind="people")
    page = owner.get(f"/imports/{ImportBatch.objects.get().pk}/columns").content.decode()
    assert "2: “" in page and "has no country yet" not in page


def test_each_reader_is_told_in_their_language_why_rows_were_left_out(owner: Client, transactional_db: None) -> None:
    upload(owner)
    batch = ImportBatch.objects.get()
    mapping(owner, batch, then="check")
    work()
    batch.refresh_from_db()
    assert "Rank: … is not a number." in batch.reasons
    User.objects.update(language="de")
    page = owner.get(f"/imports/{batch.pk}").content.decode()
    assert "Rank: “two” ist keine Zahl." in page
    assert "Rank: … ist keine Zahl." in page
    assert "not a number" not in page


def test_what_older_imports_wrote_down_is_shown_as_it_is(owner: Client) -> None:
    batch = ImportBatch.objects.create(
        kind="tags", name="old.csv", system="crm", created_at=now(), state=State.DONE, error="It broke.",
        checkpoint={"reasons": {"Rank: … is wrong": 2}, "guesses": ["Seen: day first"]},
        undo_report={"removed": 1, "kept": [{"kind": "tags", "id": 1, "title": "A", "reason": "changed since"}]},
    )  # fmt: skip
    assert (batch.reasons, batch.guesses, batch.trouble) == ({"Rank: … is wrong": 2}, ["Seen: day first"], "It broke.")
    assert batch.undone["kept"][0]["reason"] == "changed since"
