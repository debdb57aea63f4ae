"""What environment variables set up: one that means nothing is refused by its name, never guessed."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import parse_qsl, unquote, urlparse

from headwater.platform.errors import DomainError

PROTOCOLS = ("postgresql", "postgres")
ADDRESS = (
    "Give postgresql://user:password@host:5432/name; in the password write %40 for @, %2F for /, "
    "%23 for #, %3F for ? and %25 for %."
)
# PostgreSQL compiles what it takes for long. Of questions that end with a page, or read a part of a table, it takes
# most for long, and compiling took seconds where the answer took a tenth of one.
NO_COMPILING = "-c jit=off"


class BadSetting(DomainError):
    """An environment variable says what nobody can follow."""

    code = "bad_setting"
    message = "{name} is “{given}”. {wanted}"


def number(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number from ``least`` to ``most``; not set, or set to nothing: ``default``.

    Raises:
        BadSetting: it is no such number.
    """
    given = os.environ.get(name, "").strip()
    if not given:
        return default
    found = int(given) if given.isascii() and given.isdecimal() else -1
    if found < least or (most is not None and found > most):
        up_to = f"to {most}" if most is not None else "upwards"
        raise BadSetting(name=name, given=given, wanted=f"Give a whole number from {least} {up_to}.")
    return found


def is_on(name: str) -> bool:
    """A switch: 1 is on; 0, nothing and not set are off.

    Raises:
        BadSetting: it says something else. Taken for off, "yes" would send cookies in the clear.
    """
    given = os.environ.get(name, "").strip()
    if given not in ("", "0", "1"):
        raise BadSetting(name=name, given=given, wanted="Give 1 for on, or 0 for off.")
    return given == "1"


def one_of(name: str, *choices: str) -> str:
    """One of a few words, in small or capital letters; empty where nothing is set.

    Raises:
        BadSetting: it is none of them.
    """
    given = os.environ.get(name, "").strip()
    if given and given.lower() not in choices:
        raise BadSetting(name=name, given=given, wanted=f"Give {' or '.join(choices)}.")
    return given.lower()


def listed(name: str, default: str = "") -> list[str]:
    """What stands between commas, without the blanks around it."""
    return [each.strip() for each in os.environ.get(name, default).split(",") if each.strip()]


def origins(name: str) -> list[str]:
    """Addresses as a browser names where a page comes from: protocol, host, port, and nothing behind them.

    Raises:
        BadSetting: one is something else, and would let no form through.
    """
    found = [each.rstrip("/") for each in listed(name)]
    for each in found:
        parts = urlparse(each)
        if parts.scheme not in ("http", "https") or not parts.netloc or each != f"{parts.scheme}://{parts.netloc}":
            raise BadSetting(name=name, given=each, wanted="Give addresses such as https://crm.example.com.")
    return found


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Networks such as ``10.20.0.0/16``, with commas between.

    Raises:
        BadSetting: one is no network.
    """
    try:
        return [ip_network(text) for text in listed(name)]
    except ValueError as error:
        wanted = f"Give networks such as 10.20.0.0/16, with commas between ({error})."
        raise BadSetting(name=name, given=os.environ[name], wanted=wanted) from None


def postgresql(name: str) -> dict[str, Any] | None:
    """Where the database server is, as Django's settings say it; None: nothing is set.

    Raises:
        BadSetting: it is no address of a database on PostgreSQL. It is not repeated: it holds a password.
    """
    url = os.environ.get(name, "")
    if not url:
        return None
    wanted = BadSetting(name=name, given="…", wanted=ADDRESS)
    try:
        parts = urlparse(url)
        port = parts.port or ""
    except ValueError:
        raise wanted from None
    name_of_database = parts.path.lstrip("/")
    if parts.scheme not in PROTOCOLS or not name_of_database or set(name_of_database) & set("/@"):
        raise wanted
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name_of_database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": port,
        "OPTIONS": {"options": NO_COMPILING, **dict(parse_qsl(parts.query, keep_blank_values=True))},
    }
