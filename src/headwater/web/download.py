"""Handing out what people have uploaded: to be saved, never to be shown, under a type that no browser runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.http import FileResponse

UNKNOWN: Final = "application/octet-stream"
HARMLESS: Final = (
    "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv",
)  # fmt: skip


def attachment(path: Path, *, name: str, media_type: str) -> FileResponse:
    """A file on its way to somebody's disk; of a type that might run somewhere it says nothing."""
    kind = media_type if media_type in HARMLESS else UNKNOWN
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=kind)
    response["Cache-Control"] = "private, no-store"
    return _caged(response)


def picture(path: Path) -> FileResponse:
    """A picture that we drew ourselves, to be shown in a page."""
    response = FileResponse(path.open("rb"), content_type="image/webp", filename="picture.webp")
    response["Cache-Control"] = "private, max-age=86400"
    return _caged(response)


def _caged(response: FileResponse) -> FileResponse:
    """Should a browser show it all the same, nothing in it runs or reaches out."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
