"""Speaking to the node and to consumers: requests with a deadline, a bound on the answer and a guard on the address.

What lives here: one exchange at a time over connections that are kept, counted as they are billed. What does not: what
is sent and what an answer means (`sync`, `orders`, `enrol`), trying again.

A consumer's URL comes from elsewhere: addresses are judged as a node judges them (`connector.http.addresses`), private
ones are spoken to only where the operator has allowed it, plain HTTP only on loopback. Redirects are not followed,
cookies not kept, proxies of the environment not used.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientTimeout
from msgspec import Struct
from yarl import URL

from certs import tls
from connector.errors import DeliveryError
from connector.http.addresses import GuardedResolver, Lookup, allowed, check, is_address, parse
from connector.http.tunnel import Proxy, ProxyError, TunnelConnector, proxy_of
from edge_node.config import LinkSettings
from edge_node.errors import LinkError, SettingsError
from edge_node.network.metering import Counter, Meter
from edge_node.place.identity import Pins

DEADLINE: Final = 60.0
"""Seconds for one request and its whole answer."""
MOST: Final = 4 << 20
"""Bytes of an answer."""
FETCHED: Final = 21_600.0
"""Seconds for something large, as long as it comes at all."""
KEPT: Final = 120.0
"""Seconds that a connection is kept for the next request: a handshake costs as much as a batch."""
_HEAD: Final = 1_024
"""Bytes that are counted for the heads of a request and its answer, before they are known."""
_MOST_WAIT: Final = 86_400
_DEFAULTS: Final = {"User-Agent": "allmende-edge", "Accept": "*/*", "Accept-Encoding": "identity"}


Take = Callable[[bytes], Awaitable[None]]


class Answer(Struct, frozen=True):
    """What came back. Names of `headers` are in lower case; the last of several of a name counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def wait(self) -> int:
        """Seconds that the other side asks for (Retry-After, RFC 9110, 10.2.3, as a number), 0 where it does not."""
        said = self.headers.get("retry-after", "")
        return min(int(said), _MOST_WAIT) if said.isascii() and said.isdigit() and len(said) < 10 else 0

    @property
    def date(self) -> int:
        """What the other side takes for the time, to the second, in microseconds UTC; 0 where it does not say (Date,
        RFC 9110, 6.6.1)."""
        try:
            return int(parsedate_to_datetime(self.headers.get("date", "")).timestamp()) * 1_000_000
        except (ValueError, OverflowError):
            return 0


def opened(settings: LinkSettings, *, meter: Meter, pins: Pins | None = None) -> Link:
    """The network as the settings have it. The device's own node may show a certificate of its region, whose root is
    pinned; nobody else may. Raises `SettingsError`: `settings.extra_ca`, `settings.proxy`."""
    extra = Path(settings.extra_ca) if settings.extra_ca else None
    context = cache(partial(tls.client, extra))
    own: dict[str, ssl.SSLContext] = {}
    try:
        if extra is not None:
            context()  # What the operator has given is looked at now.
        if pins is not None and (at := parse(pins.url)).scheme == "https":
            own[at.raw_authority] = tls.client(extra, roots=[pins.root])
    except (OSError, DeliveryError) as error:
        raise SettingsError("settings.extra_ca", place="link.extra_ca", why=type(error).__name__) from None
    return Link(context=context, contexts=own, meter=meter, proxy=_proxy(settings.proxy))


