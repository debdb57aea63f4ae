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


@pytest.mark.parametrize("password", ["pass/word", "pa@ss/w", "pass#word", "pass?word"])
def test_a_password_that_breaks_the_address_is_not_taken_for_a_part_of_it(monkeypatch, password):
    monkeypatch.setenv("HEADWATER_DATABASE_URL", f"postgresql://hw:{password}@db.example/crm")
    with pytest.raises(BadSetting, match="%2F for /") as refusal:
        environment.postgresql("HEADWATER_DATABASE_URL")
    assert "pass" not in str(refusal.value).replace("password", "")


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


@pytest.mark.parametrize(("given", "meant"), [("", False), ("0", False), (" 1 ", True)])
def test_a_switch_is_on_or_off(monkeypatch, given, meant):
    monkeypatch.setenv("HEADWATER_HTTPS", given)
    assert environment.is_on("HEADWATER_HTTPS") is meant


@pytest.mark.parametrize("given", ["yes", "true", "on", "2"])
def test_a_switch_that_says_something_else_is_not_taken_for_off(monkeypatch, given):
    monkeypatch.setenv("HEADWATER_HTTPS", given)
    with pytest.raises(BadSetting, match=f"HEADWATER_HTTPS is “{given}”"):
        environment.is_on("HEADWATER_HTTPS")


def test_names_and_origins_may_have_blanks_and_a_stroke_behind_them(monkeypatch):
    monkeypatch.setenv("HEADWATER_HOSTS", "crm.example.com, crm ,")
    monkeypatch.setenv("HEADWATER_ORIGINS", "https://crm.example.com/, http://crm:8000")
    assert environment.listed("HEADWATER_HOSTS") == ["crm.example.com", "crm"]
    assert environment.origins("HEADWATER_ORIGINS") == ["https://crm.example.com", "http://crm:8000"]


@pytest.mark.parametrize("given", ["crm.example.com", "https://", "ftp://crm.example.com", "https://crm.example.com/x"])
def test_an_origin_that_would_let_no_form_through_is_refused(monkeypatch, given):
    monkeypatch.setenv("HEADWATER_ORIGINS", given)
    with pytest.raises(BadSetting, match="HEADWATER_ORIGINS"):
        environment.origins("HEADWATER_ORIGINS")


def test_a_style_of_the_log_that_nobody_knows_is_refused(monkeypatch):
    monkeypatch.setenv("HEADWATER_LOG", "JSON")
    assert environment.one_of("HEADWATER_LOG", "json", "console") == "json"
    monkeypatch.setenv("HEADWATER_LOG", "jsn")
    with pytest.raises(BadSetting, match=r"HEADWATER_LOG is “jsn”\. Give json or console\."):
        environment.one_of("HEADWATER_LOG", "json", "console")


def test_who_comes_by_a_name_that_was_not_set_is_told_where_it_is(client, settings):
    settings.ALLOWED_HOSTS = ["crm.example.com"]
    told = client.get("/sign-in", headers={"host": "office-server:8000"})
    assert told.status_code == 400 and "HEADWATER_HOSTS" in told.content.decode()
    assert "office-server" not in told.content.decode()
