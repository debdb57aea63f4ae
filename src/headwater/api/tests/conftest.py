"""What the tests of webhooks share: a company, people, and a receiver that really listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from headwater.acquire.actions import add_source
from headwater.team.actions.tokens import create_token
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 9, 20, tzinfo=UTC)


@pytest.fixture
def company(db):
    return Company.objects.update_or_create(
        pk=1, defaults={"name": "Kestrel Office IT", "currency": "EUR", "country": "IE", "setup_done_at": AT}
    )[0]


@pytest.fixture
def people(company):
    team = Team.objects.create(name="Desk")
    return {
        role: User.objects.create(
            email=f"{role.lower()}@kestrel.example", name=f"The {role}", role=role, team=team, created_at=AT
        )
        for role in Role.values
    }


@pytest.fixture
def by(people):
    return actor_of(people["OWNER"])


@pytest.fixture
def client_of(people):
    def signed_in(role: str) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(people[role])
        return client

    return signed_in


@pytest.fixture
def program(by):
    _token, secret = create_token(user_id=by.user_id, name="Test", scopes=("write",), by=by, at=AT)
    return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")


@pytest.fixture
def happen(by):
    """Something happens: as many sources are added."""
    made: list[int] = []

    def times(number: int = 1) -> list[int]:
        for _ in range(number):
            made.append(add_source(by=by, at=AT, name=f"Fair {len(made)}", channel="TRADE_SHOW").pk)
        return made[-number:]

    return times


@dataclass
class Receiver:
    """A program that listens: what it got, and what it answers."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[Any], None] | None = None
    status: int = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=1"


@pytest.fixture
def receiver(settings):
    """A receiver on this machine, which the operator has named."""
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if found.answer is not None:
                found.answer(self)
                return
            text = b"thanks"
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def slowly():
    """An answer that comes a letter at a time."""

    def answer(handler: Any) -> None:
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(200):
                handler.wfile.write(b"X")
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass

    return answer
