"""Webhooks: another program is told what happens, in order, signed, and again where it was not taken."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation

from headwater.api.models import Webhook, WebhookDelivery
from headwater.api.webhooks import actions, delivering, queries, sending
from headwater.api.webhooks.delivering import deliver_next, forget_deliveries
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event
from headwater.team.actions.tokens import create_token, revoke_token
from headwater.team.models import User
from headwater.team.queries import actor_by_ref, actor_of
from headwater_client.webhooks import BadSignature, verify

JSON = "application/json"


@pytest.fixture
def add(by, receiver):
    """A webhook of the receiver, with its secret."""

    def made(*events, actor=by):
        return actions.add_webhook(url=receiver.url, events=events, by=actor, at=now())

    return made


def work():
    """The worker, until nothing is left to do at this moment."""
    while deliver_next():
        pass


def heard(receiver):
    return [json.loads(body)["data"].get("record") for _headers, body in receiver.got]


def later(webhook, **much):
    """Time passes: what was waited for is due."""
    back = timedelta(**much)
    row = Webhook.objects.get(pk=webhook.pk)
    row.retry_at = row.retry_at - back if row.retry_at else None
    row.failing_since = row.failing_since - back if row.failing_since else None
    row.save()


def test_what_happens_is_told_in_order_and_signed_as_the_standard_has_it(add, happen, receiver):
    happen()
    webhook, secret = add()
    ids = happen(3)
    work()
    assert heard(receiver) == ids, "from the moment it was added, in order"
    headers, body = receiver.got[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert abs(int(headers["webhook-timestamp"]) - now().timestamp()) < 60
    message = json.loads(body)
    assert message["type"] == "acquire.source_added" and message["timestamp"].endswith("Z")
    assert message["data"]["noun"] == "sources" and message["data"]["is_here"] is True
    log = WebhookDelivery.objects.filter(webhook=webhook).order_by("pk")
    assert [row.state for row in log] == ["DELIVERED"] * 3 and log[0].status == 200 and log[0].answer == "thanks"
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 3
    work()
    assert len(receiver.got) == 3, "nothing is told twice"


def test_only_what_was_asked_for_is_told(add, happen, receiver, program):
    by_verb, _ = add("acquire.source_archived")
    add("people")
    [pk] = happen()
    assert program.post(f"/api/v1/sources/{pk}/do/archive", content_type=JSON).status_code == 200
    work()
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["acquire.source_archived"]
    assert {row.webhook_id for row in WebhookDelivery.objects.all()} == {by_verb.pk}
    with pytest.raises(Invalid):
        add("nothing.happens")


def test_the_next_message_waits_for_the_one_before(add, happen, receiver):
    webhook, _ = add()
    ids = happen(2)
    receiver.status = 500
    work()
    assert heard(receiver) == ids[:1], "the second one waits"
    row = Webhook.objects.get(pk=webhook.pk)
    assert row.attempts == 1 and row.failing_since and row.retry_at > now()
    later(webhook, seconds=10)
    work()
    later(webhook, seconds=10)
    work()
    assert heard(receiver) == [ids[0]] * 2, "the pauses grow: ten seconds are not enough the second time"
    receiver.status = 204
    later(webhook, seconds=60)
    work()
    assert heard(receiver) == [ids[0]] * 3 + [ids[1]]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2, "sent again under the same id"
    first = WebhookDelivery.objects.order_by("pk")[0]
    assert (first.state, first.attempts, first.status) == ("DELIVERED", 3, 204)
    assert Webhook.objects.get(pk=webhook.pk).failing_since is None


def test_who_takes_nothing_for_a_day_is_switched_off_and_somebody_is_told(add, happen, receiver, client_of):
    webhook, _ = add()
    ids = happen(2)
    receiver.status = 503
    work()
    later(webhook, hours=23)
    work()
    assert Webhook.objects.get(pk=webhook.pk).is_active
    later(webhook, hours=5)
    work()
    row = Webhook.objects.get(pk=webhook.pk)
    assert not row.is_active and "for a day" in row.off_reason
    assert Event.objects.filter(verb="api.webhook_switched_off").count() == 1
    assert "Webhooks that were switched off" in client_of("ADMINISTRATOR").get("/").content.decode()
    assert "Webhooks that were switched off" not in client_of("FIELD_REP").get("/").content.decode()
    receiver.status, before = 200, len(receiver.got)
    client_of("OWNER").post(f"/settings/webhooks/{webhook.pk}/on")
    work()
    assert heard(receiver)[before:] == ids, "nothing is lost"


def test_a_receiver_that_is_gone_is_not_asked_again(add, happen, receiver):
    webhook, _ = add()
    happen()
    receiver.status = 410
    work()
    assert not Webhook.objects.get(pk=webhook.pk).is_active


def test_a_receiver_that_answers_a_letter_at_a_time_is_cut_off(add, happen, receiver, slowly, monkeypatch):
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.3)
    receiver.answer = slowly
    add()
    happen()
    work()
    row = WebhookDelivery.objects.get()
    assert row.state == "RETRYING" and row.status is None and "No whole answer" in row.answer


def test_a_receiver_whose_handshake_never_ends_is_cut_off(add, happen, monkeypatch):
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.3)
    over = threading.Event()

    def drip(server):
        taken, _address = server.accept()
        with taken:
            taken.sendall(b"\x16\x03\x03\x40\x00")  # a record of TLS, with 16 kB to come
            while not over.wait(0.05):
                taken.sendall(b"2")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        add()
        Webhook.objects.update(url=f"https://127.0.0.1:{server.getsockname()[1]}/")
        happen()
        began = time.monotonic()
        work()
        over.set()
    assert time.monotonic() - began < 3
    assert "No whole answer" in WebhookDelivery.objects.get().answer


def test_why_nothing_came_back_is_said_in_the_language_of_the_reader(add, happen, by, client_of):
    webhook, _ = add()
    happen()
    with translation.override("es"):  # whatever the worker speaks
        Webhook.objects.update(url="http://no.such.name.invalid/")
        work()
    User.objects.filter(pk=by.user_id).update(language="de")
    page = client_of("OWNER").get(f"/settings/webhooks/{webhook.pk}").content.decode()
    assert "Der Name der Adresse lässt sich nicht auflösen." in page


def test_nothing_is_sent_once_a_name_took_all_the_time(add, happen, receiver, monkeypatch):
    add()
    happen()
    found = socket.getaddrinfo

    def slow(*asked, **more):
        time.sleep(0.4)
        return found(*asked, **more)

    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    work()
    assert not receiver.got and "No whole answer" in WebhookDelivery.objects.get().answer


def test_no_message_leaves_after_another_worker_may_have_taken_it():
    assert timedelta(seconds=sending.TOTAL_SECONDS) < delivering.LEASE


def test_a_receiver_that_never_answers_or_is_not_there_is_tried_again(add, happen, receiver, monkeypatch):
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.2)
    over = threading.Event()
    receiver.answer = lambda handler: over.wait(5)
    add()
    happen()
    work()
    over.set()
    assert WebhookDelivery.objects.get().state == "RETRYING"
    Webhook.objects.update(url="http://127.0.0.1:9/", retry_at=None)
    work()
    row = WebhookDelivery.objects.get()
    assert row.attempts == 2 and "refused" in row.answer.lower()


def test_an_endless_answer_is_read_a_little(add, happen, receiver):
    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n\x00" + "é".encode() * 3_000_000)

    receiver.answer = endless
    add()
    happen()
    work()
    row = WebhookDelivery.objects.get()
    assert row.state == "DELIVERED" and len(row.answer) <= 500 and "\x00" not in row.answer


def test_redirects_are_not_followed(add, happen, receiver):
    def elsewhere(handler):
        handler.send_response(307)
        handler.send_header("Location", receiver.url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answer = elsewhere
    add()
    happen()
    work()
    assert len(receiver.got) == 1 and WebhookDelivery.objects.get().status == 307
    assert WebhookDelivery.objects.get().state == "RETRYING"


def test_a_worker_that_dies_leaves_its_message_to_the_next_one(add, happen, receiver, monkeypatch):
    webhook, _ = add()
    ids = happen(2)

    class Killed(BaseException):
        pass

    def dies(self, *args, **kwargs):
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(delivering._Turn, "_note", dies)
        deliver_next()
    # A killed process gives nothing back: its lease has to end first.
    Webhook.objects.filter(pk=webhook.pk).update(lease_until=now() + timedelta(seconds=30))
    work()
    assert heard(receiver) == ids[:1]
    Webhook.objects.filter(pk=webhook.pk).update(lease_until=now() - timedelta(seconds=1))
    work()
    assert heard(receiver) == [ids[0], *ids]
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"], "the receiver can tell"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_it_once(add, happen, receiver):
    add()
    ids = happen(5)

    def run():
        work()
        connection.close()

    workers = [threading.Thread(target=run) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert heard(receiver) == ids


def test_it_hears_what_whoever_made_it_may_see(add, happen, receiver, people, by):
    _token, _ = create_token(user_id=by.user_id, name="T", scopes=("api.webhook.*", "parties.*"), by=by, at=now())
    narrow = actor_by_ref(f"token:{_token.pk}")
    webhook, _ = add(actor=narrow)
    happen()
    work()
    assert receiver.got == [], "the token does not reach sources"
    revoke_token(token_id=_token.pk, by=by, at=now())
    happen()
    work()
    row = Webhook.objects.get(pk=webhook.pk)
    assert not row.is_active and "token" in row.off_reason
    with pytest.raises(NotAllowed):
        add(actor=actor_of(people["FIELD_REP"]))


def test_whoever_may_no_longer_have_webhooks_hears_no_more(add, happen, receiver, people):
    webhook, _ = add(actor=actor_of(people["ADMINISTRATOR"]))
    type(people["ADMINISTRATOR"]).objects.filter(role="ADMINISTRATOR").update(role="FIELD_REP")
    happen()
    work()
    assert receiver.got == [] and not Webhook.objects.get(pk=webhook.pk).is_active


def test_one_message_or_all_since_a_moment_are_sent_again(add, happen, receiver, program):
    webhook, _ = add()
    ids = happen(3)
    work()
    one = WebhookDelivery.objects.order_by("pk")[1]
    assert (
        program.post(f"/api/v1/webhooks/{webhook.pk}/deliveries/{one.pk}/replay", content_type=JSON).status_code == 202
    )
    work()
    assert heard(receiver)[3:] == [ids[1]] and receiver.got[3][0]["webhook-id"] == one.message
    since = json.dumps({"since": (now() - timedelta(hours=1)).isoformat()})
    assert program.post(f"/api/v1/webhooks/{webhook.pk}/replay", since, content_type=JSON).status_code == 202
    work()
    assert heard(receiver)[4:] == ids and WebhookDelivery.objects.count() == 3
    soon = json.dumps({"since": (now() + timedelta(hours=1)).isoformat()})
    assert program.post(f"/api/v1/webhooks/{webhook.pk}/replay", soon, content_type=JSON).status_code == 202
    work()
    assert len(receiver.got) == 7


def test_a_test_is_sent_also_where_it_is_off(add, receiver, program):
    webhook, _ = add()
    assert program.patch(f"/api/v1/webhooks/{webhook.pk}", '{"is_active": false}', content_type=JSON).status_code == 200
    assert program.post(f"/api/v1/webhooks/{webhook.pk}/test", content_type=JSON).status_code == 202
    work()
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["webhook.test"]
    assert program.get(f"/api/v1/webhooks/{webhook.pk}/deliveries").json()["items"][0]["state"] == "DELIVERED"


def test_through_the_api_the_secret_is_told_once(program, receiver):
    made = program.post("/api/v1/webhooks", json.dumps({"url": receiver.url, "events": ["leads"]}), content_type=JSON)
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    where = made["Location"]
    assert (
        "secret" not in program.get(where).json() and "secret" not in program.get("/api/v1/webhooks").json()["items"][0]
    )
    assert made.json()["secret"] not in Webhook.objects.get().sealed
    renewed = program.post(f"{where}/secret", content_type=JSON).json()["secret"]
    assert renewed != made.json()["secret"]
    changed = program.patch(where, json.dumps({"events": [], "label": "ERP"}), content_type=JSON).json()
    assert (changed["events"], changed["label"], changed["url"]) == ([], "ERP", receiver.url)
    assert program.delete(where).status_code == 204 and program.get(where).status_code == 404


def test_with_a_new_secret_the_old_one_is_good_for_a_day(add, happen, receiver, by):
    webhook, old = add()
    _, new = actions.renew_secret(webhook_id=webhook.pk, by=by, at=now())
    happen()
    work()
    assert [reads(secret, receiver.got[-1]) for secret in (old, new)] == [True, True]
    Webhook.objects.update(overlap_until=now())
    happen()
    work()
    assert [reads(secret, receiver.got[-1]) for secret in (old, new)] == [False, True]
    _, newest = actions.renew_secret(webhook_id=webhook.pk, by=by, at=now())
    actions.renew_secret(webhook_id=webhook.pk, by=by, at=now())
    happen()
    work()
    assert not reads(new, receiver.got[-1]) and reads(newest, receiver.got[-1]), "asked twice, the oldest ended"


def reads(secret, message):
    """Whether a receiver with this secret takes the message for ours."""
    headers, body = message
    try:
        return bool(verify(secret, dict(headers), body))
    except BadSignature:
        return False


def test_deliveries_come_in_pages(add, happen, receiver, program):
    webhook, _ = add()
    happen(5)
    work()
    seen, before = [], ""
    while True:
        params = {"limit": 2} | ({"before": before} if before else {})
        page = program.get(f"/api/v1/webhooks/{webhook.pk}/deliveries", params).json()
        seen += [item["id"] for item in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert seen == sorted(seen, reverse=True) and len(seen) == 5


def test_a_name_that_leads_inside_later_is_not_followed(add, happen, receiver, settings):
    """The name was fine when it was typed in; now it leads to this machine, which nobody named."""
    add()
    happen()
    settings.WEBHOOK_NETWORKS = []
    Webhook.objects.update(url=f"https://localhost:{receiver.port}/")
    work()
    assert receiver.got == [] and "private network" in WebhookDelivery.objects.get().answer


def test_what_was_sent_is_forgotten_after_thirty_days(add, happen, receiver):
    add()
    happen()
    work()
    forget_deliveries(now() + timedelta(days=29))
    assert WebhookDelivery.objects.count() == 1
    forget_deliveries(now() + timedelta(days=31))
    assert not WebhookDelivery.objects.exists()


def test_the_pages_add_show_and_mend_a_webhook(client_of, happen, receiver):
    owner = client_of("OWNER")
    told = ["sources", "qualify.lead_moved"]
    made = owner.post("/settings/webhooks", {"url": receiver.url, "label": "ERP", "events": told})
    page = made.content.decode()
    assert made.status_code == 200 and "whsec_" in page
    assert "Lead moved from … to …" in page and "qualify.lead_moved</code>" in page
    assert "whsec_" not in owner.get("/settings/webhooks").content.decode()
    wrong = owner.post("/settings/webhooks", {"url": "https://10.0.0.1/"})
    assert wrong.status_code == 422 and "private network" in wrong.content.decode()
    where = f"/settings/webhooks/{Webhook.objects.get().pk}"
    receiver.status = 500
    happen()
    work()
    page = owner.get(where).content.decode()
    assert "acquire.source_added" in page and "500" in page and "is tried again" in page
    for what in ("test", "off", "on-now", "on", "again", "secret"):
        assert owner.post(f"{where}/{what}").status_code in (200, 302), what
    row = WebhookDelivery.objects.filter(event_id__isnull=False).get()
    assert owner.post(f"{where}/deliveries/{row.pk}").status_code == 302
    changed = owner.post(where, {"url": receiver.url, "label": "The ERP", "events": ["leads", "sources"]})
    assert changed.status_code == 302 and Webhook.objects.get().events == ["leads", "sources"]
    for closed in (client_of("FIELD_REP"), client_of("HEAD_OF_SALES")):
        assert closed.get("/settings/webhooks").status_code == 403 and closed.get(where).status_code == 403
        assert closed.post(f"{where}/delete").status_code == 403
    assert owner.post(f"{where}/delete").status_code == 302 and not Webhook.objects.exists()


def test_a_token_that_reads_changes_nothing(add, by):
    webhook, _ = add()
    _token, secret = create_token(user_id=by.user_id, name="R", scopes=("read",), by=by, at=now())
    reader = Client(HTTP_AUTHORIZATION=f"Bearer {secret}")
    where = f"/api/v1/webhooks/{webhook.pk}"
    assert reader.get(where).status_code == 200
    for method, path in (("post", "/api/v1/webhooks"), ("patch", where), ("delete", where), ("post", f"{where}/test")):
        body = json.dumps({"url": "https://93.184.216.34/"} if path == "/api/v1/webhooks" else {"label": "x"})
        body = "{}" if path.endswith("/test") else body
        assert getattr(reader, method)(path, body, content_type=JSON).status_code == 403, (method, path)


def test_what_can_be_told_is_said_in_words():
    told = [words for _noun, choices in queries.event_choices() for _code, words in choices]
    assert all(any(mark.isalpha() for mark in words) for words in told)
    assert not [words for words in told if "{" in words or "… …" in words]
    assert queries.told_words("acquire.touchpoint_recorded") == "Touchpoint: Entered"
    assert queries.told_words("qualify.lead_moved") == "Lead moved from … to …"
