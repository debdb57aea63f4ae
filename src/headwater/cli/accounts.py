"""Commands about who may come in: user add, user password, user second-factor, user leave, token add, sso."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys

from headwater.cli.console import print_json
from headwater.cli.installation import Commands, json_option, opened

ROLES = (
    "owner", "administrator", "head-of-sales", "marketer", "inside-sales", "field-rep", "independent-rep", "service",
    "read-only",
)  # fmt: skip


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    _add_user_commands(commands, common)
    _add_sso_command(commands, common)
    _add_token_command(commands, common)


def _add_user_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    users = commands.add_parser("user", help="add users, set passwords, let people go")
    user = users.add_subparsers(metavar="ACTION", required=True)

    add = user.add_parser("add", parents=[common], help="add somebody who can sign in")
    add.add_argument("email", metavar="EMAIL")
    roles = f"{', '.join(ROLES)}, or one of the company's own"
    add.add_argument("--role", required=True, type=_role, metavar="ROLE", help=roles)
    add.add_argument("--name", default="", help="the person's name (without it: from the e-mail)")
    add.add_argument("--team", default="", metavar="NAME", help="their team; made when there is none of that name")
    _password_options(add)
    json_option(add)
    add.set_defaults(run=run_add)

    password = user.add_parser("password", parents=[common], help="set somebody's password")
    password.add_argument("email", metavar="EMAIL")
    _password_options(password)
    json_option(password)
    password.set_defaults(run=run_password)

    factor = user.add_parser("second-factor", parents=[common], help="take off the second factor of who lost it")
    factor.add_argument("email", metavar="EMAIL")
    factor.add_argument("--off", action="store_true", required=True, help="the password alone lets them in again")
    json_option(factor)
    factor.set_defaults(run=run_second_factor)

    leave = user.add_parser("leave", parents=[common], help="let somebody go, and hand over what they hold")
    leave.add_argument("email", metavar="EMAIL")
    leave.add_argument("--hand-over-to", default="", metavar="EMAIL", help="who takes over all their open work")
    json_option(leave)
    leave.set_defaults(run=run_leave)


def _add_sso_command(commands: Commands, common: argparse.ArgumentParser) -> None:
    sso = commands.add_parser(
        "sso", parents=[common], help="tell where people sign in; switch passwords on again, or single sign-on off"
    )
    switch = sso.add_mutually_exclusive_group()
    switch.add_argument("--passwords-on", action="store_true", help="passwords work again, beside the provider")
    switch.add_argument("--off", action="store_true", help="nobody signs in through the provider; passwords work")
    json_option(sso)
    sso.set_defaults(run=run_sso)


def _add_token_command(commands: Commands, common: argparse.ArgumentParser) -> None:
    token = commands.add_parser("token", help="keys for programs").add_subparsers(metavar="ACTION", required=True)
    key = token.add_parser("add", parents=[common], help="make a key that acts for a user; it is shown once")
    key.add_argument("email", metavar="EMAIL", nargs="?", default="", help="the user it acts for")
    key.add_argument(
        "--scope",
        action="extend",
        nargs="+",
        required=True,
        metavar="SCOPE",
        help="read, write, or a right such as qualify.lead.*; several in one go, or with --scope before each",
    )
    key.add_argument("--name", default="command line", help="what it is for")
    key.add_argument("--days", type=int, metavar="N", help="how long it is valid; without it until it is revoked")
    json_option(key)
    key.set_defaults(run=run_token)


def run_add(chosen: argparse.Namespace) -> int:
    """Add a user; without a password given, one is made up and printed once."""
    password = _password(chosen)
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team import queries
        from headwater.team.actions import accounts, teams

        team = None
        if chosen.team:
            team = queries.team_by_name(chosen.team) or teams.add_team(name=chosen.team, by=actor, at=now())
        user = accounts.add_user(
            email=chosen.email,
            name=chosen.name or chosen.email.partition("@")[0].replace(".", " ").title(),
            role=chosen.role.replace("-", "_").upper(),
            password=password or (made_up := secrets.token_urlsafe(12)),
            team_id=team.pk if team else None,
            by=actor,
            at=now(),
        )
        result = {"id": user.pk, "email": user.email, "name": user.name, "role": user.role}
    shown = "" if password else made_up
    if chosen.json:
        print_json({**result, "password": shown or None})
    else:
        print(f"{user.name} can sign in as {user.email}." + (f" The password is {shown}" if shown else ""))
    return 0


def run_password(chosen: argparse.Namespace) -> int:
    """Set a user's password; everywhere they are signed in, they are signed out."""
    password = _password(chosen)
    shown = "" if password else secrets.token_urlsafe(12)
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team import queries
        from headwater.team.actions import accounts

        user = queries.the_user(chosen.email)
        accounts.set_password(user_id=user.pk, password=password or shown, by=actor, at=now())
    if chosen.json:
        print_json({"id": user.pk, "email": user.email, "password": shown or None})
    else:
        print(f"The password of {user.email} is changed." + (f" It is {shown}" if shown else ""))
    return 0


