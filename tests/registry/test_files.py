"""Files with the records of every noun, and who has one open: who may, what is refused, what never runs."""

import io
import os
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from makers import AT, nouns_in_turn
from PIL import Image

from headwater.parties import actions as parties
from headwater.parties import queries as party_queries
from headwater.platform.actor import job_actor
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import last_event, undo_last
from headwater.team.actions import file_store, files, presence
from headwater.team.models import Presence, Role, StoredFile
from headwater.team.queries import actor_of
from headwater.team.queries.files import content_of, files_of, folder, thumbnail_of
from headwater.team.queries.presence import who_else
from headwater.team.queries.records import the_record


@pytest.fixture
def of(people):
    return lambda role: actor_of(people[role])


@pytest.fixture
def person(by):
    return parties.add_person(name="Orla Keane", owner_id=by.user_id, by=by, at=AT)


def put(pk, content, name, by, noun="parties.person", at=AT):
    done = files.attach_files(noun=noun, row_id=pk, uploads=[files.Upload(name, [content])], by=by, at=at)
    if done.refused:
        raise Invalid({"files": done.refused})
    return done.files[0]


def sent(content=b"Three printers, two plotters", name="wishes.txt"):
    return SimpleUploadedFile(name, content)


def picture(side=40, kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("key", nouns_in_turn())
def test_whoever_sees_a_record_reads_its_files_and_adds_some_unless_they_only_read(key, role, make, client_of, by, of):
    resource, actor = REGISTRY[key], of(role)
    [pk] = make(key)
    stored = put(pk, b"Confidential", "offer.txt", by, noun=key)
    client, base = client_of(role), f"/{resource.slug}/{pk}"
    sees = actor.may(resource.verb("see")) and resource.rows(actor).filter(pk=pk).exists()
    writes = sees and role != "READ_ONLY"
    for address in (f"{base}/files/{stored.pk}", f"/api/v1{base}/files/{stored.pk}"):
        got = client.get(address)
        assert (got.status_code == 200 and b"".join(got.streaming_content) == b"Confidential") is sees, address
    assert (client.get(f"/api/v1{base}/files").status_code == 200) is sees
    assert (client.post(f"{base}/files", {"files": sent()}).status_code == 302) is writes
    assert (client.post(f"/api/v1{base}/files", {"files": sent()}).status_code == 201) is writes
    assert StoredFile.objects.filter(name="wishes.txt").count() == (2 if writes else 0)
    assert (client.post(f"{base}/presence").status_code == 200) is sees
    if role not in ("OWNER", "ADMINISTRATOR"):
        assert client.post(f"{base}/files/{stored.pk}/delete").status_code in (403, 404)
        assert client.delete(f"/api/v1{base}/files/{stored.pk}").status_code in (403, 404)
    assert StoredFile.objects.get(pk=stored.pk).deleted_at is None


def test_without_signing_in_or_the_token_of_the_page_nothing_goes_in_or_out(person, by, people):
    stored = put(person.pk, b"x", "x.txt", by)
    base = f"/people/{person.pk}"
    assert Client().get(f"{base}/files/{stored.pk}").status_code == 302
    assert Client().get(f"/api/v1{base}/files/{stored.pk}").status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people["OWNER"])
    assert strict.post(f"{base}/files", {"files": sent()}).status_code == 403
    assert strict.post(f"/api/v1{base}/files", {"files": sent()}).status_code == 403
    assert strict.post(f"{base}/files/{stored.pk}/delete").status_code == 403
    assert StoredFile.objects.count() == 1


