"""Names of hosts, name servers and ports, as docker's flags take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chub.errors import Invalid, Unsupported
from chub.options.network import parse_dns, parse_dns_search, parse_exposed, parse_host

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_host, "db:10.0.0.5", "db:10.0.0.5"),
        (parse_host, "db=10.0.0.5", "db:10.0.0.5"),
        (parse_host, "v6:[fe80::1]", "v6:fe80::1"),
        (parse_host, "v6:::1", "v6:::1"),
        (parse_dns, " 1.1.1.1 ", "1.1.1.1"),
        (parse_dns, "FE80::0001", "fe80::1"),
        (parse_dns_search, "example.org.", "example.org"),
        (parse_dns_search, ".", "."),
        (parse_exposed, "80", ("80/tcp",)),
        (parse_exposed, "80-82/UDP", ("80/udp", "81/udp", "82/udp")),
    ],
)
def test_what_is_taken(parse: Callable[[str], object], text: str, expected: object) -> None:
    """In one spelling."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("parse", "text", "words"),
    [
        (parse_host, "db", "bad format for add-host"),
        (parse_host, ":1.1.1.1", "bad format for add-host"),
        (parse_host, "db:300.1.1.1", 'invalid IP address in add-host: "300.1.1.1"'),
        (parse_dns, "example.org", "IP address is not correctly formatted: example.org"),
        (parse_dns_search, "a b", "a b is not a valid domain"),
        (parse_dns_search, "a." * 200, "is not a valid domain"),
        (parse_dns_search, "a..b", "is not a valid domain"),
        (parse_exposed, "", "Empty string specified for ports."),
        (parse_exposed, "9-8", "Invalid range specified for the Port: 9-8"),
        (parse_exposed, "-1", "invalid syntax"),
        (parse_exposed, "65536", "value out of range"),
        (parse_exposed, "80/icmp", "invalid proto: icmp"),
    ],
)
def test_what_is_refused(parse: Callable[[str], object], text: str, words: str) -> None:
    """In docker's words."""
    with pytest.raises(Invalid) as refused:
        parse(text)

    assert words in str(refused.value)


def test_there_is_no_gateway_to_the_host() -> None:
    """host-gateway stands for the address of a bridge."""
    with pytest.raises(Unsupported):
        parse_host("host:host-gateway")
