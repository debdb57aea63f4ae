"""Who counts as one caller where tries and requests are limited."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from headwater.platform.callers import LONGEST, address_of, network_of

LONG = "2001:db8:1:2:ffff:ffff:ffff:ffff"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        (LONG, "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:0:0:0:1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:C000:207", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:/run/headwater.sock", "unix:/run/headwater.sock"),
    ],
)
def test_an_ipv6_address_counts_as_the_network_its_caller_has_whole(address, network):
    assert network_of(address) == network


def test_every_network_fits_where_it_is_kept():
    assert len(network_of("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")) <= LONGEST
    assert len(network_of("x" * 400)) == LONGEST


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("6.6.6.6, 10.4.4.4", "10.4.4.4"),
        ("10.4.4.4:51820", "10.4.4.4"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", "127.0.0.1"),
    ],
)
def test_behind_a_proxy_an_address_is_what_the_proxy_wrote_last_without_its_port(settings, said, address):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert address_of(RequestFactory().get("/", HTTP_X_FORWARDED_FOR=said)) == address


def test_without_a_proxy_nobody_says_where_they_are():
    assert address_of(RequestFactory().get("/", HTTP_X_FORWARDED_FOR="10.4.4.4")) == "127.0.0.1"
