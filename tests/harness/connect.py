"""An HTTP proxy that knows CONNECT and nothing else, and writes down what it was asked for.

What lives here: tunnels on loopback or inside a namespace (`python -m tests.harness.connect HOST PORT`). What does not:
any opinion on where a tunnel may lead, but what a test says.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class ConnectProxy:
    """`asked` are the authorities of all requests, in order. `leads` says where a tunnel to a host and port really
    goes; `credentials` (`user:password`) are demanded where they are given; `answer` is said instead of a tunnel."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.leads: Callable[[str, int], tuple[str, int]] = lambda host, port: (host, port)
        self.credentials = ""
        self.answer = b""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        self.asked.append(target)
        if self.answer or method != "CONNECT" or not self._knows(head):
            writer.write(self.answer or b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        host, _, port = target.rpartition(":")
        there, onward = await asyncio.open_connection(*self.leads(host.strip("[]"), int(port)))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(_pump(reader, onward), _pump(there, writer))
        finally:
            onward.close()

    def _knows(self, head: str) -> bool:
        wanted = base64.b64encode(self.credentials.encode()).decode()
        return not self.credentials or f"\r\nproxy-authorization: basic {wanted}".lower() in head.lower()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def proxying(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[ConnectProxy]:
    """A running proxy."""
    made = ConnectProxy()
    server = await asyncio.start_server(made.serve, host, port)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


async def _main(host: str, port: int) -> None:
    async with proxying(host, port) as made:
        print("ready", flush=True)
        while True:
            await asyncio.sleep(0.2)
            while made.asked:
                print(made.asked.pop(0), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
