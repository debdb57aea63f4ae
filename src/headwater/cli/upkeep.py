"""Commands that look after an installation: backup, restore, move, doctor."""

from __future__ import annotations

import argparse
from pathlib import Path

from headwater.cli.console import Progress, Share, print_json, print_table
from headwater.cli.installation import Commands, json_option, opened, the_home


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    backup = commands.add_parser("backup", parents=[common], help="write everything into one file, also while it runs")
    backup.add_argument("file", metavar="FILE", type=Path)
    json_option(backup)
    backup.set_defaults(run=run_backup)

    restore = commands.add_parser("restore", parents=[common], help="bring everything back from a backup")
    restore.add_argument("file", metavar="FILE", type=Path)
    json_option(restore)
    restore.set_defaults(run=run_restore)

    moving = commands.add_parser("move-to-postgres", parents=[common], help="move everything from SQLite to PostgreSQL")
    moving.add_argument("url", metavar="URL", help="an empty database: postgresql://user:password@host:5432/name")
    moving.add_argument(
        "--replace-characters", action="store_true", help="replace what is no character (NUL and the like) by �"
    )
    json_option(moving)
    moving.set_defaults(run=run_move)

    doctor = commands.add_parser("doctor", parents=[common], help="say what runs, what is wrong, and what to do")
    doctor.add_argument("--rebuild-search", action="store_true", help="make the search index again from all rows")
    json_option(doctor)
    doctor.set_defaults(run=run_doctor)


def run_backup(chosen: argparse.Namespace) -> int:
    """Write a backup."""
    with opened():
        from headwater.config import backup
        from headwater.platform.clock import now

        progress = Share("Writing the backup")
        try:
            manifest = backup.write(the_home(), chosen.file.absolute(), at=now(), on_packed=progress)
        finally:
            progress.close()
    size = chosen.file.stat().st_size
    if chosen.json:
        print_json(
            {
                "file": str(chosen.file.absolute()), "bytes": size, "files": len(manifest.members),
                "version": manifest.headwater, "engine": manifest.engine, "created_at": manifest.created_at,
            }
        )  # fmt: skip
    else:
        print(f"{chosen.file} holds everything ({size / 1e6:,.1f} MB). Keep it as safe as the data themselves.")
    return 0


def run_restore(chosen: argparse.Namespace) -> int:
    """Bring a backup back; what was there is kept aside."""
    from headwater.config import restore
    from headwater.platform.clock import now

    kept = restore.restore(the_home(), chosen.file.absolute(), at=now())
    if chosen.json:
        print_json(
            {"home": str(the_home().path), "file": str(chosen.file.absolute()), "replaced": str(kept) if kept else None}
        )
    else:
        print(f"{chosen.file} is restored. Passwords are those of that day; everybody signs in anew.")
        print("Keys of programs are revoked, since some may have been withdrawn meanwhile: make new ones.")
        print("If the backup is of an installation with another secret key, apps for one-time codes and secrets kept")
        print("for mail, single sign-on and webhooks do not work here; recovery codes do. Look with: headwater doctor")
        if kept:
            print(f"What was there before lies in {kept}, whole: remove that folder when all is well.")
    return 0


def run_move(chosen: argparse.Namespace) -> int:
    """Move from SQLite to PostgreSQL; every row is compared before anything is kept."""
    from dataclasses import asdict

    from headwater.config import moving
    from headwater.platform.clock import now

    progress = Progress("Moving to PostgreSQL")
    try:
        done = moving.move(the_home(), chosen.url, at=now(), mends=chosen.replace_characters, on_progress=progress)
    finally:
        progress.close()
    if chosen.json:
        print_json({**asdict(done), "rows": done.rows, "home": str(the_home().path)})
        return 0
    print_table([asdict(table) for table in done.tables if table.rows], ("table", "rows", "checksum"))
    print(f"\nAll {done.rows:,} rows are in {done.database}, and the same there as here.")
    if done.replaced:
        print(f"In {done.replaced:,} values characters that are none were replaced by �.")
    if not done.indexed:
        print("Searching will be slow: let an administrator of PostgreSQL run CREATE EXTENSION pg_trgm, then run")
        print("headwater doctor --rebuild-search")
    print(f"Now set {done.setting} to this database wherever Headwater starts. The SQLite database stays as it was;")
    print(f"a backup of it lies in {done.backup}.")
    return 0


def run_doctor(chosen: argparse.Namespace) -> int:
    """Say what runs and what is wrong; 1 when something is."""
    from headwater.config import doctor

    if chosen.rebuild_search:
        with opened():
            from headwater.platform.search.keeping import rebuild

            entries = rebuild()
        if not chosen.json:
            print(f"The search index was made again: {entries:,} entries.")
    report = doctor.examine(the_home())
    if chosen.json:
        print_json(report.as_json())
    else:
        print("\n".join(report.lines()))
    return 1 if report.problems else 0
