"""The client, against the real API: in this process, and over the network."""

import ast
import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.test import Client as Browser

import headwater_client
from headwater.acquire.models import Source
from headwater.api.webhooks.signing import new_secret, signature
from headwater.parties.actions.merging import merge_parties
from headwater.parties.models import Party
from headwater.platform import job as jobs
from headwater.platform.clock import now
from headwater.platform.custom.actions import add_field
from headwater.team.actions.tokens import create_token
from headwater.team.models import Company, User
from headwater.team.queries import actor_of
from headwater_client import Answer, Asked, BadSignature, Client, Http, Job, Problem, Unreachable, verify

AT = datetime(2026, 11, 12, 9, 20, tzinfo=UTC)
FAIR = {"name": "Hannover fair", "channel": "TRADE_SHOW"}


class InProcess:
    """The API of this process, without a network. What ``fails`` says happens to the next requests instead."""

    def __init__(self) -> None:
        self.browser = Browser(raise_request_exception=False)
        self.asked: list[Asked] = []
        self.fails: list[object] = []

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        happens = self.fails.pop(0) if self.fails else None
        if isinstance(happens, Answer):
            return happens
        found = self.browser.generic(
            asked.method, asked.path, asked.body or b"", asked.headers.get("Content-Type", ""),
            headers={name: value for name, value in asked.headers.items() if name != "Content-Type"},
        )  # fmt: skip
        if isinstance(happens, OSError):
            raise happens  # carried out, but the answer was lost
        return Answer(found.status_code, {name.lower(): value for name, value in found.items()}, found.content)


@pytest.fixture
def owner(db):
    Company.objects.update_or_create(pk=1, defaults={"name": "Kestrel", "currency": "EUR", "setup_done_at": AT})
    return User.objects.create(email="erik@kestrel.example", name="Erik", role="OWNER", created_at=AT)


@pytest.fixture
def token(owner):
    return create_token(user_id=owner.pk, name="T", scopes=("write",), by=actor_of(owner), at=AT)[1]


@pytest.fixture
def wire():
    return InProcess()


@pytest.fixture
def slept():
    return []


@pytest.fixture
def headwater(token, wire, slept):
    return Client("https://crm.example", token=token, transport=wire, sleep=slept.append)


def test_a_row_is_made_read_changed_and_worked_on(headwater):
    made = headwater.create("sources", FAIR)
    assert made["name"] == "Hannover fair" and made.etag
    changed = headwater.change("sources", made.id, {"note": "Stand B14"}, if_match=made.etag)
    assert changed["note"] == "Stand B14" and headwater.get("sources", made.id) == changed
    with pytest.raises(Problem) as stale:
        headwater.change("sources", made.id, {"note": "B15"}, if_match=made.etag)
    assert (stale.value.status, stale.value.code) == (412, "stale")
    assert headwater.command("sources", made.id, "archive")["archived_at"]


def test_what_a_write_answers_is_whole_and_of_the_newest_version(headwater, owner):
    by = actor_of(owner)
    seats = add_field(noun="qualify.lead", label="Seats", kind="NUMBER", by=by, at=AT)
    formula = {"kind": "FORMULA", "result": "NUMBER", "formula": f"{seats.key} * 2"}
    double = add_field(noun="qualify.lead", label="Double", **formula, by=by, at=AT)
    made = headwater.create("leads", {"name": "Vera Novak", "interest": "ENQUIRY", seats.key: "4"})
    assert Decimal(made[double.key]) == 8
    changed = headwater.change("leads", made.id, {seats.key: "5"}, if_match=made.etag)
    assert Decimal(changed[double.key]) == 10
    moved = headwater.command("leads", made.id, "move", {"stage": "WORKING"}, if_match=changed.etag)
    assert moved.etag == headwater.get("leads", made.id).etag
    put = headwater.upsert("leads", "shop", "L1", {"name": "Ada Marsh", "interest": "ENQUIRY", seats.key: "6"})
    assert Decimal(put[double.key]) == 12


def test_lists_are_gone_through_page_by_page(headwater, wire):
    for n in range(5):
        headwater.create("sources", {"name": f"Fair {n}", "channel": "TRADE_SHOW" if n else "REFERRAL"})
    page = headwater.list("sources", sort="name", limit=2)
    assert [row["name"] for row in page.items] == ["Fair 0", "Fair 1"] and page.previous is None
    found = headwater.iterate("sources", sort="-name", page=2, channel="TRADE_SHOW")
    assert [row["name"] for row in found] == ["Fair 4", "Fair 3", "Fair 2", "Fair 1"]
    tree = {"any": [{"column": "name", "operator": "is", "value": "Fair 1"}]}
    assert headwater.count("sources", filter=tree).count == 1
    assert headwater.count("sources", channel=["TRADE_SHOW", "REFERRAL"], include_archived=True).count == 5


