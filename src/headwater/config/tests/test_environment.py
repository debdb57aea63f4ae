"""What the environment sets is followed or refused by its name."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.db import connection

from headwater.config import environment
from headwater.config.environment import BadSetting

NAME = "HEADWATER_WEB_WORKERS"


@pytest.mark.parametrize(("given", "meant"), [("", 2), (" 4 ", 4), ("1", 1)])
def test_a_number_is_taken_as_it_is_typed(monkeypatch, given, meant):
    monkeypatch.setenv(NAME, given)
    assert environment.number(NAME, 2, least=1) == meant


@pytest.mark.parametrize("given", ["two", "0", "-1", "1.5", "²", "24"])
def test_what_is_no_such_number_is_refused_by_name(monkeypatch, given):
    monkeypatch.setenv(NAME, given)
    with pytest.raises(BadSetting, match=rf"{NAME} is “{given}”\. Give a whole number from 1 to 23\."):
        environment.number(NAME, 2, least=1, most=23)


def test_networks_are_read_and_what_is_none_refused(monkeypatch):
    monkeypatch.setenv("HEADWATER_WEBHOOK_NETWORKS", "10.20.0.0/16, fd00::/8,")
    assert environment.networks("HEADWATER_WEBHOOK_NETWORKS") == [ip_network("10.20.0.0/16"), ip_network("fd00::/8")]
    monkeypatch.setenv("HEADWATER_WEBHOOK_NETWORKS", "the office")
    with pytest.raises(BadSetting, match="HEADWATER_WEBHOOK_NETWORKS is “the office”"):
        environment.networks("HEADWATER_WEBHOOK_NETWORKS")


def test_an_address_of_postgresql_is_taken_apart(monkeypatch):
    monkeypatch.setenv("HEADWATER_DATABASE_URL", "postgresql://hw:s%40fe@db.example:5433/crm?sslmode=require")
    found = environment.postgresql("HEADWATER_DATABASE_URL")
    assert found is not None
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("crm", "hw", "s@fe")
    assert (found["HOST"], found["PORT"], found["OPTIONS"]["sslmode"]) == ("db.example", 5433, "require")


@pytest.mark.parametrize(
    ("said", "options"), [("", "-c jit=off"), ("?options=", ""), ("?options=-c+jit%3Don", "-c jit=on")]
)
def test_postgresql_compiles_no_questions_unless_the_address_says_how_to_connect(monkeypatch, said, options):
    monkeypatch.setenv("HEADWATER_DATABASE_URL", f"postgresql://hw@db.example/crm{said}")
    found = environment.postgresql("HEADWATER_DATABASE_URL")
    assert found is not None and found["OPTIONS"] == {"options": options}


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL")
def test_the_connection_says_so():
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


@pytest.mark.parametrize(
    "given", ["mysql://hw:secret@db/crm", "postgresql://hw:secret@db:no/crm", "postgresql://hw:secret@db"]
)
def test_another_address_is_refused_without_repeating_its_password(monkeypatch, given):
    monkeypatch.setenv("HEADWATER_DATABASE_URL", given)
    with pytest.raises(BadSetting) as refusal:
        environment.postgresql("HEADWATER_DATABASE_URL")
    assert "HEADWATER_DATABASE_URL" in refusal.value.text
    assert "secret" not in refusal.value.text
