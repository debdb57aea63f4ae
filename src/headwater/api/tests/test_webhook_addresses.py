"""Where webhooks may lead: the open internet alone, judged by the address a message is really sent to."""

import json
import socket
from ipaddress import ip_address

import pytest

from headwater.api.models import Webhook
from headwater.api.webhooks import sending

JSON = "application/json"


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://x.example/"},
        {"url": "https://user:secret@x.example/"},
        {"url": "https://x.example/#there"},
        {"url": "https://"},
        {"url": "https://x.example:99999/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://[::1]/"},
        {"url": "https://10.0.0.7/"},
        {"url": "https://169.254.169.254/latest/meta-data"},
        {"url": "https://[::ffff:10.0.0.1]/"},
        {"url": "https://2130706433/"},
        {"url": "https://0x7f.1/"},
        {"url": "https://localhost/"},
        {"url": "http://93.184.216.34/"},
        {"url": 7},
        {},
        {"url": "https://93.184.216.34/", "events": "leads"},
        {"url": "https://93.184.216.34/", "colour": "red"},
        {"url": "https://93.184.216.34/", "label": "x" * 81},
    ],
)
def test_what_nothing_may_be_sent_to_is_refused(program, body):
    refused = program.post("/api/v1/webhooks", json.dumps(body), content_type=JSON)
    assert refused.status_code == 422, refused.content
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("100.64.0.1", False), ("169.254.169.254", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("fe80::1", False), ("fd00::1", False),
        ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("192.0.2.1", False),
    ],
)  # fmt: skip
def test_only_the_open_internet_is_open(address, is_open):
    assert sending.is_public(ip_address(address)) is is_open


def test_the_connection_goes_where_the_name_was_judged_to_lead(receiver, settings, monkeypatch):
    """A name that answers differently the second time gains nothing: it is looked up once."""
    asked = []
    real = socket.getaddrinfo

    def turns(host, port, *args, **kwargs):
        if host != "turns.example":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "10.0.0.1", port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", turns)
    reply = sending.post(f"http://turns.example:{receiver.port}/", b"{}", {})
    assert reply.status == 200 and asked == ["turns.example"]