def test_what_is_refused_says_why(headwater):
    with pytest.raises(Problem) as wrong:
        headwater.create("sources", {"name": "", "channel": "NOPE"})
    assert (wrong.value.status, wrong.value.code) == (422, "invalid") and set(wrong.value.errors) == {"name", "channel"}
    with pytest.raises(Problem) as missing:
        headwater.get("leads", 10**9)
    assert missing.value.status == 404


def test_an_answer_that_got_lost_is_asked_for_again_and_nothing_is_done_twice(headwater, wire, slept):
    wire.fails = [ConnectionResetError("reset"), TimeoutError("timed out")]
    made = headwater.create("sources", FAIR)
    assert Source.objects.get().pk == made.id and len(wire.asked) == 3
    assert len({asked.headers["Idempotency-Key"] for asked in wire.asked}) == 1
    assert len(slept) == 2 and slept[0] < slept[1] * 2


def test_headwater_says_when_to_go_on(headwater, wire, slept):
    busy = Answer(503, {"retry-after": "7"}, b'{"code": "busy"}')
    wire.fails = [Answer(429, {"retry-after": "31"}, b"{}"), busy]
    assert headwater.count("sources").count == 0
    assert slept == [31.0, 7.0]
    wire.fails = [busy] * 5
    with pytest.raises(Problem) as given_up:
        headwater.count("sources")
    assert given_up.value.code == "busy"


def test_who_cannot_be_reached_is_told_with_the_key_to_go_on_with(headwater, wire):
    wire.fails = [ConnectionError("refused")] * 5
    with pytest.raises(Unreachable) as gone:
        headwater.create("sources", FAIR, key="mine-1")
    assert gone.value.key == "mine-1"
    headwater.create("sources", FAIR, key="mine-1")
    assert Source.objects.count() == 1


def test_another_systems_ids_are_made_or_changed(headwater):
    made = headwater.upsert("sources", "erp", "S/1 ü", FAIR)
    again = headwater.upsert("sources", "erp", "S/1 ü", {**FAIR, "note": "B14"})
    assert again.id == made.id and headwater.get_external("sources", "erp", "S/1 ü")["note"] == "B14"


def test_many_rows_go_at_once_and_back(headwater, wire):
    rows = [
        {"external_id": "L1", "name": "Vera Novak", "amount": Decimal("12.50"), "arrived_at": AT},
        {"colour": "red"},
    ]
    wire.fails = [ConnectionResetError("reset")]
    told = headwater.bulk("leads", rows, system="shop")
    assert [item.outcome for item in told.items] == ["created", "rejected"] and told.is_repeated
    assert told.rejected[0][0] == 1 and "There is no such field" in told.rejected[0][1].errors[0]
    lead = headwater.get("leads", told.items[0].id or 0)
    assert (lead["amount"], lead["arrived_at"]) == ("12.50", "2026-11-12T09:20:00Z")
    with pytest.raises(Problem) as none:
        headwater.bulk("leads", [{"name": "A"}, {"colour": "red"}], atomic=True)
    assert set(none.value.errors) == {"rows.1"}
    portions = list(
        headwater.bulk_all("sources", ({"name": f"Fair {n}", "channel": "OTHER"} for n in range(5)), at_once=2)
    )
    assert [len(each.items) for each in portions] == [2, 2, 1]
    assert headwater.undo_import(told.batch)["state"] == "UNDONE"


def test_a_step_for_many_is_waited_for(headwater, owner, monkeypatch):
    few = [headwater.create("people", {"first_name": "Orla", "last_name": f"Keane {n}"}).id for n in range(2)]
    assert headwater.command_many("people", few, "tag", {"tag": "Fair"}) == few
    Party.objects.bulk_create(
        Party(kind="PERSON", name=f"Orla {n}", name_key=f"orla {n}", owner=owner, created_at=AT) for n in range(501)
    )
    many = list(Party.objects.values_list("pk", flat=True))
    job = headwater.command_many("people", many, "tag", {"tag": "VIP"})
    assert isinstance(job, Job) and not job.is_over and job.total == len(many)
    with pytest.raises(TimeoutError):
        headwater.wait(job, every=1, timeout=2)
    monkeypatch.setattr(headwater, "_sleep", lambda _seconds: jobs.run_next(at=now()))
    done = headwater.wait(job)
    assert (done.state, done.done, done.refused) == ("DONE", len(many), {})
    headwater.wait(headwater.undo_job(job.id))
    assert headwater.job(job.id).is_undone


