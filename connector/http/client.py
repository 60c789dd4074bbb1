"""Speaking to peers over HTTP: the Peer port and `certs.did.Fetch`, on aiohttp.

What lives here: requests with a deadline, a limit on the answer and a guard on the address; streams with back-pressure.
What does not: which addresses are allowed (`addresses`), what an answer means (services), trying again (outbox).

Kept apart are connections with different permissions: public addresses over TLS, private ones over TLS where the
operator allowed them for the peer, plain HTTP to loopback under the same permission. A connection made under one of
them is never used under another. Redirects are not followed, cookies not kept, proxies of the environment not used.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from certs import tls
from connector.config import Network
from connector.errors import DeliveryError, InputError
from connector.http.addresses import GuardedResolver, Lookup, Reach, allowed, check, is_address, parse
from connector.http.inflate import ACCEPTED, InflateError, decoder
from connector.http.tunnel import Proxy, ProxyError, TunnelConnector, Unresolved, proxy_of
from connector.ports import Reply

log = structlog.get_logger()
DEADLINE = 30.0
"""Seconds for one request and its whole answer."""
IDLE = 60.0
"""Seconds that a stream may stay silent."""
MAX_ANSWER = 4_194_304
"""Bytes of an answer to a message, after decoding: a page of a catalogue is the longest."""
MAX_DOCUMENT = 1_048_576
"""Bytes of a document that is fetched, where nobody says how many."""
MAX_INNER = 16 * 1_048_576
"""Bytes of an answer of a silo that is read as a whole."""
CONNECTIONS = 32
"""Message connections to one peer at a time; streams have their own."""
RESOLVED = 30
"""Seconds that a judged resolution is used again."""

_DEFAULTS = {"User-Agent": "allmende", "Accept": "application/json", "Accept-Encoding": ACCEPTED}
_KNOWN_ORIGINS = 4_096
Dated = Callable[[str, str], None]
"""Told the origin and the Date field of an answer that has just come."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """Addresses as the operating system resolves them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def trusting(authorities: Path | None) -> ssl.SSLContext:
    """Certificates are verified against the system's authorities, and those of the file where one is given."""
    return tls.client(authorities)


