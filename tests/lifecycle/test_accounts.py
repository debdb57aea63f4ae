"""Users and tokens from the command line."""

from __future__ import annotations

import json
import sqlite3

import pytest


@pytest.mark.slow
def test_init_prints_a_link_that_works_once(empty):
    first = json.loads(empty.run("init", "--json", check=True).stdout)
    assert first["setup_link"].endswith(first["setup_token"])
    renewed = json.loads(empty.run("init", "--new-link", "--json", check=True).stdout)
    assert renewed["setup_token"] != first["setup_token"]


def test_a_new_link_is_refused_once_there_is_an_owner(installed):
    done = installed.run("init", "--new-link")
    assert done.returncode == 1
    assert "set up already" in done.stderr


def test_a_user_is_added_with_a_made_up_password(installed):
    done = installed.run(
        "user", "add", "maria@example.org", "--role", "field-rep", "--team", "North", "--json", check=True
    )
    user = json.loads(done.stdout)
    assert user["role"] == "FIELD_REP"
    assert len(user["password"]) >= 12
    again = installed.run("user", "add", "MARIA@example.org", "--role", "service")
    assert again.returncode == 1
    assert "already" in again.stderr


def test_a_weak_password_is_refused(installed):
    done = installed.run("user", "password", "owner@example.org", "--password-stdin", text="short\n")
    assert done.returncode == 1
    assert "10 characters" in done.stderr


def test_a_password_of_nobody_is_refused(installed):
    done = installed.run("user", "password", "nobody@example.org")
    assert (done.returncode, done.stderr) == (1, "headwater: Nobody signs in with nobody@example.org.\n")


def test_a_second_factor_is_taken_off_on_the_server(installed):
    database = sqlite3.connect(installed.home / "headwater.sqlite3")
    database.execute(
        "INSERT INTO team_secondfactor (user_id, sealed, confirmed_at, last_step, devices_forgotten)"
        " SELECT id, 'x', '2026-01-01', 0, 0 FROM team_user"
    )
    database.commit()
    database.close()
    done = installed.run("user", "second-factor", "owner@example.org", "--off", "--json", check=True)
    assert json.loads(done.stdout)["email"] == "owner@example.org"
    again = installed.run("user", "second-factor", "owner@example.org", "--off")
    assert again.returncode == 1 and "no second factor" in again.stderr


def test_passwords_are_switched_on_again_on_the_server(installed):
    assert json.loads(installed.run("sso", "--json", check=True).stdout) == {
        "on": False, "issuer": None, "passwords": True,
    }  # fmt: skip
    database = sqlite3.connect(installed.home / "headwater.sqlite3")
    database.execute(
        "INSERT INTO team_singlesignon (id, is_on, name, issuer, client_id, sealed, domains, lets_in, role, vouches,"
        " passwords_stay, owners_may) VALUES (1, 1, 'ID', 'https://gone.example', 'x', '', '[]', 0, 'SERVICE', 0, 0, 1)"
    )
    database.commit()
    database.close()
    assert "Passwords are switched off" in installed.run("sso", check=True).stdout
    told = json.loads(installed.run("sso", "--passwords-on", "--json", check=True).stdout)
    assert told == {"on": True, "issuer": "https://gone.example", "passwords": True}
    assert "Single sign-on is off" in installed.run("sso", "--off", check=True).stdout


def test_a_token_is_shown_once_and_kept_as_digest(installed):
    token = json.loads(
        installed.run("token", "add", "owner@example.org", "--scope", "read", "--json", check=True).stdout
    )
    assert token["token"].startswith("hw_")
    assert token["token"].encode() not in (installed.home / "headwater.sqlite3").read_bytes()
    assert installed.run("token", "add", "owner@example.org", "--scope", "everything!").returncode == 1


@pytest.mark.parametrize(
    "said",
    [
        ("owner@example.org", "--scope", "read", "qualify.lead.*"),
        ("owner@example.org", "--scope", "read", "--scope", "qualify.lead.*"),
        ("--scope", "read", "--scope", "qualify.lead.*", "owner@example.org"),
    ],
)
def test_several_scopes_can_be_said_in_one_go_or_one_by_one(installed, said):
    token = json.loads(installed.run("token", "add", *said, "--json", check=True).stdout)
    assert token["scopes"] == ["read", "qualify.lead.*"]


def test_somebody_leaves_and_their_work_goes_to_a_colleague(installed, tmp_path):
    for email in ("leaver@example.org", "heir@example.org"):
        installed.run("user", "add", email, "--role", "head-of-sales", check=True)
    people = tmp_path / "people.csv"
    people.write_text("Name,E-mail,Owner\nOrla Keane,orla@harrow.example,leaver@example.org\n", encoding="utf-8")
    installed.run("import", "people", str(people), check=True)
    told = json.loads(
        installed.run(
            "user", "leave", "leaver@example.org", "--hand-over-to", "heir@example.org", "--json", check=True
        ).stdout
    )
    assert (told["handed_over"], told["still_held"]) == ({"people": 1}, {})
    again = json.loads(installed.run("user", "leave", "heir@example.org", "--json", check=True).stdout)
    assert (again["handed_over"], again["still_held"]) == ({}, {"people": 1})
    assert installed.run("user", "leave", "nobody@example.org").returncode == 1
