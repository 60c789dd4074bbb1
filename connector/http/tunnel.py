"""The way out through an HTTP proxy: CONNECT (RFC 9110, 9.3.6), and who is reached without it.

What lives here: a connector that opens a tunnel instead of a connection, and the list of exceptions. What does not:
which addresses are allowed (`addresses`), requests (`client`).

Decided here: names are resolved and judged on this machine, and the proxy is asked for the judged *address*. The guard
against being sent to places inside holds as it does without a proxy, and what the proxy thinks that a name means
changes nothing; TLS is verified for the name, end to end. Where names outside cannot be resolved inside (`resolves`),
the proxy is asked for the *name*: then only addresses written in a URL and names that belong to the inside are judged
here, and keeping this node out of inner networks is the proxy's part. Loopback is always reached directly.
"""

from __future__ import annotations

import asyncio
import re
import socket
from base64 import b64encode
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

from connector.config import is_loopback
from connector.errors import DeliveryError
from connector.http.addresses import GuardedResolver, is_address, result

_HEAD = 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\r\n]*)?\r\n")
_INSIDE = (".local", ".internal", ".intranet", ".lan", ".home.arpa", ".localdomain", ".corp", ".home", ".private")
"""Endings of names that mean something inside only (RFC 6762, RFC 8375, ICANN's reservations and customs)."""


class ProxyError(OSError):
    """There was no tunnel. `refused`: the proxy has answered, and not with one but with `status` (0: with nothing that
    can be read)."""

    def __init__(self, *, refused: bool, status: int = 0) -> None:
        super().__init__("no tunnel")
        self.refused, self.status = refused, status


class Proxy(Struct, frozen=True):
    """An HTTP proxy. `authorization` is the value of Proxy-Authorization, "" for none; `names` are hosts, or domains
    with a dot in front, and `networks` those that are reached without it."""

    host: str
    port: int
    authorization: str = ""
    resolves: bool = False
    names: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def is_passed_by(self, host: str, address: str) -> bool:
        """True where a host, or the address that it has, is reached without the proxy."""
        if is_loopback(host) or is_loopback(address) or self.knows(host):
            return True
        return is_address(address) and any(ip_address(address) in network for network in self.networks)

    def knows(self, host: str) -> bool:
        """True where a host is an exception by its name."""
        name = host.rstrip(".")
        return any(name == one or (one.startswith(".") and name.endswith(one)) for one in self.names)


def proxy_of(url: str, *, credentials: str = "", resolves: bool = False, direct: Sequence[str] = ()) -> Proxy:
    """A proxy from the settings, which have been checked. `credentials` are `user:password`."""
    at = urlsplit(url)
    networks = [one for one in direct if _is_network(one)]
    return Proxy(
        at.hostname or "",
        at.port or 3128,
        f"Basic {b64encode(credentials.encode()).decode()}" if credentials else "",
        resolves,
        tuple(one.lower() for one in direct if one not in networks),
        tuple(ip_network(one) for one in networks),
    )


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


class Unresolved(AbstractResolver):
    """Hands names out as they are, for the proxy to resolve; its exceptions are resolved and judged as ever."""

    def __init__(self, proxy: Proxy, guarded: GuardedResolver, *, private: bool) -> None:
        self._proxy, self._guarded, self._private = proxy, guarded, private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The name itself. Raises `DeliveryError` for one that means something inside only."""
        if self._proxy.is_passed_by(host, host):
            return await self._guarded.resolve(host, port, family)
        name = host.rstrip(".")
        if not self._private and ("." not in name or name.endswith(_INSIDE)):
            raise DeliveryError("peer.address_refused")
        return [result(host, port, host)]

    async def close(self) -> None:
        """Nothing is held."""


class TunnelConnector(aiohttp.TCPConnector):
    """Connections through a proxy, of which the exceptions are made directly. `opened` is told of each tunnel.

    The one method is where aiohttp opens the socket of a connection, with addresses that its resolver gave and before
    TLS; it is no public name, so the tests go through the whole client.
    """

    def __init__(
        self, proxy: Proxy, *, opened: Callable[[socket.socket], None] = lambda own: None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self._proxy, self._opened = proxy, opened

    async def _wrap_create_connection(
        self,
        *args: Any,
        addr_infos: list[Any],
        req: Any,
        client_error: Any = aiohttp.ClientConnectorError,
        **settings: Any,
    ) -> Any:
        host, (address, port, *_) = req.url.raw_host, addr_infos[0][4]
        if self._proxy.is_passed_by(host, address):
            return await super()._wrap_create_connection(
                *args, addr_infos=addr_infos, req=req, client_error=client_error, **settings
            )
        try:
            own = await tunnel(self._proxy, address, port)
        except OSError as error:
            raise client_error(req.connection_key, error) from error
        self._opened(own)
        try:
            return await super()._wrap_existing_connection(
                *args, req=req, client_error=client_error, sock=own, **settings
            )
        except BaseException:
            own.close()
            raise


async def tunnel(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A socket that leads to a host and port. Raises `ProxyError`."""
    own = await _connected(proxy)
    try:
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", "User-Agent: allmende"]
        if proxy.authorization:
            lines.append(f"Proxy-Authorization: {proxy.authorization}")
        await asyncio.get_running_loop().sock_sendall(own, ("\r\n".join(lines) + "\r\n\r\n").encode())
        await _accepted(own)
    except ProxyError:
        own.close()
        raise
    except OSError as error:
        own.close()
        raise ProxyError(refused=False) from error
    except BaseException:
        own.close()
        raise
    return own


async def _connected(proxy: Proxy) -> socket.socket:
    """A connection to the proxy, at the first of its addresses that answers."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProxyError(refused=False) from error
    for family, kind, protocol, _, address in found:
        own = socket.socket(family, kind, protocol)
        own.setblocking(False)
        try:
            await loop.sock_connect(own, address)
        except OSError:
            own.close()
        except BaseException:
            own.close()
            raise
        else:
            return own
    raise ProxyError(refused=False)


async def _accepted(own: socket.socket) -> None:
    """Read the proxy's answer: any 2xx opens the tunnel. Raises `ProxyError`.

    INVARIANT: nothing follows the head. Whoever is at the other end speaks TLS and waits for us to begin.
    """
    head = b""
    while b"\r\n\r\n" not in head:
        piece = await asyncio.get_running_loop().sock_recv(own, 4096)
        head += piece
        if not piece or len(head) > _HEAD:
            raise ProxyError(refused=bool(head))
    status = _STATUS.match(head)
    if status is None or status[1][:1] != b"2" or not head.endswith(b"\r\n\r\n") or head.count(b"\r\n\r\n") > 1:
        raise ProxyError(refused=True, status=int(status[1]) if status else 0)
