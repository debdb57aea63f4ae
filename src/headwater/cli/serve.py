"""Commands that make an installation and serve it: init, demo, up, worker."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from headwater.cli.console import Progress, print_json, print_pairs, print_table
from headwater.cli.installation import Commands, json_option, the_home

if TYPE_CHECKING:
    from headwater.config.home import Home
    from headwater.config.locks import HomeLock

PORT = 8000


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    init = commands.add_parser("init", parents=[common], help="make an empty installation")
    init.add_argument("--new-link", action="store_true", help="print a new set-up link when the first was lost")
    init.add_argument(
        "--country", default="", metavar="CC", help="two letters, such as NL: reads phone numbers without prefix"
    )
    init.add_argument("--port", type=_port, default=PORT, help="the port the set-up link names")
    json_option(init)
    init.set_defaults(run=run_init)

    up = commands.add_parser("up", parents=[common], help="serve pages and work in the background until Ctrl-C")
    _serving_options(up)
    up.set_defaults(run=run_up)

    demo = commands.add_parser("demo", parents=[common], help="load the demo company into an empty home, then serve it")
    _serving_options(demo)
    instead = demo.add_mutually_exclusive_group()
    instead.add_argument("--no-serve", action="store_true", help="load only")
    instead.add_argument(
        "--remove", action="store_true", help="take the demo company off again; what people added stays"
    )
    json_option(demo)
    demo.set_defaults(run=run_demo)

    worker = commands.add_parser("worker", parents=[common], help="work in the background only (up does this too)")
    worker.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    worker.set_defaults(run=run_worker)


def run_init(chosen: argparse.Namespace) -> int:
    """Make an empty installation and print the link with which its owner begins."""
    from headwater.config import lifecycle
    from headwater.platform.clock import now

    home = the_home()
    secret = _new_secret() if chosen.new_link else lifecycle.initialise(home, at=now(), country=chosen.country)
    link = f"{_seen_at(chosen.port)}/first-run?token={secret}"
    if chosen.json:
        print_json({"home": str(home.path), "setup_token": secret, "setup_link": link})
        return 0
    print(f"Headwater is set up in {home.path}.")
    port = f" --port {chosen.port}" if chosen.port != PORT else ""
    print(f"Start it with “headwater up{port}”, then open this link once to make the owner's account:\n\n  {link}\n")
    return 0


def _seen_at(port: int) -> str:
    """Where browsers find it: behind a proxy under the address that is set, else on this machine."""
    from django.conf import settings

    return str(next(iter(settings.CSRF_TRUSTED_ORIGINS), f"http://127.0.0.1:{port}"))


def run_up(chosen: argparse.Namespace) -> int:
    """Check, migrate after a backup where needed, and serve."""
    from headwater.config import lifecycle, locks, server
    from headwater.platform.clock import now

    home = the_home()
    lifecycle.refuse_unusable(home)
    serving = locks.hold_for_serving(home)
    server.refuse_busy_port(chosen.port)
    use = lifecycle.open_for_serving(home, at=now())
    _serve(home, chosen, [serving, use])
    return 0


def run_demo(chosen: argparse.Namespace) -> int:
    """Load the demo company into an empty home, then serve it; or take it off again."""
    if chosen.remove:
        return _remove_demo(chosen)
    from headwater.config import lifecycle, locks, server
    from headwater.platform.clock import now

    home = the_home()
    if not chosen.no_serve:
        server.refuse_busy_port(chosen.port)
    with lifecycle.prepared_folder(home, command="demo"):
        from headwater.demo.load import load_demo

        progress = Progress("Loading the demo company")
        loaded = load_demo(at=now(), on_progress=progress)
        progress.close()
    if chosen.no_serve:
        if chosen.json:
            print_json(loaded)
        return 0
    serving = locks.hold_for_serving(home)
    _serve(home, chosen, [serving, lifecycle.open_for_serving(home, at=now())])
    return 0


def _remove_demo(chosen: argparse.Namespace) -> int:
    from headwater.cli.installation import opened

    with opened() as actor:
        from headwater.demo.remove import remove_demo
        from headwater.platform.clock import now

        progress = Progress("Removing the demo company")
        report = remove_demo(by=actor, at=now(), on_progress=progress)
        progress.close()
    if chosen.json:
        print_json(report.as_json())
        return 0
    print_pairs({"removed": sum(report.removed.values()), "kept": report.kept_count})
    if report.kept:
        print_table([{**row, "id": str(row["id"])} for row in report.kept], ("kind", "id", "title", "reason"))
    return 0


def run_worker(chosen: argparse.Namespace) -> int:
    """Work in the background until told to stop."""
    from headwater.cli.installation import opened

    with opened():
        from django.db import connection

        from headwater.config import locks, worker

        alone = locks.hold_for_working(the_home()) if connection.vendor == "sqlite" else None
        worker.work(parent=chosen.parent)
        if alone is not None:
            alone.release()
    return 0


def _serve(home: Home, chosen: argparse.Namespace, held: list[HomeLock]) -> None:
    import os

    from django.conf import settings
    from django.db import connection

    from headwater.config import locks, server, statics

    statics.publish(home)
    locks.note_server(home, pid=os.getpid(), port=chosen.port)
    lines, path = _welcome()
    connection.close()
    os.environ["HEADWATER_HOME"] = str(home.path)
    server.become(
        server.Serving(
            port=chosen.port,
            workers=settings.WEB_WORKERS,
            browser=not chosen.no_browser,
            lines=lines,
            path=path,
            locks=[lock.keep_through_exec() for lock in held],
        )
    )


def _welcome() -> tuple[list[str], str]:
    """What to say besides the address, and the page to open."""
    from headwater.team import queries

    if queries.waits_for_owner():
        return ["The owner's account is not made yet: open the link that “headwater init” printed."], "/first-run"
    if not queries.has_owner():
        return ["Nobody here is an owner. Make one: headwater user add EMAIL --role owner"], "/"
    if not queries.company().is_demo:
        return [], "/"
    from headwater.demo.load import DEMO_PASSWORD, demo_logins

    logins = demo_logins()
    if not logins:
        return [], "/"
    width = max(len(role) for role, _ in logins)
    lines = [f"  {role:<{width}}  {email}" for role, email in logins]
    return [f"Sign in as one of these; the password is {DEMO_PASSWORD}", *lines], "/"


def _new_secret() -> str:
    from headwater.cli.installation import opened

    with opened() as actor:
        from headwater.platform.clock import now
        from headwater.team.actions import company

        return company.prepare_setup(by=actor, at=now())


def _serving_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=PORT, metavar="N", help=f"port on 127.0.0.1 ({PORT})")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port
