"""Signing in with the provider at home, as a browser does: the way there, what comes back, and who is in then."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import parse_qsl, urlsplit

from colleagues import SYSTEM
from django.test import Client
from home_provider import SECRET

from headwater.platform.clock import now
from headwater.team import queries
from headwater.team.actions import single_sign_on as actions
from headwater.team.models import SingleSignOn

ADA = {"sub": "a-1", "email": "ada@example.org", "email_verified": True, "name": "Ada Lovelace"}
TOM = {"sub": "t-1", "email": "Tom@Example.org", "email_verified": True, "name": "Tom"}


def use(home, *, by=None, secret=SECRET, **values) -> SingleSignOn:
    known = {"is_on": True, "name": "Kestrel ID", "issuer": home.issuer, "client_id": "headwater"}
    by = queries.actor_of(by) if by is not None else SYSTEM
    return actions.change_single_sign_on(values={**known, **values}, secret=secret, by=by, at=now())


def ask(address: str) -> dict[str, str]:
    """Sign in at the provider: what it sends back with the browser."""
    parts = urlsplit(address)
    there = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
    there.request("GET", f"{parts.path}?{parts.query}")
    answer = there.getresponse()
    answer.read()
    there.close()
    assert answer.status == 302, answer.status
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def leave(client: Client, **said: str) -> str:
    """Off to the provider: the address there."""
    begun = client.get("/sign-in/with", said)
    assert begun.status_code == 302, begun.content.decode()
    return begun["Location"]


def come(client: Client, answer: dict[str, str]):
    return client.get("/sign-in/with/back", answer)


def sign_in(client: Client, **said: str):
    return come(client, ask(leave(client, **said)))


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def who(client: Client) -> int:
    return int(client.session["_auth_user_id"])


def refused(client: Client, words: str, answer=None) -> None:
    """Nobody comes in, and one sentence on the sign-in page says why."""
    answer = answer if answer is not None else sign_in(client)
    page = answer.content.decode()
    assert answer.status_code in (403, 503) and words in page and "<h1>Sign in</h1>" in page
    assert not is_in(client)
