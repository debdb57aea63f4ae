"""Commands about mail: mail test."""

from __future__ import annotations

import argparse

from headwater.cli.console import print_json
from headwater.cli.installation import Commands, json_option, opened


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    mail = commands.add_parser("mail", help="try out whether mail works")
    actions = mail.add_subparsers(metavar="ACTION", required=True)
    test = actions.add_parser("test", parents=[common], help="send a mail at once and say what the server answered")
    test.add_argument("address", metavar="ADDRESS")
    json_option(test)
    test.set_defaults(run=run_test)


def run_test(chosen: argparse.Namespace) -> int:
    """Send a mail at once; refused with the reason, and what to do, when it does not go out."""
    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.tell.actions.settings import send_test

        said = send_test(to_name="", to_address=chosen.address, by=actor, at=now())
    if chosen.json:
        print_json({"to": chosen.address, "said": said})
    else:
        print(f"A test is on its way to {chosen.address}. {said}")
    return 0
