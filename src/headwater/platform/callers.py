"""From where somebody asks, and who counts as one and the same place where tries and requests are limited."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

LONGEST = 45  # an IPv6 address with an IPv4 one in it
OWN_BITS = 64  # what one customer is given at least; the rest of an IPv6 address everybody chooses at will
# Some proxies write the port behind the address.
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; behind the HTTPS proxy of a deployment, what the proxy says."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
        if forwarded:
            # The last entry is the proxy's own; those before it are whatever the visitor wrote.
            return _bare(forwarded.rsplit(",", 1)[-1].strip())[:LONGEST]
    return str(request.META.get("REMOTE_ADDR", ""))[:LONGEST]


def network_of(address: str) -> str:
    """What limits count instead of an address: an IPv4 address itself, of IPv6 the network its caller has whole."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, OWN_BITS), strict=False))


def _bare(address: str) -> str:
    found = _WITH_PORT.fullmatch(address)
    return (found[1] or found[2]) if found else address
