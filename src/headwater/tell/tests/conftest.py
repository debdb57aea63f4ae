"""A company with people, and a mail server beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.test import Client

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.team.models import Company, User
from headwater.tell.actions.settings import change_mail_settings

sys.path.insert(0, str(Path(__file__).parent))

from home_mail import PASSWORD, Mailbox, certificate, serve, settings_for


@pytest.fixture
def company(db) -> Company:
    company, _made = Company.objects.update_or_create(
        pk=1, defaults={"name": "Kestrel Office IT", "time_zone": "Europe/Dublin", "setup_done_at": now()}
    )
    return company


@pytest.fixture
def person(company):
    """People of a role: ``person("OWNER")``."""

    def made(role: str, name: str = "", **more) -> User:
        name = name or role.replace("_", " ").title()
        email = f"{name.replace(' ', '.').lower()}@kestrel.example"
        return User.objects.create(email=email, name=name, role=role, created_at=now(), **more)

    return made


@pytest.fixture
def browser_of():
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture(scope="session")
def pem(tmp_path_factory) -> Path:
    return certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def box(pem, monkeypatch):
    """A mail server with STARTTLS and a password, whose certificate we trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    box = Mailbox()
    server = serve(box, pem)
    box.port = server.port
    yield box
    server.stop()


@pytest.fixture
def mail_is_set_up(box, company):
    """Mail goes out through the server, saved by an owner."""
    change_mail_settings(values=settings_for(box), password=PASSWORD, by=job_actor("test"), at=now())
    return box
