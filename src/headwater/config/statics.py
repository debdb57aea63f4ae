"""Static files as they are served: copied once per version, compressed, under an address that never changes meaning."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from headwater.config.home import Home

MARKER = "current"


def published(home: Home) -> str:
    """The fingerprint of the files that are ready to be served, or nothing while there are none."""
    marker = home.path / "static" / MARKER
    return marker.read_text("ascii").strip() if marker.exists() else ""


def publish(home: Home) -> str:
    """Copy and compress all static files when they differ from those published; half a second, once per version.

    Every address contains the fingerprint, so browsers may keep files for ever, ES modules included.
    """
    from django.contrib.staticfiles.finders import get_finders
    from whitenoise.compress import Compressor

    files = sorted((path, storage) for finder in get_finders() for path, storage in finder.list([]))
    digest = hashlib.sha256()
    for path, storage in files:
        digest.update(path.encode())
        digest.update(Path(storage.path(path)).read_bytes())
    fingerprint = digest.hexdigest()[:12]
    folder = home.path / "static"
    if published(home) == fingerprint and (folder / fingerprint).is_dir():
        return fingerprint
    building = folder / f"building-{fingerprint}"
    shutil.rmtree(building, ignore_errors=True)
    compressor = Compressor(quiet=True)
    for path, storage in files:
        target = building / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(storage.path(path), target)
        if compressor.should_compress(path):
            list(compressor.compress(str(target)))
    shutil.rmtree(folder / fingerprint, ignore_errors=True)
    building.rename(folder / fingerprint)
    (folder / MARKER).write_text(fingerprint, "ascii")
    for old in folder.iterdir():
        if old.is_dir() and old.name != fingerprint:
            shutil.rmtree(old, ignore_errors=True)
    return fingerprint
