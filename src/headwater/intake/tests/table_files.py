"""Files of tables for tests: written as they come, and read as their rows."""

from __future__ import annotations

from pathlib import Path

from headwater.intake.reader import open_table


def write(folder: Path, content: str | bytes, name: str = "file.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def cells(path: Path, **options: object) -> list[list[str]]:
    return [row for _, row in open_table(path, **options).rows()]  # type: ignore[arg-type]
