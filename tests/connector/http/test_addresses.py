"""Tests of connector.http.addresses: no address inside is reached, however it is written."""

from __future__ import annotations

import pytest

from connector.errors import DeliveryError
from connector.http.addresses import GuardedResolver, Reach, check, is_address, parse, reach

NEVER = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::127.0.0.1", "fe80::1", "fe80::1%1", "2003::1%1", "fec0::1", "ff02::1",
    "fd00:ec2::254", "fd20:ce::254", "2001:db8::1", "2001::1", "3fff::1", "100::1", "5f00::1", "64:ff9b:1::1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::ffff:0.0.0.0",
    "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "127.0.0.1 ", "localhost", "", "::ffff:0:127.0.0.1",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
PRIVATE = [
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "fc00::1", "fd12::1",
    "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:c0a8:101::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize(
    ("address", "far"),
    [
        *((address, Reach.NEVER) for address in NEVER),
        *((address, Reach.LOOPBACK) for address in LOOPBACK),
        *((address, Reach.PRIVATE) for address in PRIVATE),
        *((address, Reach.PUBLIC) for address in PUBLIC),
    ],
)
def test_every_address_is_judged(address: str, far: Reach) -> None:
    assert reach(address) is far


def test_one_bad_address_among_good_ones_is_enough() -> None:
    allowed = frozenset({Reach.PUBLIC})
    check(["8.8.8.8", "2a00:1450::1"], allowed)
    for addresses in ([], ["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::1"]):
        with pytest.raises(DeliveryError, match=r"peer\.address_refused"):
            check(addresses, allowed)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "city.example",
        "//city.example/",
        "ftp://city.example/",
        "file:///etc/passwd",
        "gopher://city.example/",
        "https:///x",
        "https://:443/",
        "https://user@city.example/",
        "https://user:pw@city.example/",
        "https://@city.example/",
        "https://city.example\\@evil.example/",
        "https://city.example/#x",
        "https://city.example/#",
        "https://city.example:0/",
        "https://city.example:65536/",
        "https://city.example:x/",
        "https://city.example/a b",
        "https://city.example/\r\nX: y",
        "https://city.example/\x00",
        "https://city.example/ü",
        "https://münchen.example/",
        "https://City.example/",
        "https://city%2eexample/",
        "https://-city.example/",
        "https://2130706433/",
        "https://017700000001/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://1.2.3.256/",
        "https://a.0x7f/",
        "https://[::1%25lo]/",
        "https://[fe80::1%lo]/",
        "https://[::1/",
        "https://[v1.x]/",
        "https://①②⑦.0.0.1/",
        "https://city.example/" + "x" * 8_192,
    ],
)
def test_urls_with_a_second_reading_are_refused(url: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        parse(url)
    assert caught.value.reason.code == "peer.url"
    assert not caught.value.reason.params


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://city.example/dsp/2025-1/negotiations/urn%3Auuid%3A1?x=%2F", False),
        ("https://city.example:1", False),
        ("https://city.example./", False),
        ("http://localhost:8181/", False),
        ("https://a_b.example/", False),
        ("http://127.0.0.1:8181/", True),
        ("https://[2a00:1450::1]:8443/x", True),
    ],
)
def test_urls_are_requested_as_they_are_written(url: str, address: bool) -> None:
    found = parse(url)
    assert str(found) == url
    assert is_address(found.raw_host or "") is address


async def test_a_resolver_hands_out_judged_addresses_only() -> None:
    answers = {"good.example": ["8.8.8.8", "2a00:1450::1"], "mixed.example": ["8.8.8.8", "192.168.1.1"]}

    async def lookup(host: str, port: int) -> list[str]:
        return answers[host]

    resolver = GuardedResolver(lookup, frozenset({Reach.PUBLIC}))
    found = await resolver.resolve("good.example", 443)
    assert [(one["host"], one["port"]) for one in found] == [("8.8.8.8", 443), ("2a00:1450::1", 443)]
    with pytest.raises(DeliveryError):
        await resolver.resolve("mixed.example", 443)
