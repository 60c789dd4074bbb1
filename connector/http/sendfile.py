"""Bytes of an open file to a connection without passing through this process: sendfile(2).

What lives here: the copy itself, piece by piece, waiting while the reader is behind. What does not: whether the file
still is what was announced, and whether the stream may go on: both are asked between pieces. uvloop knows no sendfile,
so it is done on a second descriptor of the connection, which the loop watches for room. Not over TLS, where bytes have
to pass through this process anyway.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable

PIECE = 1 << 20
"""Bytes after which it is asked whether to go on."""
LOOK = 0.5
"""Seconds after which it is looked whether the connection is still there."""


def fits(transport: asyncio.Transport | None) -> bool:
    """Can a file be sent to this connection, past the loop?"""
    return transport is not None and transport.get_extra_info("ssl_object") is None and hasattr(os, "sendfile")


async def pieces(
    transport: asyncio.Transport, file: int, start: int, stop: int, *, sent: Callable[[int], None]
) -> AsyncGenerator[int, None]:
    """Send the bytes from `start` up to but excluding `stop`; gives after each piece how many these were, and tells
    `sent` each time that the kernel has taken some.

    INVARIANT: nothing else is written to the connection meanwhile, and what was written before has left it: otherwise
    bytes would change places. Raises `ConnectionError` where the reader has gone, `OSError` where the file cannot be
    read, and ends early where it has become shorter.
    """
    own = os.dup(transport.get_extra_info("socket").fileno())
    try:
        await _emptied(transport)
        while start < stop:
            done = await _Copy(transport, own, file, start, min(start + PIECE, stop), sent).done()
            if not done:
                return
            start += done
            yield done
    finally:
        os.close(own)


async def _emptied(transport: asyncio.Transport) -> None:
    """Wait until the loop has handed over what was written."""
    while transport.get_write_buffer_size():
        if transport.is_closing():
            raise ConnectionResetError
        await asyncio.sleep(0.001)


class _Copy:
    """One piece. The copying is done by the loop whenever there is room, without waking a task in between."""

    def __init__(
        self, transport: asyncio.Transport, own: int, file: int, start: int, stop: int, sent: Callable[[int], None]
    ) -> None:
        self._transport, self._own, self._file, self._sent = transport, own, file, sent
        self._start, self._at, self._stop = start, start, stop
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._error: OSError | None = None

    async def done(self) -> int:
        """Bytes that were sent, when there is nothing left to send."""
        self._go_on()
        if not self._ended.done():
            self._loop.add_writer(self._own, self._go_on)
            try:
                while not self._ended.done():
                    await asyncio.wait({self._ended}, timeout=LOOK)
                    if self._transport.is_closing():
                        raise ConnectionResetError
            finally:
                self._loop.remove_writer(self._own)
        if self._error is not None:
            raise self._error
        return self._at - self._start

    def _go_on(self) -> None:
        """Send what there is room for."""
        if self._ended.done():
            return
        try:
            while self._at < self._stop:
                if self._transport.is_closing():
                    raise ConnectionResetError
                sent = os.sendfile(self._own, self._file, self._at, self._stop - self._at)
                if not sent:
                    break
                self._at += sent
                self._sent(sent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._error = error
        self._ended.set_result(None)
