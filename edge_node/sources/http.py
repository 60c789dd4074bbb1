"""Sources of kind `http`: readings that are brought to the device by `POST /readings`.

What lives here: listening, who may, how much at once. What does not: what messages say (`feeding`, `edge_node.decode`);
webhooks of LoRaWAN networks bring the same documents as their brokers. It listens on loopback, or on a named address
for those who show a token.

Of aiohttp a server without routes is enough; the whole of `aiohttp.web` takes two megabytes more.

INVARIANT: 204 is answered when the readings are on disk, and not before. 400: nothing of it can be read, it is put
aside and need not be sent again. 429 and 503 with `Retry-After`: nothing was taken, it is to be sent again. Who sends
again because an answer was lost gives the same readings: what has a time of its own is stored once.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server
from msgspec import Meta, Struct

from connector.data.silos import secrets as secret_files
from connector.errors import SourceError
from edge_node.errors import DecodeError, EdgeError, FullError
from edge_node.ports import Taking
from edge_node.sources import Place, form_settings
from edge_node.sources.feeding import Feed, Message

PATH: Final = "/readings"
_CONNECTIONS: Final = 64
_BODY_SECONDS: Final = 20.0
_ROOM_SECONDS: Final = 60
_PAUSE: Final = 10.0
_SENML: Final = frozenset({"application/senml+json", "application/senml+cbor"})


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`listen` is an address and port; one that is not loopback needs a token (`token_file`, or the name of a
    credential of systemd). With `certificate` and `key` TLS is spoken. `waiting` requests at most are under way."""

    listen: str = "127.0.0.1:8470"
    token_file: str = ""
    token_credential: str = ""
    certificate: str = ""
    key: str = ""
    most_bytes: Annotated[int, Meta(ge=1024, le=16 << 20)] = 1 << 20
    waiting: Annotated[int, Meta(ge=1, le=1000)] = 32
    format: str = "readings"
    decode: dict[str, Any] = {}
    decode_file: str = ""


def open_source(place: Place) -> HttpSource:
    """See `sources.KINDS`."""
    settings = place.read(HttpSettings)
    host, port = _address(place, settings.listen)
    if not ip_address(host).is_loopback and not (settings.token_file or settings.token_credential):
        raise place.wrong("listen", "an address that others reach needs token_file or token_credential")
    if bool(settings.certificate) != bool(settings.key):
        raise place.wrong("certificate", "certificate and key go together")
    form = form_settings(place, settings.decode, settings.decode_file)
    feed = Feed(place, settings.format, form)
    senml = feed if settings.format == "senml" else Feed(place, "senml", {})
    return HttpSource(place, settings, (host, port), feed, senml)


