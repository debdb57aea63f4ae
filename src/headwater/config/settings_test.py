"""Settings of the test suite: a throw-away data folder, SQLite in memory or the PostgreSQL that is named."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_home = Path(tempfile.mkdtemp(prefix="headwater-test-"))
os.environ["HEADWATER_HOME"] = str(_home)
os.environ["HEADWATER_DATABASE_URL"] = os.environ.get("HEADWATER_TEST_DATABASE_URL", "")

from headwater.config.home import Home  # noqa: E402

Home(_home).create()

from headwater.config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
WHITENOISE_USE_FINDERS = False
CUSTOM_FIELDS_READ_AGAIN = None  # a test knows of those it made, and asks nothing in between
MIRROR_APART = False  # another process would not find the database of the tests
API_PER_MINUTE = 1_000_000  # the tests of a process ask as the same few people