class HttpStream:
    """An open answer; see `ports.Stream`."""

    def __init__(self, response: ClientResponse) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = _headers(response)
        self._response = response

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in decoded pieces; more is read from the peer only when the last one was taken."""
        try:
            async for piece in _decoded(self._response):
                yield piece
        except (aiohttp.ClientError, OSError, InflateError) as error:
            raise DeliveryError(_code(error)) from error
        finally:
            await self.close()

    async def close(self) -> None:
        """Give the connection back where the body was read to its end, else cut it."""
        self._response.close()


class HttpPeer:
    """One client for all peers. `close` it at the end.

    `authorities` is a file of additional certificate authorities; `lookup` resolves names; `proxy` stands between this
    machine and everything outside; `dated` is told what the time is elsewhere. `inner`: whoever may be at a private
    address may be spoken to over plain http there, for systems that the operator names and no peer can. `context` is
    taken instead of making one.
    """

    def __init__(
        self,
        *,
        authorities: Path | None = None,
        lookup: Lookup = system_lookup,
        deadline: float = DEADLINE,
        idle: float = IDLE,
        limit: int = MAX_ANSWER,
        proxy: Proxy | None = None,
        dated: Dated = lambda origin, date: None,
        inner: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._dated = dated
        self._proxy = proxy
        self._inner = inner
        self._authorities = authorities
        self._tls = self._peers = context or trusting(authorities)
        self._origins_shown: frozenset[str] = frozenset()
        self._lookup = lookup
        self._deadline = ClientTimeout(total=deadline)
        self._idle = idle
        self._limit = limit
        self._sessions: dict[tuple[bool, bool, bool], ClientSession] = {}
        self._origins: dict[tuple[str, str, bool], ClientSession] = {}
        self._closed = False

    @property
    def context(self) -> ssl.SSLContext:
        """What certificates of servers that are no peers are judged by."""
        return self._tls

    def show(self, own: tuple[Path, Path] | None, roots: Sequence[str], origins: Collection[str]) -> None:
        """From the next connection on, show this certificate (chain and key) to the peers at `origins` (host and port),
        where they ask for one, and take theirs if it leads to one of `roots` (PEM).

        Nobody else sees it: a server that does not know its root would break off. Raises `OSError` where the files
        cannot be used: all stays as it was.
        """
        self._peers = tls.client(self._authorities, roots=roots, own=own) if own or roots else self._tls
        self._origins_shown = frozenset(origins)

    def _context(self, url: URL) -> ssl.SSLContext:
        return self._peers if url.raw_authority in self._origins_shown else self._tls

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `ports.Peer.send`. Codes: `peer.url`, `peer.address_refused`, `peer.unreachable`, `peer.disconnected`,
        `peer.tls`, `peer.timeout`, `peer.answer_too_large`, `peer.answer_broken`, `peer.closed`, `proxy.unreachable`,
        `proxy.refused`."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        if authorization is not None:
            headers["Authorization"] = authorization
        if fields:
            headers |= fields
        within = self._deadline if deadline is None else ClientTimeout(total=deadline)
        return await self._exchange(method, parse(url), headers, body, private, within, self._limit)

    async def fetch(self, url: str, *, private: bool = False, limit: int = MAX_DOCUMENT) -> bytes:
        """See `certs.did.Fetch`. Raises as `send`, and `peer.status` for anything but a 200."""
        reply = await self._exchange("GET", parse(url), {}, None, private, self._deadline, min(limit, self._limit))
        if reply.status != 200:
            raise DeliveryError("peer.status", status=str(reply.status))
        return reply.body

    async def _exchange(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        private: bool,
        within: ClientTimeout,
        limit: int,
    ) -> Reply:
        """One request and its whole answer."""
        session = self._session(url, private)
        try:
            async with session.request(
                method, url, data=body, headers=headers, allow_redirects=False, timeout=within, ssl=self._context(url)
            ) as response:
                self._dated(url.raw_authority, response.headers.get("Date", ""))
                return Reply(response.status, await _bounded(response, limit), _headers(response))
        except (aiohttp.ClientError, OSError, InflateError) as error:
            raise DeliveryError(_code(error)) from error

    async def open(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        private: bool = False,
        deadline: float | None = None,
        method: str = "GET",
    ) -> HttpStream:
        """See `ports.Peer.open`: `deadline` is for the head of the answer, the body may take as long as it moves."""
        target = parse(url)
        session = self._session(target, private, stream=True)
        timeout = ClientTimeout(sock_read=self._idle)
        try:
            async with asyncio.timeout(self._deadline.total if deadline is None else deadline):
                response = await session.request(
                    method, target, headers=headers, allow_redirects=False, timeout=timeout, ssl=self._context(target)
                )
        except (aiohttp.ClientError, OSError) as error:
            raise DeliveryError(_code(error)) from error
        return HttpStream(response)

    def _session(self, url: URL, private: bool, *, stream: bool = False) -> ClientSession:
        """The session whose connections may go to `url`. Raises `DeliveryError`.

        INVARIANT: an address in the URL is judged here, a name by the resolver of the session.
        """
        if stream:
            return self._judged(url, private, stream=True)
        key = (url.scheme, url.raw_authority, private)
        session = self._origins.get(key)
        if session is None:
            session = self._judged(url, private, stream=False)
            if len(self._origins) >= _KNOWN_ORIGINS:
                self._origins.clear()
            self._origins[key] = session
        return session

    def _judged(self, url: URL, private: bool, *, stream: bool) -> ClientSession:
        plain = url.scheme == "http"
        if self._closed:
            raise DeliveryError("peer.closed")
        if plain and not private:
            raise DeliveryError("peer.address_refused")
        reaches = allowed(plain, private) | ({Reach.PRIVATE} if plain and self._inner else set())
        host = url.raw_host or ""
        if is_address(host):
            check([host], reaches)
        key = (plain, private, stream)
        if key not in self._sessions:
            self._sessions[key] = self._new(reaches, private, stream)
        return self._sessions[key]

    def _new(self, reaches: frozenset[Reach], private: bool, stream: bool) -> ClientSession:
        guarded, proxy = GuardedResolver(self._lookup, reaches), self._proxy
        settings: dict[str, Any] = {
            "ssl": self._tls,
            "resolver": Unresolved(proxy, guarded, private=private) if proxy and proxy.resolves else guarded,
            "ttl_dns_cache": RESOLVED,
            "limit": 0,
            "limit_per_host": 0 if stream else CONNECTIONS,
        }
        return ClientSession(
            connector=TunnelConnector(proxy, **settings) if proxy else aiohttp.TCPConnector(**settings),
            headers=_DEFAULTS,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Cut every connection; later requests are refused."""
        self._closed = True
        self._origins.clear()
        for session in self._sessions.values():
            await session.close()