def run_second_factor(chosen: argparse.Namespace) -> int:
    """Take a second factor off; also the last owner's, whom nobody else could help."""
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team import queries
        from headwater.team.actions import second_factor

        user = queries.the_user(chosen.email)
        second_factor.remove(user_id=user.pk, by=actor, at=now())
    if chosen.json:
        print_json({"id": user.pk, "email": user.email})
    else:
        print(f"{user.name} signs in with the password alone now.")
    return 0


def run_sso(chosen: argparse.Namespace) -> int:
    """Tell or switch single sign-on: the way back in when it was set up wrong and nobody can sign in."""
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team.actions import single_sign_on
        from headwater.team.queries.single_sign_on import settings_of_provider

        if chosen.passwords_on:
            single_sign_on.let_passwords_in(by=actor, at=now())
        if chosen.off:
            single_sign_on.switch_off(by=actor, at=now())
        ours = settings_of_provider()
        passwords = ours.passwords_stay or not ours.is_on
    if chosen.json:
        print_json({"on": ours.is_on, "issuer": ours.issuer or None, "passwords": passwords})
    else:
        print(f"Single sign-on is {f'on, at {ours.issuer}' if ours.is_on else 'off'}.")
        print(f"Passwords {'work' if passwords else 'are switched off'}.")
    return 0


def run_leave(chosen: argparse.Namespace) -> int:
    """Let somebody go; what they hold is handed over, or told."""
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team import queries
        from headwater.team.actions import accounts, leaving
        from headwater.team.queries.leaving import held_work

        user = queries.the_user(chosen.email)
        heir = queries.the_user(chosen.hand_over_to) if chosen.hand_over_to else None
        handed: dict[str, int] = {}
        if heir is not None and held_work(user.pk, actor):
            handed = leaving.hand_over_work(user_id=user.pk, to_id=heir.pk, by=actor, at=now()).counts
        accounts.deactivate_user(user_id=user.pk, by=actor, at=now())
        left = {} if handed else {work.key: work.count for work in held_work(user.pk, actor)}
    if chosen.json:
        print_json({"id": user.pk, "email": user.email, "handed_over": handed, "still_held": left})
        return 0
    print(f"{user.name} can no longer sign in.")
    for word, counts in (("Handed over", handed), ("Still in their name", left)):
        if counts:
            print(f"{word}: " + ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) + ".")
    return 0


def run_token(chosen: argparse.Namespace) -> int:
    """Make a token for a user; this is the only time it is seen."""
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team import queries
        from headwater.team.actions import tokens

        # “--scope read EMAIL” reads as two scopes; no scope has an @.
        said = [word for word in chosen.scope if "@" in word]
        user = queries.the_user(chosen.email or "".join(said[-1:]))
        scopes = [word for word in chosen.scope if word not in said]
        token, secret = tokens.create_token(
            user_id=user.pk, name=chosen.name, scopes=scopes, days=chosen.days, by=actor, at=now()
        )
    if chosen.json:
        print_json(
            {
                "id": token.pk, "email": user.email, "name": token.name, "scopes": token.scopes, "token": secret,
                "expires_at": token.expires_at,
            }
        )  # fmt: skip
    else:
        print(f"Token for {user.email}, shown only now:\n\n  {secret}\n")
    return 0


def _role(text: str) -> str:
    return text.strip().lower().replace("_", "-").replace(" ", "-")


def _password_options(parser: argparse.ArgumentParser) -> None:
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    given.add_argument("--ask", action="store_true", help="ask for the password; without either, one is made up")


def _password(chosen: argparse.Namespace) -> str:
    if chosen.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass("New password: ") if chosen.ask else ""