def _proxy(url: str) -> Proxy | None:
    if not url:
        return None
    try:
        at = parse(url)
    except DeliveryError:
        at = None
    if at is None or at.scheme != "http":
        raise SettingsError("settings.proxy", place="link.proxy")
    return proxy_of(url)


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """Addresses as the operating system resolves them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Link:
    """The network of a device. `close` it at the end.

    `context` gives what judges servers by their certificates, and is asked for it when there is one to judge: all the
    authorities of a system take a megabyte. `contexts` judge those at these places (host and port as in a URL) in its
    stead; `meter` is told what goes, and asked what may; `proxy` stands between the device and everything outside.
    """

    def __init__(
        self,
        *,
        context: Callable[[], ssl.SSLContext],
        meter: Meter,
        contexts: Mapping[str, ssl.SSLContext] | None = None,
        proxy: Proxy | None = None,
        lookup: Lookup = system_lookup,
        deadline: float = DEADLINE,
    ) -> None:
        self._tls, self._meter, self._proxy, self._lookup = context, meter, proxy, lookup
        self._contexts = contexts or {}
        self._deadline = deadline
        self._sessions: dict[tuple[bool, bool], ClientSession] = {}
        self._counters: set[Counter] = set()

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        media_type: str,
        authorization: str = "",
        device: str = "",
        private: bool = False,
        deadline: float | None = None,
        most: int = MOST,
    ) -> Answer:
        """Send `body` and return the answer, whatever its status. `device` is the DID of who took the readings;
        `private`: the address may be a private one.

        Raises `LinkError`: `link.url`, `link.address`, `link.unreachable`, `link.disconnected`, `link.tls`,
        `link.plain`, `link.timeout`, `link.too_large`, `link.broken`, `link.proxy`; `link.budget` where the day's bytes
        do not allow it (`seconds`: until they do), nothing was sent then.
        """
        fields = _fields(authorization, device) | {"Content-Type": media_type}
        return await self._exchange("POST", url, fields, body, private, deadline, most)

    async def get(
        self,
        url: str,
        *,
        authorization: str = "",
        device: str = "",
        private: bool = False,
        deadline: float | None = None,
        most: int = MOST,
    ) -> Answer:
        """The answer to a question, whatever its status. Raises as `post`."""
        return await self._exchange("GET", url, _fields(authorization, device), b"", private, deadline, most)

    async def fetch(
        self, url: str, take: Take, *, most: int, private: bool = False, deadline: float = FETCHED
    ) -> Answer:
        """Something large, of `most` bytes at most, piece by piece to `take` if the status is 200; the answer without
        its body. What `take` raises ends it. Raises as `post`; `link.budget` also on the way."""
        await self._afford(most)
        within = ClientTimeout(total=deadline, sock_connect=self._deadline, sock_read=self._deadline)
        try:
            target = parse(url)
            async with self._open("GET", target, {}, None, private, within) as response:
                if response.status == 200:
                    await self._hand_on(response, take, most)
                else:
                    response.close()
                return Answer(response.status, _headers(response), b"")
        except (DeliveryError, aiohttp.ClientError, OSError) as error:
            raise _told(error) from error

    async def close(self) -> None:
        """Cut every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    # --- one exchange -------------------------------------------------------------------------------------------------

    async def _exchange(
        self,
        method: str,
        url: str,
        fields: Mapping[str, str],
        body: bytes,
        private: bool,
        deadline: float | None,
        most: int,
    ) -> Answer:
        await self._afford(len(body))
        within = ClientTimeout(total=self._deadline if deadline is None else deadline)
        try:
            target = parse(url)
            async with self._open(method, target, fields, body or None, private, within) as response:
                return Answer(response.status, _headers(response), await _bounded(response, most))
        except (DeliveryError, aiohttp.ClientError, OSError) as error:
            raise _told(error) from error

    @asynccontextmanager
    async def _open(
        self, method: str, url: URL, fields: Mapping[str, str], body: bytes | None, private: bool, within: ClientTimeout
    ) -> AsyncIterator[ClientResponse]:
        """The answer, open; what went is counted while its connection is still there."""
        session = self._session(url, private)
        judging = True if url.scheme == "http" else self._contexts.get(url.raw_authority) or self._tls()
        try:
            async with session.request(
                method, url, data=body, headers=fields, allow_redirects=False, timeout=within, ssl=judging
            ) as response:
                try:
                    yield response
                finally:
                    self._count()
        finally:
            self._count()

    async def _afford(self, size: int) -> None:
        """Raises `LinkError` `link.budget`."""
        if not await self._meter.allows(size + _HEAD):
            raise LinkError("link.budget", self._meter.seconds())

    async def _hand_on(self, response: ClientResponse, take: Take, most: int) -> None:
        """Each piece is counted before the next one; the rest is not wanted where the day has nothing left."""
        try:
            async for piece in _pieces(response, most):
                self._count()
                await take(piece)
                await self._afford(0)
        except BaseException:
            response.close()
            raise

    def _count(self) -> None:
        for one in list(self._counters):
            more = one.more()
            if more is None:
                self._counters.discard(one)
            elif any(more):
                self._meter.used(*more)

    # --- connections --------------------------------------------------------------------------------------------------

    def _session(self, url: URL, private: bool) -> ClientSession:
        """The session whose connections may go there. Raises `DeliveryError`.

        INVARIANT: an address in the URL is judged here, a name by the resolver of the session; a connection made under
        one permission is never used under another.
        """
        plain = url.scheme == "http"
        if plain and not private:
            raise DeliveryError("peer.address_refused")
        host = url.raw_host or ""
        if is_address(host):
            check([host], allowed(plain, private))
        key = (plain, private)
        if key not in self._sessions:
            self._sessions[key] = self._new(plain, private)
        return self._sessions[key]

    def _new(self, plain: bool, private: bool) -> ClientSession:
        settings: dict[str, Any] = {
            "resolver": GuardedResolver(self._lookup, allowed(plain, private)),
            "keepalive_timeout": KEPT,
            "limit": 0,
            "socket_factory": self._socket,
        }
        return ClientSession(
            connector=(
                TunnelConnector(self._proxy, opened=self._opened, **settings)
                if self._proxy
                else aiohttp.TCPConnector(**settings)
            ),
            headers=_DEFAULTS,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket for a connection to this address."""
        made = socket.socket(*address[:3])
        made.setblocking(False)
        self._opened(made)
        return made

    def _opened(self, made: socket.socket) -> None:
        self._counters.add(Counter(made))


def _fields(authorization: str, device: str) -> dict[str, str]:
    given = {"Authorization": authorization, "Allmende-Device": device}
    return {name: value for name, value in given.items() if value}


def _headers(response: ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


async def _bounded(response: ClientResponse, most: int) -> bytes:
    """The body. Raises `LinkError` as `_pieces`."""
    body = bytearray()
    async for data in _pieces(response, most):
        body += data
    return bytes(body)


async def _pieces(response: ClientResponse, most: int) -> AsyncIterator[bytes]:
    """The body as it comes, no more than `most` bytes of it. Raises `LinkError`: `link.too_large`; `link.broken` for a
    content coding, which nobody asked for."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        response.close()
        raise LinkError("link.broken")
    come = 0
    while data := await response.content.readany():
        come += len(data)
        if come > most:
            response.close()
            raise LinkError("link.too_large")
        yield data


def _told(error: Exception) -> LinkError:
    """In codes of our own; the other side's words are not in it."""
    match error:
        case DeliveryError():
            return LinkError("link.url" if error.reason.code == "peer.url" else "link.address")
        case TimeoutError():
            return LinkError("link.timeout")
        case aiohttp.ClientConnectorError(os_error=ProxyError()):
            return LinkError("link.proxy")
        case aiohttp.ClientSSLError() | ssl.SSLError():
            # OpenSSL of what answers in the clear.
            plain = "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER_FAILURE" in str(error)
            return LinkError("link.plain" if plain else "link.tls")
        case aiohttp.ServerDisconnectedError():
            return LinkError("link.disconnected")
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            return LinkError("link.broken")
        case _:
            return LinkError("link.unreachable")