def client_of(
    network: Network,
    *,
    lookup: Lookup = system_lookup,
    dated: Dated = lambda origin, date: None,
    inner: HttpPeer | None = None,
) -> HttpPeer:
    """The client that the settings ask for; with `inner` (the node's client for everybody else) the one for the silos
    of this node. Raises `InputError` where the proxy's credentials cannot be read."""
    proxy = None
    if network.proxy:
        secret = _credentials(network.proxy_credentials) if network.proxy_credentials else ""
        proxy = proxy_of(network.proxy, credentials=secret, resolves=network.proxy_resolves, direct=network.no_proxy)
    authorities = Path(network.extra_ca) if network.extra_ca else None
    return HttpPeer(
        authorities=authorities,
        deadline=network.deadline,
        lookup=lookup,
        proxy=proxy,
        dated=dated,
        limit=MAX_ANSWER if inner is None else MAX_INNER,
        inner=inner is not None,
        context=None if inner is None else inner.context,
    )


def _credentials(path: str) -> str:
    try:
        text = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if ":" not in text or "\n" in text:
        raise InputError("proxy.credentials", path=path)
    return text


def _headers(response: ClientResponse) -> dict[str, str]:
    """Header fields by lower-case name; the last of several wins."""
    return {name.lower(): value for name, value in response.headers.items()}


async def _bounded(response: ClientResponse, limit: int) -> bytes:
    """The decoded body, or `DeliveryError` as soon as it is longer than `limit`."""
    if response.content_length is not None and response.content_length > limit:
        response.close()
        raise DeliveryError("peer.answer_too_large")
    if response.content_length is not None and "Content-Encoding" not in response.headers:
        return await response.read()
    body = bytearray()
    try:
        async for piece in _decoded(response):
            body += piece
            if len(body) > limit:
                raise DeliveryError("peer.answer_too_large")  # noqa: TRY301
    except (DeliveryError, InflateError):
        response.close()
        raise
    return bytes(body)


async def _decoded(response: ClientResponse) -> AsyncIterator[bytes]:
    """The body without its content coding, piece by piece."""
    coding = decoder(response.headers.get("Content-Encoding", ""))
    some = False
    while data := await response.content.readany():
        some = True
        for piece in coding.feed(data):
            yield piece
    if some:
        coding.finish()


def _code(error: Exception) -> str:
    """A stable code; the peer's words are not in it."""
    match error:
        case TimeoutError():
            return "peer.timeout"
        case aiohttp.ClientConnectorError(os_error=ProxyError() as wrong):
            if wrong.refused:
                log.warning("proxy.refused", status=wrong.status)
            return "proxy.refused" if wrong.refused else "proxy.unreachable"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "peer.tls"
        case aiohttp.ServerDisconnectedError():
            return "peer.disconnected"
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError() | InflateError():
            return "peer.answer_broken"
        case _:
            return "peer.unreachable"
