"""Commands that bring files in and out: import, undo, export."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.cli.console import Progress, plain, print_json, print_pairs, print_table
from headwater.cli.installation import Commands, json_option, opened

if TYPE_CHECKING:
    from headwater.intake.deciding import UnknownWord
    from headwater.intake.models import ImportBatch
    from headwater.platform.actor import Actor
    from headwater.platform.files_out import Portions
    from headwater.platform.resource import Column, Resource

KINDS = (
    "people", "organisations", "leads", "sources", "campaigns", "spend", "products", "opportunities", "orders",
    "touchpoints", "activities",
)  # fmt: skip
BINARY = ("xlsx", "parquet")


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the commands of this module."""
    bring = commands.add_parser("import", parents=[common], help="bring a file in (CSV or XLSX, also .gz)")
    bring.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    bring.add_argument("file", metavar="FILE", type=Path)
    bring.add_argument("--profile", default="", metavar="NAME", help="how its columns are read; without it: guessed")
    bring.add_argument(
        "--decide", action="append", default=[], metavar="COLUMN:VALUE=MEANING",
        help="what a word of the file means; may be repeated",
    )  # fmt: skip
    bring.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    bring.add_argument("--rows", action="store_true", help="say what became of every row")
    json_option(bring)
    bring.set_defaults(run=run_import)

    undo = commands.add_parser("undo", parents=[common], help="take an import back")
    undo.add_argument("batch", metavar="BATCH", type=int, help="the number that import printed")
    json_option(undo)
    undo.set_defaults(run=run_undo)

    out = commands.add_parser(
        "export", parents=[common], help="write all rows of a noun as CSV, JSON, Excel or Parquet"
    )
    out.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    out.add_argument("--output", metavar="FILE", type=Path, help="write there; without it to standard output")
    out.add_argument(
        "--format", choices=("csv", "json", *BINARY), default="", help="csv unless the name of FILE says otherwise"
    )
    json_option(out)
    out.set_defaults(run=run_export)


def run_export(chosen: argparse.Namespace) -> int:
    """Write every row of a noun, all exported columns, in the order of the ids."""
    output: Path | None = chosen.output
    kind = _format(chosen)
    with opened() as actor:
        from headwater.platform.errors import DomainError
        from headwater.platform.resource import by_slug

        resource = by_slug(chosen.kind)
        if resource is None:
            raise DomainError(f"This version does not know {chosen.kind}.")
        resource = resource.for_actor(actor)
        if output is None:
            if kind in BINARY:
                raise DomainError(f"Say with --output which file the {kind} goes to.")
            _write(resource, actor, sys.stdout, kind)
            return 0
        part = output.with_name(f"{output.name}.part")
        try:
            with part.open("wb") if kind in BINARY else part.open("w", encoding="utf-8", newline="") as out:
                count = _write(resource, actor, out, kind)
            part.replace(output)
        except OSError as error:
            reason = error.strerror or str(error)
            raise DomainError(f"{output} cannot be written ({reason}).") from error
        finally:
            with suppress(OSError):  # where it may not be written, there is nothing to take away
                part.unlink()
        print(f"{count:,} rows are in {output}.", file=sys.stderr)
    return 0


def _format(chosen: argparse.Namespace) -> str:
    """What was said, else what the name of the file says, else CSV."""
    ending = chosen.output.suffix.lower().removeprefix(".") if chosen.output is not None else ""
    return chosen.format or ("json" if chosen.json else ending if ending in BINARY else "csv")


def _write(resource: Resource, actor: Actor, out: Any, kind: str) -> int:
    from headwater.platform.clock import now
    from headwater.platform.errors import Conflict
    from headwater.platform.exports import ID, exported_columns, record_export, shown_values
    from headwater.platform.files_out import FORMATS
    from headwater.platform.installation import installation

    columns = [ID, *exported_columns(resource)]
    rows = resource.rows(actor).order_by("pk")
    count = rows.count()
    most = FORMATS[kind].most_rows if kind in BINARY else None
    if most is not None and count > most:
        raise Conflict(f"A sheet holds at most {most:,} rows. Take them as CSV or Parquet.")
    record_export(resource=resource, rows=count, format=kind, columns=columns[1:], conditions="", by=actor, at=now())
    portions = shown_values(rows, columns)
    if kind in BINARY:
        FORMATS[kind].write(out, resource, columns, portions, installation().zone)
        return count
    for line in _json_lines(columns, portions) if kind == "json" else _csv_lines(columns, portions):
        out.write(line)
    return count


def _csv_lines(columns: Sequence[Column], portions: Portions) -> Iterator[str]:
    """The cells of the page's export under the keys of the columns, which no translation changes."""
    from headwater.platform.exports import cell_texts, in_file

    block = io.StringIO()
    writer = csv.writer(block, lineterminator="\n")
    writer.writerow([column.key for column in columns])
    for portion in portions:
        cells = [cell_texts(in_file(column, values)) for column, values in zip(columns, portion, strict=True)]
        writer.writerows(zip(*cells, strict=True))
        yield block.getvalue()
        block.seek(0)
        block.truncate()
    yield block.getvalue()


