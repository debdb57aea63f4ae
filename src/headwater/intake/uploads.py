"""Taking files from a browser: not too large, of a kind we read, under a name of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from headwater.intake.batches import keep_file
from headwater.intake.errors import UnreadableFile
from headwater.intake.reader import Limits, open_table
from headwater.intake.table import Table
from headwater.platform.translated import gettext as _
from headwater.platform.translated import grouped

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".gz")
SAMPLE_FILE = Path(__file__).parent / "samples" / "leads.csv"


class LimitUpload(FileUploadHandler):
    """Stops an upload that is too large while it arrives, before it fills the disk."""

    chunk_size = 1 << 20

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the data on, up to the limit."""
        self.seen += len(raw_data)
        if self.seen > settings.UPLOAD_LIMIT:
            self.request.upload_too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps the file."""


def limit_words() -> str:
    """How large a file may be, in words."""
    return f"{grouped(settings.UPLOAD_LIMIT >> 20)} MB"


def keep_upload(upload: UploadedFile[Any]) -> tuple[Path, Table]:
    """Store an uploaded file and open it as a table.

    Raises:
        UnreadableFile: it is no table we can read; nothing of it is kept.
    """
    name = upload.name or ""
    if not name.lower().endswith(ENDINGS):
        raise UnreadableFile(_("Choose a CSV or XLSX file (.csv, .tsv, .txt, .xlsx, also compressed as .gz)."))
    path = keep_file(upload.chunks(), name=name)
    return path, opened(path)


def keep_sample() -> tuple[Path, Table]:
    """The file of leads to try things with."""
    path = keep_file([SAMPLE_FILE.read_bytes()], name=SAMPLE_FILE.name)
    return path, opened(path)


def opened(path: Path) -> Table:
    """A stored file as a table; one that is none is removed again."""
    try:
        return open_table(path, limits=Limits(file_bytes=max(settings.UPLOAD_LIMIT * 8, 64 << 20)))
    except UnreadableFile:
        path.unlink(missing_ok=True)
        raise
