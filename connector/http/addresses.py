"""Which addresses this node connects to: the guard against being sent to places inside (server-side request forgery).

What lives here: judging an address, a URL and a host name, and a resolver that hands out judged addresses only. What
does not: connecting (`client`). The lists are the IANA special-purpose address registries (RFC 6890); whatever they do
not call public is refused, an IPv4 address inside an IPv6 one is judged as itself.

INVARIANT: the address that is connected to is the one that was judged. Names are resolved here and the connector gets
addresses, so that a name which means something else a moment later changes nothing.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from connector.errors import DeliveryError

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port -> addresses as text; `OSError` where there are none."""


class Reach(IntEnum):
    """How far an address reaches: what is allowed for a peer is its own reach and everything above."""

    NEVER = 0
    LOOPBACK = 1
    PRIVATE = 2
    PUBLIC = 3


_PRIVATE4 = [IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
_NEVER4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",  # metadata service of a cloud, in shared address space
        "168.63.129.16/32",  # metadata service of a cloud, in public address space
        "169.254.0.0/16",  # link-local, with the metadata service of most clouds
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
]
_GLOBAL6 = IPv6Network("2000::/3")
_PRIVATE6 = IPv6Network("fc00::/7")
_NEVER6 = [
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, among them Teredo
        "2001:db8::/32",
        "3fff::/20",
        "fd00:ec2::/32",  # metadata services of clouds
        "fd20:ce::/32",
    )
]
_NAT64 = IPv6Network("64:ff9b::/96")


def reach(text: str) -> Reach:
    """How far an address reaches; NEVER for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return Reach.NEVER
    return _reach4(address) if isinstance(address, IPv4Address) else _reach6(address)


def _reach4(address: IPv4Address) -> Reach:
    if address.is_loopback:
        return Reach.LOOPBACK
    if any(address in network for network in _NEVER4):
        return Reach.NEVER
    return Reach.PRIVATE if any(address in network for network in _PRIVATE4) else Reach.PUBLIC


def _reach6(address: IPv6Address) -> Reach:
    inner = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return _reach4(inner)
    if address.is_loopback:
        return Reach.LOOPBACK
    if address.scope_id is not None or any(address in network for network in _NEVER6):
        return Reach.NEVER
    if address in _PRIVATE6:
        return Reach.PRIVATE
    return Reach.PUBLIC if address in _GLOBAL6 else Reach.NEVER


_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?", re.ASCII)
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.ASCII)
_VISIBLE = re.compile(r"[!-~]{1,8192}", re.ASCII)


def parse(text: str) -> URL:
    """A URL to be requested exactly as it is written. Raises `DeliveryError` `peer.url`.

    Refused: other schemes than http and https, user information, fragments, control and foreign characters, hosts that
    are neither names nor addresses in their one canonical form (`127.1`, `0x7f000001` and `2130706433` are neither).
    """
    if not _VISIBLE.fullmatch(text):
        raise DeliveryError("peer.url")
    try:
        url = URL(text, encoded=True)
        host, authority, port = url.raw_host or "", url.raw_authority, url.explicit_port
    except ValueError as error:
        raise DeliveryError("peer.url") from error
    # yarl drops an empty user or fragment and the brackets of what is no IPv6 address; what was written decides.
    if url.scheme not in ("http", "https") or "@" in authority or "#" in text or port == 0:
        raise DeliveryError("peer.url")
    if ("[" in authority) != (":" in host) or not _is_host(host):
        raise DeliveryError("peer.url")
    return url


def _is_host(host: str) -> bool:
    """A DNS name in lower case, or an address in canonical form."""
    if ":" in host:
        return _canonical(host)
    if _NUMBER.fullmatch(host):
        return _canonical(host)
    return len(host) <= 254 and _NAME.fullmatch(host) is not None


def _canonical(host: str) -> bool:
    """An address that `ipaddress` reads (it knows no short, octal or hexadecimal forms), without a zone."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def is_address(host: str) -> bool:
    """Whether a host that `parse` let through is an address and not a name."""
    return ":" in host or _NUMBER.fullmatch(host) is not None


def allowed(plain: bool, private: bool) -> frozenset[Reach]:
    """How far the addresses of a peer may reach: over plain http, and where the operator allows private ones."""
    if plain:
        return frozenset({Reach.LOOPBACK})
    return frozenset({Reach.PUBLIC, Reach.PRIVATE, Reach.LOOPBACK} if private else {Reach.PUBLIC})


def check(addresses: Sequence[str], allowed: frozenset[Reach]) -> None:
    """Every address must be allowed, else `DeliveryError` `peer.address_refused`: one bad answer among good ones is how
    a guard is walked around."""
    if not addresses or any(reach(address) not in allowed for address in addresses):
        raise DeliveryError("peer.address_refused")


class GuardedResolver(AbstractResolver):
    """Resolves names and hands out the addresses only if all of them are allowed."""

    def __init__(self, lookup: Lookup, allowed: frozenset[Reach]) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses of a name, judged. Raises `OSError` (no such name) and `DeliveryError`."""
        addresses = await self._lookup(host, port)
        check(addresses, self._allowed)
        return [result(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing is held."""


def result(host: str, port: int, address: str) -> ResolveResult:
    """One address of a name, in aiohttp's form."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)