def _json_lines(columns: Sequence[Column], portions: Portions) -> Iterator[str]:
    """An array with a line for each row; choices as their codes."""
    keys, before = [column.key for column in columns], "["
    for row in (row for portion in portions for row in zip(*portion, strict=True)):
        values = dict(zip(keys, row, strict=True))
        yield f"{before}\n {json.dumps(values, ensure_ascii=False, default=plain)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def run_import(chosen: argparse.Namespace) -> int:
    """Bring a file in; rejected rows are handed back in a file and are no failure."""
    rows: list[dict[str, Any]] = []
    with opened() as actor:
        from headwater.intake.deciding import unknown_words

        batch = _brought_in(chosen, rows, by=actor)
        unknown = unknown_words(batch)
        result = _what_became(batch, chosen.file, unknown)
    if chosen.json:
        print_json({**result, "rows": rows} if chosen.rows else result)
        return 0
    if chosen.rows:
        shown = [{**row, "id": str(row["id"] or ""), "reasons": "; ".join(row["reasons"])} for row in rows]
        print_table(shown, ("line", "outcome", "id", "reasons"))
    told = {**result, "dry_run": "yes, nothing was changed" if result["dry_run"] else ""}
    print_pairs({**told, "remarks": "; ".join(result["remarks"]), "notes": "", "unknown_values": ""})
    if result["notes"]:
        print("\nWhat was decided about rows:\n")
        print_table([{"rows": count, "what": note} for note, count in result["notes"].items()], ("rows", "what"))
    if unknown:
        _ask_to_decide(unknown)
    return 0


def _brought_in(chosen: argparse.Namespace, rows: list[dict[str, Any]], *, by: Actor) -> ImportBatch:
    """The import, which is through; what became of each row goes into ``rows`` where that is asked for.

    Raises:
        DomainError: it did not get through.
    """
    from headwater.intake.batches import importer_of
    from headwater.intake.deciding import decided
    from headwater.intake.models import ImportBatch
    from headwater.intake.run import import_file
    from headwater.intake.suggested import chosen_profile
    from headwater.platform.clock import now
    from headwater.platform.errors import DomainError
    from headwater.platform.importer import RowResult

    def on_row(result: RowResult) -> None:
        rows.append(
            {"line": result.line, "outcome": result.outcome.value, "id": result.object_id,
             "reasons": list(result.reasons)}
        )  # fmt: skip

    progress = Progress(f"Importing {chosen.file.name}")
    refuse_unreadable(chosen.file)
    profile = chosen.profile or None
    if chosen.decide:
        profile = decided(chosen_profile(chosen.file, importer_of(chosen.kind), profile), chosen.decide)
    try:
        batch = import_file(
            chosen.file, kind=chosen.kind, by=by, at=now(), profile=profile, is_dry_run=chosen.dry_run,
            on_progress=lambda batch: progress(batch.rows_read, batch.row_estimate),
            on_row=on_row if chosen.rows else None,
        )  # fmt: skip
    finally:
        progress.close()
    if batch.state != ImportBatch.State.DONE:
        state, read = batch.get_state_display().lower(), batch.rows_read
        raise DomainError(f"Import {batch.pk} did not get through: it is {state} after {read:,} rows.")
    return batch


def _what_became(batch: ImportBatch, file: Path, unknown: Sequence[UnknownWord]) -> dict[str, Any]:
    """An import as programs read it."""
    from headwater.intake.batches import rejects_path

    rejects = rejects_path(batch)
    return {
        "kind": batch.kind,
        "file": str(file),
        "dry_run": batch.is_dry_run,
        "batch": batch.pk,
        "created": batch.created,
        "updated": batch.updated,
        "unchanged": batch.unchanged,
        "rejected": batch.rejected,
        "rejects_file": str(rejects) if rejects is not None else None,
        "remarks": batch.guesses,
        "notes": batch.notes,
        "unknown_values": [asdict(word) for word in unknown],
    }


def _ask_to_decide(unknown: Sequence[UnknownWord]) -> None:
    from headwater.intake.deciding import as_toml

    first = unknown[0]
    print("\nThe rows with these words were left out, because nobody knows what they mean:\n")
    print_table([{**asdict(word), "rows": word.count} for word in unknown], ("column", "value", "rows"))
    print(f'\nDecide here: --decide "{first.column}:{first.value}={first.choices[0]}"')
    print(f"Or for every such file, in its profile:\n\n{as_toml(unknown)}")


def run_undo(chosen: argparse.Namespace) -> int:
    """Take an import back; rows somebody worked on since stay, and are listed with the reason."""
    with opened() as actor:
        from headwater.intake.undoing import undo_batch
        from headwater.platform.clock import now

        progress = Progress(f"Undoing import {chosen.batch}")
        try:
            report = undo_batch(batch_id=chosen.batch, by=actor, at=now(), on_progress=progress).undone
        finally:
            progress.close()
    if chosen.json:
        print_json({"batch": chosen.batch, **report})
        return 0
    print_pairs({"removed": report["removed"], "restored": report["restored"], "kept": len(report["kept"])})
    if report["also"]:
        print_table([{"also removed": name} for name in report["also"]], ("also removed",))
    if report["kept"]:
        kept = [{**row, "id": str(row["id"])} for row in report["kept"]]
        print_table(kept, ("kind", "id", "title", "reason"))
    return 0


def refuse_unreadable(file: Path) -> None:
    """Refuse a file that is not there or may not be read, before anything is begun.

    Raises:
        UnreadableFile: says why.
    """
    from headwater.intake.errors import UnreadableFile

    try:
        with file.open("rb"):
            return
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise UnreadableFile(f"{file} cannot be read: {reason}.") from error
