"""Sending a message to an address that somebody typed in, without letting it reach what only this machine may.

The name is looked up once, every address it has is judged, and the connection goes to the one that was judged: a name
that answers differently the second time gains nothing. Redirects are not followed, proxies not asked.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from headwater.platform.deadline import Deadline
from headwater.platform.phrases import stored
from headwater.platform.translated import gettext as _
from headwater.platform.values import is_storable

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
READ: Final = 4_096
KEPT: Final = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddress(ValueError):
    """Nothing may be sent there; the words are for whoever typed it in."""


@dataclass(frozen=True)
class Reply:
    """What came back: a status and the first characters, or why nothing did, as it is kept for every reader."""

    status: int | None
    text: str
    milliseconds: int

    @property
    def is_taken(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


def checked_url(url: str) -> SplitResult:
    """The parts of an address of a webhook.

    Raises:
        BadAddress: it is none, or plain HTTP to somewhere the operator did not name.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(_("This is no address.")) from error
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise BadAddress(_("An address such as https://erp.example/headwater is needed."))
    if parts.username or parts.password or parts.fragment:
        raise BadAddress(_("An address with a password or a fragment is not taken."))
    if not url.isascii() or not url.isprintable() or " " in url:
        raise BadAddress(_("An address has ASCII letters only."))
    if parts.scheme == "http" and not settings.WEBHOOK_NETWORKS:
        raise BadAddress(_("The address must begin with https://."))
    return parts


def judge(url: str) -> None:
    """Refuse an address while it is typed in, as far as it can be known by now.

    Raises:
        BadAddress: nothing may be sent there. A name that cannot be looked up just now is no reason.
    """
    try:
        _addresses(checked_url(url))
    except OSError:
        return


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Post a message; what came back. It takes no longer than a few seconds, whatever the other side does."""
    began = time.perf_counter()

    def reply(status: int | None, text: str) -> Reply:
        kept = stored(text) if status is None else _kept(text)
        return Reply(status, kept, round((time.perf_counter() - began) * 1000))

    too_slow = _("No whole answer came within {total_seconds:.0f} seconds.").format(total_seconds=TOTAL_SECONDS)
    with Deadline(TOTAL_SECONDS) as deadline:
        try:
            parts = checked_url(url)
            connection = _Pinned(parts, _addresses(parts), deadline)
        except BadAddress as bad:
            return reply(None, str(bad))
        except OSError:
            return reply(None, _("The name of the address cannot be looked up."))
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body=body, headers=dict(headers))
            answer = connection.getresponse()
            text = answer.read(READ).decode("utf-8", "replace")
            return reply(None, too_slow) if deadline.is_over else reply(answer.status, text)
        except (OSError, http.client.HTTPException) as error:
            if deadline.is_over or isinstance(error, TimeoutError):
                return reply(None, too_slow)
            return reply(None, _kept(f"{type(error).__name__}: {error}"))
        finally:
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were judged, under the name they were found by."""

    def __init__(self, parts: SplitResult, addresses: list[tuple[str, int]], deadline: Deadline) -> None:
        super().__init__(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        self._addresses, self._is_secure, self._deadline = addresses, parts.scheme == "https", deadline
        self.default_port = 443 if self._is_secure else 80

    def connect(self) -> None:
        """Connect to the first of the addresses that answers."""
        failed: OSError = ConnectionError("There is nothing at this address.")
        for address in self._addresses[:3]:
            try:
                self.sock = self._deadline.watch(socket.create_connection(address, CONNECT_SECONDS))
                break
            except OSError as error:
                failed = error
        else:
            raise failed
        self.sock.settimeout(TOTAL_SECONDS)
        if self._is_secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def _addresses(parts: SplitResult) -> list[tuple[str, int]]:
    """Where the name leads.

    Raises:
        BadAddress: to something that is nobody's business, be it one of several.
        OSError: nowhere.
    """
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = [str(info[4][0]) for info in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)]
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        named = any(address in network for network in settings.WEBHOOK_NETWORKS)
        if parts.scheme == "http" and not named:
            raise BadAddress(_("The address must begin with https://."))
        if not named and not is_public(address):
            raise BadAddress(_("The address leads into a private network, where nothing is sent."))
    return [(text, port) for text in found]


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    closed = (
        address.is_private, address.is_loopback, address.is_link_local, address.is_multicast, address.is_reserved,
        address.is_unspecified,
    )  # fmt: skip
    return address.is_global and not any(closed)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _kept(text: str) -> str:
    text = text[:KEPT]
    return text if is_storable(text) else "".join(letter for letter in text if is_storable(letter))