def test_whoever_keeps_a_copy_misses_nothing(headwater):
    start = headwater.changes("latest").next
    made = headwater.create("sources", FAIR)
    headwater.change("sources", made.id, {"note": "B14"})
    heard = [change for portion in headwater.changes_since(start, nouns=["sources"]) for change in portion.items]
    assert [(change.noun, change.record, change.is_here) for change in heard] == [("sources", made.id, True)] * 2
    assert heard[0].verb == "acquire.source_added" and heard[0].recorded_at.tzinfo is not None


def test_a_merged_record_leads_to_the_one_it_became(headwater, owner):
    kept, gone = (headwater.create("people", {"first_name": "Vera", "last_name": f"Novak {n}"}).id for n in (1, 2))
    merge_parties(keep_id=kept, merge_ids=[gone], by=actor_of(owner), at=now())
    assert headwater.get("people", gone).id == kept


def test_webhooks_are_added_and_their_messages_known(headwater):
    made = headwater.add_webhook("https://93.184.216.34/hook", events=["leads"])
    assert made.secret and headwater.webhooks()[0].events == ["leads"]
    headwater.delete_webhook(made.id)
    assert not headwater.webhooks()


def test_a_message_is_known_by_its_signature():
    secret, moment = new_secret(), 1_000_000
    body = json.dumps({"type": "webhook.test", "timestamp": "2026-11-12T09:20:00Z", "data": {}}).encode()
    headers = {"Webhook-Id": "msg_1", "webhook-timestamp": str(moment)}
    headers["webhook-signature"] = "v1,AAAA " + signature(secret, message="msg_1", timestamp=moment, body=body)
    told = verify(secret, headers, body, now=moment + 10)
    assert (told.id, told.type, told.change) == ("msg_1", "webhook.test", None)
    wrong = [
        (new_secret(), headers, body, moment),
        (secret, headers, body + b" ", moment),
        (secret, headers, body, moment + 301),
        (secret, {**headers, "Webhook-Id": "msg_2"}, body, moment),
        (secret, {**headers, "webhook-signature": "v1,ü"}, body, moment),
        (secret, {}, body, moment),
        ("whsec_?", headers, body, moment),
    ]
    for key, said, content, at in wrong:
        with pytest.raises(BadSignature):
            verify(key, said, content, now=at)


def test_the_example_of_the_specification_is_verified():
    """The vector that the libraries of Standard Webhooks test themselves with."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with pytest.raises(KeyError):  # it is theirs; that its body holds nothing of ours shows only afterwards
        verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, b'{"test": 2432232314}', now=1614265330)


@pytest.mark.django_db(transaction=True)
def test_over_the_network_a_connection_is_kept_and_opened_again(token):
    from django.core.handlers.wsgi import WSGIHandler

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args):
            pass

    server = make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        headwater = Client(f"http://127.0.0.1:{server.server_port}", token=token, sleep=lambda _seconds: None)
        made = headwater.create("sources", FAIR)  # this server closes after each answer
        assert headwater.get("sources", made.id)["name"] == "Hannover fair"
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(Unreachable):
        headwater.count("sources")


def test_a_proxys_page_is_a_problem_too():
    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(404)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"<h1>No</h1"[:9])

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        client = Client(f"http://127.0.0.1:{server.server_port}/crm", token="t")
        for _ in range(2):
            with pytest.raises(Problem) as refused:
                client.count("leads")
            assert refused.value.status == 404 and "<h1>" in refused.value.detail
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("url", ["crm.example", "ftp://crm.example", ""])
def test_an_address_is_one(url):
    with pytest.raises(ValueError, match="address"):
        Http(url)


def test_days_moments_and_decimals_go_as_the_api_reads_them(headwater, wire):
    headwater.list("leads", arrived_at__gte=AT.date(), created_at__lt=AT + timedelta(days=1), amount=Decimal("1.50"))
    assert "arrived_at__gte=2026-11-12" in wire.asked[-1].path and "amount=1.50" in wire.asked[-1].path
    with pytest.raises(TypeError):
        headwater.create("sources", {"name": object()})


def test_it_stands_on_the_standard_library_alone():
    for path in Path(headwater_client.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] in {*sys.stdlib_module_names, "headwater_client"}, f"{path.name}: {name}"
