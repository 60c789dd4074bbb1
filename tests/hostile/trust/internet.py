"""An internet inside one event loop: names, public addresses and servers of a test, and a record of who was called.

What lives here: resolving and connecting as the loop does both for everything below it (aiohttp, sockets by hand),
recorded and led to a TLS server on loopback. What does not: what the servers say (`world`).

The node under test believes that it talks to public addresses on port 443; nothing of this leaves the machine: an
address that was not given to somebody here refuses connections. What a test itself says to the node is not recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import msgspec

from tests.harness.authority import Pair

Handler = Callable[["Asked"], Awaitable["Served"]]
Addresses = Callable[[], list[str]]
PORT = 443
_ours: ContextVar[bool] = ContextVar("ours", default=False)


class Asked(msgspec.Struct):
    """A request that came to a server of the test."""

    host: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Served(msgspec.Struct):
    """An answer; `head` replaces status line and fields, `slowly` is the pause after each byte, `endless` repeats the
    body until the other side has enough, `before` is waited for."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}
    slowly: float = 0.0
    endless: bool = False
    before: asyncio.Event | None = None


def document(value: Any, status: int = 200) -> Served:
    """JSON."""
    return Served(msgspec.json.encode(value), status, {"Content-Type": "application/json"})


@contextlib.contextmanager
def by_hand() -> Iterator[None]:
    """What is connected to in here is the test's own doing."""
    mark = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(mark)


class Internet:
    """`asked` are the names that were looked up, `called` the addresses that were connected to, `came` the requests
    that arrived, all of them in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.called: list[tuple[str, int]] = []
        self.came: list[Asked] = []
        self._names: dict[str, Addresses] = {}
        self._hosts: dict[str, Handler] = {}
        self._servers: dict[tuple[str, int], int] = {}
        self._port = 0
        self._numbers = itertools.count(1)

    # --- setting it up ------------------------------------------------------------------------------------------------

    def host(self, name: str, handler: Handler, *addresses: str) -> None:
        """A name with a server behind it, at a public address of its own where none is given."""
        number = next(self._numbers)
        given = list(addresses) or [f"11.0.{number // 250}.{number % 250 + 1}"]
        self.name(name, lambda: given)
        self._hosts[name] = handler

    def name(self, name: str, addresses: Addresses) -> None:
        """A name whose addresses are whatever `addresses` says each time."""
        self._names[name] = addresses

    def handler(self, name: str) -> Handler:
        """What serves a name now."""
        return self._hosts[name]

    def forget(self) -> None:
        """Begin a new record."""
        self.asked.clear()
        self.called.clear()
        self.came.clear()

    @property
    def quiet(self) -> bool:
        """Nobody was looked up and nobody called."""
        return not self.asked and not self.called

    def paths(self, host: str) -> list[str]:
        """What was asked of a host."""
        return [one.path for one in self.came if one.host == host]

    # --- what the loop does instead of asking the system --------------------------------------------------------------

    async def lookup(self, host: str, port: Any, **_: Any) -> list[Any]:
        """`loop.getaddrinfo`."""
        name = host.decode() if isinstance(host, bytes) else host
        if not _ours.get():
            self.asked.append(name)
        if name == "localhost":
            found = ["127.0.0.1"]
        elif name in self._names:
            found = self._names[name]()
        else:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [_info(address, int(port or 0)) for address in found]

    async def connect(self, real: Callable[..., Awaitable[None]], sock: socket.socket, address: Any) -> None:
        """`loop.sock_connect`."""
        host, port = address[0], address[1]
        if _ours.get() or sock.family == socket.AF_UNIX:
            return await real(sock, address)
        self.called.append((host, port))
        if host.startswith("127."):
            return await real(sock, address)
        if not self._public(host) or port != PORT:
            raise ConnectionRefusedError(f"nobody at {host}:{port}")
        return await real(sock, ("127.0.0.1", self._port))

    def _public(self, host: str) -> bool:
        """An address of ours; anything else is outside of this machine, and nobody goes there from a test."""
        return host.startswith("11.")

    # --- servers ------------------------------------------------------------------------------------------------------

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, path, _ = first.split(" ", 2)
            asked = Asked(headers.get("host", ""), method, path, headers, body)
            self.came.append(asked)
            handler = self._hosts.get(asked.host)
            await _say(writer, await handler(asked) if handler else Served(status=421))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @contextlib.asynccontextmanager
    async def running(self, pair: Pair) -> AsyncIterator[Internet]:
        """Serve, and stand between the running loop and the system."""
        loop = asyncio.get_running_loop()
        real_lookup, real_connect = loop.getaddrinfo, loop.sock_connect

        async def connect(sock: socket.socket, address: Any) -> None:
            await self.connect(real_connect, sock, address)

        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=pair.context)
        self._port = server.sockets[0].getsockname()[1]
        replaced: Mapping[str, Any] = {"getaddrinfo": self.lookup, "sock_connect": connect}
        for name, call in replaced.items():
            setattr(loop, name, call)
        try:
            yield self
        finally:
            loop.getaddrinfo, loop.sock_connect = real_lookup, real_connect  # type: ignore[method-assign]
            server.close()


async def _say(writer: asyncio.StreamWriter, served: Served) -> None:
    if served.before is not None:
        await served.before.wait()
    fields = {"Connection": "close", **served.headers}
    if not served.endless:
        fields.setdefault("Content-Length", str(len(served.body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {served.status} Said\r\n{lines}\r\n".encode())
    while True:
        for piece in (served.body[i : i + 1] for i in range(len(served.body))) if served.slowly else (served.body,):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(served.slowly)
        if not served.endless:
            return


def _info(address: str, port: int) -> tuple[Any, ...]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