def _address(place: Place, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise place.wrong("listen", "is no ADDRESS:PORT") from None
    if not port.isdecimal() or int(port) > 65535:
        raise place.wrong("listen", "is no ADDRESS:PORT")
    return str(address), int(port)


class HttpSource:
    """See `ports.Source`. `port` is where it listens, while it does."""

    kind = "http"

    def __init__(
        self,
        place: Place,
        settings: HttpSettings,
        address: tuple[str, int],
        feed: Feed,
        senml: Feed,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = place.name
        self.port = 0
        self.listening = asyncio.Event()
        self._place, self._settings, self._address, self._sleep = place, settings, address, sleep
        self._feed, self._senml = feed, senml
        self._trouble, self._under_way = "http.address", 0

    def trouble(self) -> str:
        """As the port says."""
        return self._trouble

    async def run(self, taking: Taking) -> None:
        """As the port says."""
        while True:
            try:
                await self._listen(taking)
            except SourceError as error:
                self._trouble = error.reason.code
            except OSError:
                self._trouble = "http.address"
            await self._sleep(_PAUSE)

    async def _listen(self, taking: Taking) -> None:
        token, context = await asyncio.to_thread(self._outside)
        served = Server(self._handler(taking, token), keepalive_timeout=_BODY_SECONDS, access_log=None)

        def accept() -> asyncio.Protocol:
            return served() if len(served.connections) < _CONNECTIONS else _Closing()

        host, port = self._address
        server = await asyncio.get_running_loop().create_server(accept, host, port, ssl=context, backlog=_CONNECTIONS)
        try:
            self.port = server.sockets[0].getsockname()[1]
            self._trouble = ""
            self.listening.set()
            await server.serve_forever()
        finally:
            self.listening.clear()
            server.close()
            await served.shutdown(5.0)

    def _outside(self) -> tuple[str, ssl.SSLContext | None]:
        """Token and certificate. Raises `SourceError` `source.secret`."""
        settings = self._settings
        token = ""
        if settings.token_file or settings.token_credential:
            laid_out = os.environ.get("CREDENTIALS_DIRECTORY")
            read = secret_files.reading(Path(laid_out) if laid_out else None)
            given: dict[str, str] = {}
            if settings.token_file:
                given["token_file"] = str(self._place.path(settings.token_file))
            if settings.token_credential:
                given["token_credential"] = settings.token_credential
            token = read(given, "token")
        if not settings.certificate:
            return token, None
        try:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self._place.path(settings.certificate), self._place.path(settings.key))
        except (OSError, ssl.SSLError):
            raise SourceError("source.secret", setting="certificate") from None
        return token, context

    def _handler(self, taking: Taking, token: str) -> Callable[[BaseRequest], Awaitable[StreamResponse]]:
        async def handle(request: BaseRequest) -> StreamResponse:
            if (refused := self._refused(request, token)) is not None:
                return refused
            self._under_way += 1
            try:
                return await self._take(request, taking)
            finally:
                self._under_way -= 1

        return handle

    def _refused(self, request: BaseRequest, token: str) -> Response | None:
        """The answer to who may not, or not now."""
        if token and not hmac.compare_digest(
            request.headers.get("Authorization", "").encode(errors="replace"), f"Bearer {token}".encode()
        ):
            return _answer(401, "http.token", headers={"WWW-Authenticate": "Bearer"})
        if request.path != PATH:
            return _answer(404, "http.path")
        if request.method != "POST":
            return _answer(405, "http.method", headers={"Allow": "POST"})
        if self._under_way >= self._settings.waiting:
            return _answer(429, "http.busy", headers={"Retry-After": "1"})
        return None

    async def _take(self, request: BaseRequest, taking: Taking) -> Response:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await self._body(request)
        except TimeoutError:
            return _answer(408, "http.slow", headers={"Connection": "close"})
        except RequestPayloadError:
            return _answer(400, "http.body", headers={"Connection": "close"})
        if body is None:
            return _answer(413, "http.large")
        feed = self._senml if request.content_type in _SENML else self._feed
        try:
            kept = await feed.keep(taking, [Message(body)])
        except FullError as error:
            self._trouble = error.code
            return _answer(503, error.code, headers={"Retry-After": str(_ROOM_SECONDS)})
        except EdgeError as error:
            self._trouble = error.code
            return _answer(503, error.code, headers={"Retry-After": "10"})
        self._trouble = ""
        return Response(status=204) if kept.error is None else _unread(kept.error)

    async def _body(self, request: BaseRequest) -> bytes | None:
        """The body; None where it is too large, also where it was packed small."""
        found = bytearray()
        async for piece in request.content.iter_any():
            found += piece
            if len(found) > self._settings.most_bytes:
                return None
        return bytes(found)


class _Closing(asyncio.Protocol):
    """One connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _unread(error: DecodeError) -> Response:
    return _answer(400, error.code, dict(error.params))


def _answer(
    status: int, code: str, params: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> Response:
    body = msgspec.json.encode({"code": code, "params": params or {}})
    return Response(status=status, body=body, content_type="application/json", headers=headers)
