"""Settings, from the data folder and a few environment variables; there is nothing to edit for a start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from headwater import __version__
from headwater.config import environment, logs
from headwater.config.home import current_home
from headwater.config.statics import published

HOME = current_home()
VERSION = __version__
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("HEADWATER_SECRET_KEY") or HOME.secret_key()
DEBUG = False
ALLOWED_HOSTS = environment.listed("HEADWATER_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.origins("HEADWATER_ORIGINS")

INSTALLED_APPS = [
    "headwater.platform",
    "headwater.team",
    "headwater.web",
    "headwater.api",
    "headwater.intake",
    "headwater.tell",
    "headwater.parties",
    "headwater.acquire",
    "headwater.qualify",
    "headwater.sell",
    "headwater.measure",
    "headwater.demo",
    "headwater.config",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "template_partials.apps.SimpleAppConfig",
    "csp",
]

MIDDLEWARE = [
    "headwater.config.observing.ObservingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads every answer at random: sizes tell nothing about what is in it
    "csp.middleware.CSPMiddleware",
    "headwater.web.http.PrivateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "headwater.team.middleware.ActorMiddleware",
    "headwater.web.http.SignInMiddleware",
    "headwater.web.http.RefusalMiddleware",
    "headwater.web.rail.DoneMiddleware",
]

ROOT_URLCONF = "headwater.config.urls"
WSGI_APPLICATION = "headwater.config.wsgi.application"
APPEND_SLASH = False

_loaders = [
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "headwater.web.context.shell",
            ],
            "loaders": [
                ("template_partials.loader.Loader", [("django.template.loaders.cached.Loader", _loaders)]),
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]
FORM_RENDERER = "headwater.web.widgets.FormRenderer"


def _database() -> dict[str, Any]:
    server = environment.postgresql("HEADWATER_DATABASE_URL")
    if server:
        return {**server, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME.database,
        "CONN_MAX_AGE": None,  # otherwise the pragmas run on every request
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # All of the file is mapped, up to the 2 GB that SQLite allows: beyond what is mapped and kept in its cache,
            # each of the thousands of places all over a long table that a search compares is a call of the system.
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=2147418112;"
                "PRAGMA cache_size=-32000;PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=67108864"
            ),
        },
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "team.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("email", "name", "company")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]  # fmt: skip
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Published files carry a fingerprint in their address and are kept for ever; without them the packages' own serve.
_static = published(HOME)
STATIC_URL = f"/static/{_static}/" if _static else "/static/"
STATIC_ROOT = HOME.path / "static" / _static if _static else None
WHITENOISE_USE_FINDERS = not _static
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31_536_000 if _static else 0

_https = environment.is_on("HEADWATER_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # of links with which somebody chooses a password
SESSION_ENGINE = "headwater.team.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CUSTOM_FIELDS_READ_AGAIN: float | None = 1.0  # seconds after which a process notices what another one changed
MIRROR_APART = True  # the worker fills the mirror in a process of its own
API_PER_MINUTE = environment.number("HEADWATER_API_PER_MINUTE", 1200, least=1)  # requests of one token
# Private networks that webhooks may reach, such as "10.0.0.0/8"; none without being named.
WEBHOOK_NETWORKS = environment.networks("HEADWATER_WEBHOOK_NETWORKS")
UPLOAD_LIMIT = environment.number("HEADWATER_UPLOAD_LIMIT_MB", 512, least=1) << 20
FILE_LIMIT = environment.number("HEADWATER_FILE_LIMIT_MB", 25, least=1) << 20  # of one file put with a record
FILE_UPLOAD_HANDLERS = [
    "headwater.intake.uploads.LimitUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# The backup that the worker makes every day, from this hour of the company's clock on; 0 days: none. What is saved
# under Settings → Backups takes their place.
BACKUP_HOUR = environment.number("HEADWATER_BACKUP_HOUR", 3, most=23)
BACKUPS_DAILY = environment.number("HEADWATER_BACKUPS_DAILY", 7)
BACKUPS_WEEKLY = environment.number("HEADWATER_BACKUPS_WEEKLY", 4)

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# "json" or "console": a line for each request and event; without it only for what goes wrong. None has anybody's data.
LOG_STYLE = environment.one_of("HEADWATER_LOG", logs.JSON, logs.CONSOLE)
LOGGING = logs.configure(LOG_STYLE)
METRICS_TOKEN = os.environ.get("HEADWATER_METRICS_TOKEN", "")

WEB_WORKERS = environment.number("HEADWATER_WEB_WORKERS", 2, least=1)  # processes that serve pages

# How long the worker waits between two looks for work, in seconds.
WORKER_PAUSE = 0.5
