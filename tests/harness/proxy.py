"""A TCP proxy that breaks things on purpose: latency, cuts, resets, slowness, silence, repeated requests.

What lives here: faults between two real nodes on loopback. What does not: HTTP; only `repeat` looks for where a request
begins. The set of faults is Toxiproxy's, with repeats added.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable

from msgspec import Struct

PIECE = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)\r\n", re.IGNORECASE)


class Faults(Struct):
    """What happens to each connection from now on; the default lets everything through.

    `latency` seconds before each piece; `per_second` bytes per second in each direction; `cut_request` and `cut_reply`
    end the connection after that many bytes in that direction; `reset` ends it with RST instead of FIN; `refuse` closes
    at once; `silent` takes bytes and passes none; `repeat` sends every request that many times in all and passes on the
    last answer only.
    """

    latency: float = 0.0
    per_second: float = 0.0
    cut_request: int | None = None
    cut_reply: int | None = None
    reset: bool = False
    refuse: bool = False
    silent: bool = False
    repeat: int = 1


class Proxy:
    """Listens on a port of loopback and passes on to another one."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.faults = Faults()
        self.connections = 0
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, port: int = 0) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)

    async def close(self) -> None:
        """End every connection."""
        assert self._server is not None
        self._server.close()
        await self.drop()
        await self._server.wait_closed()

    async def drop(self) -> None:
        """End the connections that are open now."""
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            await self._pass_on(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(task)
            _end(writer, self.faults.reset)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.refuse:
            return
        if self.faults.silent:
            while await reader.read(PIECE):
                pass
            return
        if self.faults.repeat > 1:
            await self._repeat(reader, writer)
            return
        there, back = await asyncio.open_connection(*self._target)
        try:
            ways = (
                self._copy(reader, back, lambda: self.faults.cut_request),
                self._copy(there, writer, lambda: self.faults.cut_reply),
            )
            tasks = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            _end(back, reset=False)

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: Callable[[], int | None]
    ) -> None:
        passed = 0
        while piece := await reader.read(PIECE):
            await self._hold(len(piece))
            cut = limit()
            if cut is not None and passed + len(piece) >= cut:
                writer.write(piece[: max(cut - passed, 0)])
                await writer.drain()
                return
            writer.write(piece)
            await writer.drain()
            passed += len(piece)

    async def _hold(self, size: int) -> None:
        seconds = self.faults.latency + (size / self.faults.per_second if self.faults.per_second else 0)
        if seconds:
            await asyncio.sleep(seconds)

    async def _repeat(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Every request goes through connections of its own, one after the other."""
        while True:
            request = await _message(reader)
            answer = b""
            for _ in range(self.faults.repeat):
                async with _connected(self._target) as (there, back):
                    back.write(request)
                    await back.drain()
                    answer = await _message(there)
            await self._hold(len(answer))
            writer.write(answer)
            await writer.drain()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP/1.1 message with a Content-Length, or without a body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


@contextlib.asynccontextmanager
async def _connected(target: tuple[str, int]) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*target)
    try:
        yield reader, writer
    finally:
        _end(writer, reset=False)


def _end(writer: asyncio.StreamWriter, reset: bool) -> None:
    if reset:
        raw = writer.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


@contextlib.asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    """A started proxy in front of a port of loopback."""
    proxy = Proxy(port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.close()
