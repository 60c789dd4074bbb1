"""What a request has to look like before anybody looks at what it asks for.

What lives here: target, framing, host and body of a request. What does not: deadlines (`connection`), meaning.
Source: RFC 9110 and RFC 9112; where these leave room, the narrower reading is taken, because two readings of one
request are how requests are smuggled past a proxy. aiohttp refuses by itself: Content-Length beside Transfer-Encoding,
two lengths, two hosts, bare LF, folded headers, a space before the colon. It lets pass, so it is refused here: a list
of transfer codings, a target with a host in it, dot segments, a change of protocol but where data are.

The Host header must name this node (its public address; loopback names on a loopback listener), whatever the port: a
name that points here without our knowledge gets 421. A proxy in front has to pass the header on.
"""

from __future__ import annotations

from aiohttp import HttpVersion11, StreamReader, hdrs, web
from aiohttp.streams import EMPTY_PAYLOAD

from connector.errors import MessageError, TooLargeError
from connector.http.connection import SlowError
from connector.http.inflate import Gzip, InflateError
from connector.http.problems import HttpError


class Hosts:
    """The names by which a listener may be addressed, without ports."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._known: set[str] = set()

    def check(self, host: str) -> None:
        """Raises `HttpError` 421 for any other name."""
        if host in self._known:
            return
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not name:
            name, port = host, ""
        if name.lower() not in self._names or not (port.isdecimal() or not port):
            raise HttpError(421, "http.host")
        if len(self._known) < 64:
            self._known.add(host)


_SIGNED = ("Content-Digest", "Signature-Input", "Signature")


def check(request: web.BaseRequest, hosts: Hosts, upgrades: str | None = None) -> tuple[str, str]:
    """Raw path and query of a request that is fit to be read. Below `upgrades` a GET may ask for WebSocket, which is
    judged there. Raises `HttpError`."""
    headers = request.headers
    path, _, query = request.raw_path.partition("?")
    if not path.startswith("/") or "#" in query or "#" in path or "\\" in path or _climbs(path):
        raise HttpError(400, "http.target")
    coding = headers.get(hdrs.TRANSFER_ENCODING)
    if coding is not None and (coding != "chunked" or request.version != HttpVersion11):
        raise HttpError(400, "http.framing")
    if headers.get(hdrs.UPGRADE, "").lower() == "websocket" and not _watches(request, path, upgrades):
        raise HttpError(400, "http.upgrade")
    hosts.check(headers.get(hdrs.HOST, ""))
    if len(headers.getall(hdrs.AUTHORIZATION, ())) > 1:
        raise HttpError(400, "http.authorization")
    for name in _SIGNED:
        # Joined by a comma they would be one field (RFC 9110, 5.3), for some readers; for others the first one counts.
        if name in headers and len(headers.getall(name)) > 1:
            raise HttpError(400, "http.signature")
    return path, query


def _watches(request: web.BaseRequest, path: str, upgrades: str | None) -> bool:
    """Whether a request that asks for WebSocket may."""
    return upgrades is not None and path.startswith(upgrades) and request.method == "GET" and not request.can_read_body


def check_size(request: web.BaseRequest, limit: int) -> None:
    """Raises `HttpError` 431 where all headers together are longer than `limit` bytes."""
    if sum(len(name) + len(value) + 4 for name, value in request.raw_headers) > limit:
        raise HttpError(431, "http.headers")


def _climbs(path: str) -> bool:
    """True where a segment is, or decodes to, one or two dots, or holds an encoded control character."""
    if "%" not in path:
        return "/." in path and any(part in (".", "..") for part in path.split("/"))
    lowered = path.lower()
    if any(f"%{byte}" in lowered for byte in _CONTROLS):
        return True
    return any(part in (".", "..") for part in lowered.replace("%2e", ".").split("/"))


_CONTROLS = tuple(f"{byte:02x}" for byte in (*range(32), 127))


async def body(request: web.BaseRequest, limit: int) -> bytes:
    """The whole body, its coding taken off, at most `limit` bytes before and after.

    Raises `TooLargeError`; `HttpError` 408 (too slow), 415 (another coding than gzip); `MessageError` (broken gzip).
    """
    payload = request.content
    if payload is EMPTY_PAYLOAD:
        return b""
    length = request.headers.get("Content-Length")
    if length is not None and int(length) > limit:
        raise TooLargeError("http.body", limit=str(limit))
    await _continued(request, payload)
    data = await _read(payload, limit)
    coding = request.headers.get("Content-Encoding")
    if coding is None or coding == "identity":
        return data
    if coding.lower() != "gzip":
        raise HttpError(415, "http.coding", expected="gzip")
    return _inflated(data, limit)


async def _continued(request: web.BaseRequest, payload: StreamReader) -> None:
    """Tell who waits for it to go on (RFC 9110, 10.1.1)."""
    expected = request.headers.get("Expect")
    if expected is None:
        return
    if expected.lower() != "100-continue":
        raise HttpError(417, "http.expect")
    if not payload.is_eof() and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read(payload: StreamReader, limit: int) -> bytes:
    if payload.is_eof() and payload.total_bytes <= limit and payload.exception() is None:
        return payload.read_nowait()
    gathered = bytearray()
    try:
        while piece := await payload.readany():
            gathered += piece
            if len(gathered) > limit:
                raise TooLargeError("http.body", limit=str(limit))
    except SlowError:
        raise HttpError(408, "http.slow") from None
    except (web.RequestPayloadError, ConnectionError):
        raise HttpError(400, "http.malformed") from None
    return bytes(gathered)


def _inflated(data: bytes, limit: int) -> bytes:
    """INVARIANT: never more than one piece beyond the limit is held, whatever the data inflates to."""
    inflate, gathered = Gzip(), bytearray()
    try:
        for piece in inflate.feed(data):
            gathered += piece
            if len(gathered) > limit:
                raise TooLargeError("http.body", limit=str(limit))
        inflate.finish()
    except InflateError:
        raise MessageError("http.gzip") from None
    return bytes(gathered)
