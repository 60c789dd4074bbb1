"""What goes over the wire for a client's requests: every byte of head and body, both ways.

What lives here: counting at the transport of aiohttp's connections. What does not: the requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp.http_writer import StreamWriter

from connector.http.client import HttpPeer


class Count:
    """Requests, and bytes of them and of their answers."""

    def __init__(self) -> None:
        self.requests = self.sent = self.received = 0

    def told(self) -> dict[str, int]:
        """As numbers."""
        return {"requests": self.requests, "sent": self.sent, "received": self.received}


@contextmanager
def counted(client: HttpPeer) -> Iterator[Count]:
    """Count what `client`, and whoever else in this process uses its library, sends and gets."""
    count = Count()
    received, write, lines, exchange = (
        ResponseHandler.data_received,
        StreamWriter._write,
        StreamWriter._writelines,
        client._exchange,
    )

    def data_received(self: ResponseHandler, data: bytes) -> None:
        count.received += len(data)
        received(self, data)

    def writing(self: StreamWriter, chunk: Any) -> None:
        count.sent += len(chunk)
        write(self, chunk)

    def writing_lines(self: StreamWriter, chunks: Any) -> None:
        count.sent += sum(map(len, chunks))
        lines(self, chunks)

    async def counting(*given: Any) -> Any:
        count.requests += 1
        return await exchange(*given)

    patched: list[tuple[Any, str, Any, Any]] = [
        (ResponseHandler, "data_received", data_received, received),
        (StreamWriter, "_write", writing, write),
        (StreamWriter, "_writelines", writing_lines, lines),
    ]
    for owner, name, ours, _ in patched:
        setattr(owner, name, ours)
    client.__dict__["_exchange"] = counting
    try:
        yield count
    finally:
        for owner, name, _, theirs in patched:
            setattr(owner, name, theirs)
        del client.__dict__["_exchange"]
