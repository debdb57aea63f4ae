"""Commands that bring files in and out: import, undo, export."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.cli.console import plain
from headwater.cli.installation import Commands, json_option, opened

if TYPE_CHECKING:
    from headwater.platform.actor import Actor
    from headwater.platform.resource import Resource

KINDS = (
    "people", "organisations", "leads", "campaigns", "spend", "products", "opportunities", "orders", "touchpoints",
)  # fmt: skip
EXPORTED = (*KINDS, "sources", "activities")
CHUNK = 2_000


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    bring = commands.add_parser("import", parents=[common], help="bring a file in (CSV or XLSX, also .gz)")
    bring.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    bring.add_argument("file", metavar="FILE", type=Path)
    bring.add_argument("--profile", default="", metavar="NAME", help="how its columns are read; without it: guessed")
    bring.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    bring.add_argument("--rows", action="store_true", help="say what became of every row")
    json_option(bring)
    bring.set_defaults(run=run_import)

    undo = commands.add_parser("undo", parents=[common], help="take an import back")
    undo.add_argument("batch", metavar="BATCH", type=int, help="the number that import printed")
    json_option(undo)
    undo.set_defaults(run=run_undo)

    out = commands.add_parser("export", parents=[common], help="write all rows of a noun as CSV or JSON")
    out.add_argument("kind", metavar="KIND", choices=EXPORTED, help=", ".join(EXPORTED))
    out.add_argument("--output", metavar="FILE", type=Path, help="write there; without it to standard output")
    json_option(out)
    out.set_defaults(run=run_export)


def run_export(chosen: argparse.Namespace) -> int:
    """Write every row of a noun, all exported columns, in the order of the ids."""
    with opened() as actor:
        from headwater.platform.errors import DomainError
        from headwater.platform.resource import by_slug

        resource = by_slug(chosen.kind)
        if resource is None:
            raise DomainError(f"This version does not know {chosen.kind}.")
        if chosen.output is None:
            _write(resource, actor, sys.stdout, as_json=chosen.json)
        else:
            part = chosen.output.with_name(f"{chosen.output.name}.part")
            try:
                with part.open("w", encoding="utf-8", newline="") as out:
                    count = _write(resource, actor, out, as_json=chosen.json)
                part.replace(chosen.output)
            except OSError as error:
                reason = error.strerror or str(error)
                raise DomainError(f"{chosen.output} cannot be written ({reason}).") from error
            finally:
                part.unlink(missing_ok=True)
            print(f"{count:,} rows are in {chosen.output}.", file=sys.stderr)
    return 0


def _write(resource: Resource, actor: Actor, out: Any, *, as_json: bool) -> int:
    from headwater.platform.resource import exported_columns

    columns = exported_columns(resource)
    count = 0
    if as_json:
        import json

        out.write("[")
        for values in _rows(resource, actor, columns):
            row = {column.key: value for column, value in zip(columns, values, strict=True)}
            out.write((",\n " if count else "\n ") + json.dumps(row, ensure_ascii=False, default=plain))
            count += 1
        out.write("\n]\n")
        return count
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in columns])
    for values in _rows(resource, actor, columns):
        writer.writerow(
            ["" if value is None else plain(value) if not isinstance(value, str) else value for value in values]
        )
        count += 1
    return count


def _rows(resource: Resource, actor: Actor, columns: Any) -> Iterator[list[Any]]:
    for row in resource.rows(actor).order_by("pk").iterator(chunk_size=CHUNK):
        yield [column.of(row) for column in columns]


def run_import(chosen: argparse.Namespace) -> int:
    raise NotImplementedError


def run_undo(chosen: argparse.Namespace) -> int:
    raise NotImplementedError