def test_a_file_is_reached_through_its_own_record_only(person, by, client_of, of):
    hidden = parties.add_person(name="Secret Person", owner_id=of("HEAD_OF_SALES").user_id, by=job_actor("t"), at=AT)
    own = parties.add_person(name="Mine", owner_id=of("INDEPENDENT_REP").user_id, by=job_actor("t"), at=AT)
    stored = put(hidden.pk, picture(), "plan.png", by)
    client = client_of("INDEPENDENT_REP")
    for row in (own.pk, hidden.pk):
        for address in (f"/people/{row}/files/{stored.pk}", f"/api/v1/people/{row}/files/{stored.pk}"):
            assert client.get(address).status_code == 404
        assert client.get(f"/people/{row}/files/{stored.pk}/thumbnail").status_code == 404
        assert client.post(f"/people/{row}/files/{stored.pk}/delete").status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "kind", "is_odd"),
    [
        (b"%PDF-1.7\n%abc", "offer.pdf", "application/pdf", False),
        (b"a;b\n1;2\n", "list.csv", "text/csv", False),
        (b"<!DOCTYPE html><script>alert(1)</script>", "page.html", "text/html", False),
        (b"\xef\xbb\xbf  <html><body onload=alert(1)>", "notes.txt", "text/html", True),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.svg", "image/svg+xml", False),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "logo.png", "image/svg+xml", True),
        (b"<script>alert(1)</script>", "photo.jpg", "text/html", True),
        (b"MZ\x90\x00" + bytes(300), "invoice.pdf", "application/vnd.microsoft.portable-executable", True),
        (b"MZ\x90\x00" + bytes(300), "offer.pdf.exe", "application/vnd.microsoft.portable-executable", False),
        (b"hello", "photo.png", "text/plain", True),
    ],
)
def test_what_a_file_is_its_content_says_and_it_leaves_only_to_be_saved(
    content, name, kind, is_odd, person, by, client_of
):
    stored = put(person.pk, content, name, by)
    assert (stored.media_type, stored.is_odd, stored.has_thumbnail) == (kind, is_odd, False)
    for address in (f"/people/{person.pk}/files/{stored.pk}", f"/api/v1/people/{person.pk}/files/{stored.pk}"):
        got = client_of("OWNER").get(address)
        assert got["Content-Disposition"].startswith("attachment;")
        assert got["X-Content-Type-Options"] == "nosniff" and "sandbox" in got["Content-Security-Policy"]
        assert "no-store" in got["Cache-Control"]
        assert got["Content-Type"] in ("application/octet-stream", "application/pdf", "text/csv")
        assert b"".join(got.streaming_content) == content
    page = client_of("OWNER").get(f"/people/{person.pk}").content.decode()
    assert ("Not what its name says" in page) is is_odd


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/etc/cron.d/x", "x"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("...", "file"),
        ("", "file"),
        ("x\x00.png", "x.png"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ("Angebot für Ümläut 東京.pdf", "Angebot für Ümläut 東京.pdf"),
    ],
)
def test_a_name_is_only_a_name(name, shown, person, by, client_of):
    stored = put(person.pk, b"x", name, by)
    assert stored.name == shown
    path = content_of(stored)
    assert path.parent.parent == folder() and path.read_bytes() == b"x" and len(path.name) == 32
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    got = client_of("OWNER").get(f"/people/{person.pk}/files/{stored.pk}")
    assert "\n" not in got["Content-Disposition"]
    assert "<img src=x" not in client_of("OWNER").get(f"/people/{person.pk}").content.decode()


def test_empty_and_too_large_files_are_left_out_with_the_reason_the_others_are_kept(person, by, client_of, settings):
    settings.FILE_LIMIT = 1 << 20
    before = set(folder().glob("*/*"))
    many = [sent(b"", "empty.txt"), sent(b"x" * (1 << 20) + b"y", "big.bin"), sent(b"fine", "fine.txt")]
    client_of("OWNER").post(f"/people/{person.pk}/files", {"files": many})
    assert [file.name for file in files_of(the_record(by, "parties.person", person.pk))] == ["fine.txt"]
    assert len(set(folder().glob("*/*")) - before) == 1  # nothing is left of the others
    refused = client_of("OWNER").post(f"/api/v1/people/{person.pk}/files", {"files": many[:1]})
    assert refused.status_code == 422 and "empty" in str(refused.json())
    assert client_of("OWNER").post(f"/api/v1/people/{person.pk}/files", {}).status_code == 422
    with pytest.raises(Invalid, match="between 1 and"):
        files.attach_files(
            noun="parties.person", row_id=person.pk, uploads=[files.Upload("x", [b"x"])] * 21, by=by, at=AT
        )


def test_an_image_has_a_small_picture_drawn_anew_without_what_else_was_in_it(person, by, client_of):
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at the secret office"
    Image.new("RGB", (900, 600), "teal").save(out, "JPEG", exif=exif)
    stored = put(person.pk, out.getvalue() + b"<script>alert(1)</script>", "office.jpg", by)
    assert stored.has_thumbnail
    got = client_of("OWNER").get(f"/people/{person.pk}/files/{stored.pk}/thumbnail")
    content = b"".join(got.streaming_content)
    assert got["Content-Type"] == "image/webp" and "sandbox" in got["Content-Security-Policy"]
    assert b"script" not in content and b"secret" not in content
    assert max(Image.open(io.BytesIO(content)).size) == 320


