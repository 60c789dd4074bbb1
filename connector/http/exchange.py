"""A request and a response without HTTP's machinery, and the route table that both listeners are made of.

What lives here: values that the shell (`server`) and the test network pass to `dsp` and `management` alike, and the
matching of raw paths. What does not: sockets, limits, JSON.

Paths are matched as they came in, segment by segment, and each segment is decoded on its own: an encoded slash stays
inside its segment, so an id that is an IRI fits into one, and no dot segment is ever resolved.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from connector.errors import MessageError

R = TypeVar("R")

JSON = "application/json"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names of this machine for itself, as they stand in a Host header."""
Headers = Mapping[str, str]


def nothing() -> None:
    """The `after` of a response that nothing follows."""


class Request(Struct, frozen=True):
    """`path` is the raw path without the query; `headers` has lower-case names, or is case-insensitive.

    `shown` is the certificate that the client has shown in its handshake, and those that came with it up to a root
    that is trusted, in DER; empty where it has shown none. Nothing is said about revocation.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    shown: tuple[bytes, ...] = ()


class Response(Struct, frozen=True):
    """`after` is called once, when the response has been written or can no longer be.

    With `chunks` the body is streamed and `body` stays empty; the shell closes the iterator.
    """

    status: int
    headers: Headers
    body: bytes = b""
    after: Callable[[], None] = nothing
    chunks: AsyncIterator[bytes] | None = None


def arguments(query: str) -> dict[str, str]:
    """Query parameters by name. Raises `MessageError` where one is named twice or there are too many."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError:
        raise MessageError("request.query") from None
    named = dict(pairs)
    if len(named) != len(pairs):
        raise MessageError("request.query")
    return named


class Found(Struct, Generic[R], frozen=True):
    """What a path leads to: the routes by method, and the values of its named segments in their order."""

    routes: Mapping[str, R]
    values: tuple[str, ...]


class _Node(Generic[R]):
    def __init__(self) -> None:
        self.literal: dict[str, _Node[R]] = {}
        self.named: _Node[R] | None = None
        self.routes: dict[str, R] = {}


class Router(Generic[R]):
    """Routes by method and path template (`/negotiations/{pid}/events`). A literal segment goes before a named one."""

    def __init__(self) -> None:
        self._root: _Node[R] = _Node()

    def add(self, method: str, template: str, route: R) -> None:
        """Enter a route."""
        node = self._root
        for part in template.removeprefix("/").split("/"):
            if part.startswith("{"):
                node.named = node.named or _Node()
                node = node.named
            else:
                node = node.literal.setdefault(part, _Node())
        assert method not in node.routes, f"{method} {template} twice"
        node.routes[method] = route

    def find(self, path: str) -> Found[R] | None:
        """What a raw path leads to, or None. An empty named segment leads nowhere."""
        node, values = self._root, []
        for part in path.removeprefix("/").split("/"):
            below = node.literal.get(part)
            if below is None:
                if node.named is None or not part:
                    return None
                below = node.named
                values.append(_decoded(part))
            node = below
        return Found(node.routes, tuple(values)) if node.routes else None


def _decoded(segment: str) -> str:
    if "%" not in segment:
        return segment
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise MessageError("request.path") from None
