"""Keeping contents of files: under random names in the data folder, judged by what is in them and not by their names.

Nothing here opens an archive or runs anything. Only images of a few kinds are decoded, for their small picture, and
only up to a number of points that cannot hurt.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import puremagic
from PIL import Image, ImageOps

from headwater.platform.errors import DomainError, Invalid
from headwater.platform.translated import gettext, gettext_lazy, grouped
from headwater.team.queries.files import THUMBNAIL, folder

HEAD: Final = 8_192
PICTURE_POINTS: Final = 40_000_000
PICTURE_SIDE: Final = 320
PICTURES: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
UNKNOWN: Final = "application/octet-stream"
LONGEST_NAME: Final = 200
_MARKUP: Final = (
    (re.compile(rb"<svg[\s>]", re.I), "image/svg+xml"),
    (re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe|img)[\s>]", re.I), "text/html"),
)
# Names that promise a kind which content shows; of other names (.txt, .csv, .log) nothing can be said.
_PROMISES: Final = ("image/", "audio/", "video/", "application/pdf", "application/zip", "application/vnd.", "text/html")


class NotStored(DomainError):
    """The data folder did not take the file: the disk is full, or may not be written."""

    code, status = "not_stored", 507
    message = gettext_lazy("The file was not stored: {reason}. Nothing was changed. Tell whoever runs Headwater.")


@dataclass(frozen=True)
class Kept:
    """A content that lies in the data folder."""

    key: str
    path: Path
    size: int
    sha256: str
    media_type: str
    is_odd: bool


def keep(chunks: Iterable[bytes], *, name: str, limit: int) -> Kept:
    """Store a content. It appears whole or not at all.

    Raises:
        Invalid: it is empty, or larger than ``limit``.
        NotStored: the data folder did not take it.
    """
    key = secrets.token_hex(16)
    path = folder() / key[:2] / key
    part = path.with_name(f"{key}.part")
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise Invalid(
                        {
                            "files": [
                                gettext("“{name}” is larger than {limit} MB.").format(
                                    name=name, limit=grouped(limit >> 20)
                                )
                            ]
                        }
                    )
                head += chunk[: HEAD - len(head)]
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        if not size:
            raise Invalid({"files": [gettext("“{name}” is empty.").format(name=name)]})
        part.replace(path)
    except OSError as error:
        raise NotStored(reason=error.strerror or gettext("the disk refused")) from error
    finally:
        part.unlink(missing_ok=True)
    media_type, is_odd = kind_of(head, name)
    return Kept(key, path, size, digest.hexdigest(), media_type, is_odd)


def discard(path: Path) -> None:
    """Remove a content and its small picture."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + THUMBNAIL).unlink(missing_ok=True)


def kind_of(head: bytes, name: str) -> tuple[str, bool]:
    """What a content is by its first bytes, and whether that contradicts its name."""
    promised = mimetypes.guess_type(name)[0] or ""
    found = _by_magic(head)
    markup = next((kind for pattern, kind in _MARKUP if pattern.search(head)), "")
    if markup and (not found or found[0][1] in ("", "text/xml", "application/xml") or _is_text(head)):
        return markup, promised != markup
    fitting = [kind for suffix, kind in found if kind == promised or (suffix and name.lower().endswith(suffix))]
    if fitting:
        return (promised if promised in fitting else fitting[0]) or UNKNOWN, False
    if not found and _is_text(head):
        kind = promised if promised in ("text/csv", "text/plain") else "text/plain"
        return kind, promised.startswith(_PROMISES)
    kind = next((kind for _, kind in found if kind), UNKNOWN)
    return kind, promised.startswith(_PROMISES) and kind != promised


def clean_name(name: str) -> str:
    """A file's name as it may be shown and offered: no folders, no invisible characters, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    shown = " ".join(shown.split()).strip(". ")
    stem, dot, suffix = shown.rpartition(".")
    if len(shown) > LONGEST_NAME:
        suffix = suffix[:20] if stem else ""
        shown = f"{(stem or shown)[: LONGEST_NAME - len(suffix) - 1]}{dot if suffix else ''}{suffix}"
    return shown or "file"


def draw_thumbnail(kept: Kept) -> bool:
    """Make the small picture of an image, drawn anew so that nothing else in the file is shown; whether it could."""
    if kept.media_type not in PICTURES:
        return False
    target = kept.path.with_name(kept.path.name + THUMBNAIL)
    try:
        with Image.open(kept.path, formats=[PICTURES[kept.media_type]]) as picture:
            if picture.width * picture.height > PICTURE_POINTS:
                return False
            picture.draft("RGB", (PICTURE_SIDE * 2, PICTURE_SIDE * 2))
            small = ImageOps.exif_transpose(picture) or picture
            small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
            bare = small.convert("RGBA" if "A" in small.getbands() or "transparency" in small.info else "RGB")
            bare.info.clear()  # where it was taken is nobody's business
            bare.save(target, "WEBP", quality=80)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, MemoryError):
        target.unlink(missing_ok=True)
        return False
    return True


def _by_magic(head: bytes) -> list[tuple[str, str]]:
    try:
        return [(match.extension, match.mime_type) for match in puremagic.magic_string(head)]
    except (puremagic.PureError, ValueError):
        return []


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head[: HEAD - 4].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 8  # cut in the middle of a character
    return True