def test_bombs_are_stored_and_never_opened(person, by, monkeypatch):
    monkeypatch.setattr(file_store, "PICTURE_POINTS", 10_000)
    assert not put(person.pk, picture(200), "huge.png", by).has_thumbnail
    assert not put(person.pk, picture()[:60], "torn.png", by).has_thumbnail
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20_000_000))
    monkeypatch.setattr(zipfile.ZipFile, "__init__", lambda *a, **k: pytest.fail("an archive was opened"))
    stored = put(person.pk, out.getvalue(), "bomb.zip", by)
    assert stored.size < 100_000 and not stored.has_thumbnail


def test_a_deleted_file_comes_back_by_undo_until_its_content_is_let_go_of(person, by, of, client_of):
    stored = put(person.pk, picture(), "plan.png", by)
    client = client_of("OWNER")
    client.post(f"/people/{person.pk}/files/{stored.pk}/delete")
    assert client.get(f"/people/{person.pk}/files/{stored.pk}").status_code == 404
    assert "plan.png" not in client.get(f"/people/{person.pk}").content.decode()
    with pytest.raises(NotAllowed):
        undo_last("team.file_deleted", by=of("SERVICE"), at=AT)
    client.post(f"/undo/{last_event('team.file_deleted').pk}")
    assert client.get(f"/people/{person.pk}/files/{stored.pk}").status_code == 200
    files.delete_file(file_id=stored.pk, by=by, at=AT)
    system = job_actor("files")
    assert files.purge_files(by=system, at=AT + timedelta(days=29)) == 0
    assert files.purge_files(by=system, at=AT + timedelta(days=31)) == 1
    assert not content_of(stored).exists() and not thumbnail_of(stored).exists()
    with pytest.raises(NotUndoable):
        undo_last("team.file_deleted", by=by, at=AT)


def test_contents_that_belong_to_no_file_are_swept(person, by):
    stored = put(person.pk, b"kept", "kept.txt", by)
    astray = folder() / "00" / ("0" * 32 + ".part")
    astray.parent.mkdir(parents=True, exist_ok=True)
    astray.write_bytes(b"cut off")
    for path in (astray, content_of(stored)):
        os.utime(path, (0, 0))
    files.sweep_contents(at=AT)
    assert not astray.exists() and content_of(stored).exists()


def test_a_record_that_goes_out_of_sight_meanwhile_keeps_nothing(person, by, of):
    before = set(folder().glob("*/*"))
    with pytest.raises(NotFound):
        put(person.pk, b"x", "x.txt", of("INDEPENDENT_REP"))
    assert set(folder().glob("*/*")) == before


def test_files_stand_on_the_journey_and_come_along_in_a_merge(person, by):
    other = parties.add_person(name="O. Keane", by=by, at=AT)
    stored = put(other.pk, b"x", "contract.txt", by)
    told = [entry for entry in party_queries.timeline(by, other.pk) if entry.verb == "team.file_added"]
    assert [entry.text for entry in told] == ["contract.txt"]
    parties.merge_parties(keep_id=person.pk, merge_ids=[other.pk], by=by, at=AT)
    assert list(files_of(the_record(by, "parties.person", person.pk))) == [stored]


def test_who_has_the_record_open_is_seen_by_the_others_and_for_a_minute_only(person, by, of, client_of):
    record = the_record(by, "parties.person", person.pk)
    presence.note_presence(record=record, by=of("SERVICE"), at=AT)
    presence.note_presence(record=record, by=of("SERVICE"), at=AT + timedelta(seconds=20))
    assert [user.name for user in who_else(record, by, AT + timedelta(seconds=60))] == ["The SERVICE"]
    assert who_else(record, by, AT + timedelta(seconds=71)) == [] == who_else(record, of("SERVICE"), AT)
    client_of("MARKETER").post(f"/people/{person.pk}/presence", HTTP_HX_REQUEST="true")
    part = client_of("OWNER").post(f"/people/{person.pk}/presence", HTTP_HX_REQUEST="true").content.decode()
    assert "The MARKETER has this open too" in part
    assert client_of("OWNER").get(f"/people/{person.pk}/presence").status_code == 405
    presence.sweep_presence(at=AT + timedelta(days=3650))
    assert not Presence.objects.exists()
