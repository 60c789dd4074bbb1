"""Many slow readers at once: opens streams, reads them a little at a time, and says when each of them was cut.

Runs as a process of its own: `held URL AUTHORIZATION COUNT`. Says "open" once every stream has given its first bytes,
then takes "cut" and answers with one JSON list: when each stream ended, by the clock that all processes share
(CLOCK_MONOTONIC, seconds), or "close" and ends.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec
import uvloop

PIECE = 16_384
PAUSE = 0.05


async def read(url: str, authorization: str, begun: asyncio.Event) -> float:
    """One stream, read slowly until it ends; when that was. Raises `RuntimeError` for a refusal."""
    parts = urlsplit(url)
    channel = await _connected(parts.hostname or "", parts.port or 80)
    reader, writer = await asyncio.open_connection(sock=channel, limit=PIECE)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {authorization}\r\n\r\n"
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(head[:400].decode("latin-1"))
    last = time.monotonic()
    try:
        while await reader.read(PIECE):
            last = time.monotonic()
            begun.set()
            await asyncio.sleep(PAUSE)
    except ConnectionError:
        pass
    writer.close()
    return last


async def _connected(host: str, port: int) -> socket.socket:
    """A connection whose kernel takes little beforehand: what it had taken already would be read after the cut."""
    channel = socket.socket()
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
    channel.setblocking(False)
    await asyncio.get_running_loop().sock_connect(channel, (host, port))
    return channel


async def main() -> None:
    """See above."""
    url, authorization, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    events = [asyncio.Event() for _ in range(count)]
    readers = [asyncio.create_task(read(url, authorization, event)) for event in events]
    opened: asyncio.Future[Any] = asyncio.gather(*(event.wait() for event in events))
    either: set[asyncio.Future[Any]] = {opened, *readers}
    done, _ = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if opened not in done:
        raise RuntimeError("a stream ended before all of them had begun")
    print("open", flush=True)
    if (await asyncio.to_thread(sys.stdin.readline)).strip() == "cut":
        print(msgspec.json.encode(await asyncio.gather(*readers)).decode(), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
