"""A load generator for GET that costs little: raw protocols that send one prepared request again and again.

It runs as a process of its own, the same for the node and its yardstick: `access_client URL AUTHORIZATION`, then one
`Load` a line on standard input. An answer other than 200 fails the load.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import msgspec
import uvloop

from tests.bench.load import Done, Load

LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)
END = b"\r\n\r\n"


class Loop(asyncio.Protocol):
    """One connection: request, answer, request, answer, until the end; `done` then holds the number of answers."""

    def __init__(self, request: bytes, end: float) -> None:
        self._request, self._end = request, end
        self._buffer = b""
        self.count = 0
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Send the next request when an answer is complete."""
        self._buffer = data if not self._buffer else self._buffer + data
        head = self._buffer.find(END)
        if head < 0:
            return
        length = LENGTH.search(self._buffer, 0, head + 2)
        if not self._buffer.startswith(b"HTTP/1.1 200 ") or length is None:
            self._finish(RuntimeError(self._buffer[:400].decode("latin-1")))
            return
        if len(self._buffer) < head + len(END) + int(length[1]):
            return
        self._buffer = b""
        self.count += 1
        if time.perf_counter() < self._end:
            self._transport.write(self._request)
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends by itself fails the load."""
        self._finish(exc or ConnectionError("the server closed the connection"))

    def _finish(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(self.count)
        else:
            self.done.set_exception(error)
        self._transport.close()


async def run(url: str, authorization: str, load: Load) -> Done:
    """The load over `concurrency` connections."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {authorization}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    began, cpu = time.perf_counter(), time.process_time()
    connections = [
        (await loop.create_connection(lambda: Loop(request, began + load.seconds), host, port))[1]
        for _ in range(load.concurrency)
    ]
    calls = sum(await asyncio.gather(*(connection.done for connection in connections)))
    seconds = time.perf_counter() - began
    return Done(calls, seconds, time.process_time() - cpu, load.concurrency * seconds / calls)


async def main() -> None:
    """Answer each `Load` with a `Done`."""
    url, authorization = sys.argv[1:3]
    while line := await asyncio.to_thread(sys.stdin.readline):
        done = await run(url, authorization, msgspec.json.decode(line, type=Load))
        print(msgspec.json.encode(done).decode(), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
