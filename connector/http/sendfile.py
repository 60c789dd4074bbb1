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

PIECE = 1 << 23
"""Bytes after which it is asked whether to go on."""
LOOK = 0.5
"""Seconds after which it is looked whether the connection is still there."""


def fits(transport: asyncio.Transport | None) -> bool:
    """Can a file be sent to this connection, past the loop?"""
    return transport is not None and transport.get_extra_info("ssl_object") is None and hasattr(os, "sendfile")


class Outlet:
    """A second descriptor of a connection. INVARIANT: a connection ends only when this is closed as well, and what the
    kernel has taken goes on leaving until then: whoever resets a connection in the midst of a file closes this first.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport, self.descriptor = transport, os.dup(transport.get_extra_info("socket").fileno())
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def closed(self) -> asyncio.Future[None]:
        """Done when nothing can be sent here any more."""
        return self._closed

    def close(self) -> None:
        """Send nothing more. Closing twice is allowed."""
        if not self._closed.done():
            self._closed.set_result(None)
            asyncio.get_running_loop().remove_writer(self.descriptor)
            os.close(self.descriptor)

    def check(self) -> None:
        """Raises `ConnectionResetError` where nothing can be sent any more."""
        if self._closed.done() or self.transport.is_closing():
            raise ConnectionResetError


async def pieces(
    outlet: Outlet, file: int, start: int, stop: int, *, sent: Callable[[int], None]
) -> AsyncGenerator[int, None]:
    """Send the bytes from `start` up to but excluding `stop`; gives after each piece how many these were, and tells
    `sent` each time that the kernel has taken some.

    INVARIANT: nothing else is written to the connection meanwhile, and what was written before has left it: otherwise
    bytes would change places. Raises `ConnectionError` where the reader has gone or the outlet was closed, `OSError`
    where the file cannot be read, and ends early where it has become shorter.
    """
    await _emptied(outlet.transport)
    while start < stop:
        done = await _Copy(outlet, file, start, min(start + PIECE, stop), sent).done()
        if not done:
            return
        start += done
        yield done


async def _emptied(transport: asyncio.Transport) -> None:
    """Wait until the loop has handed over what was written."""
    while transport.get_write_buffer_size():
        if transport.is_closing():
            raise ConnectionResetError
        await asyncio.sleep(0.001)


class _Copy:
    """One piece. The copying is done by the loop whenever there is room, without waking a task in between."""

    def __init__(self, outlet: Outlet, file: int, start: int, stop: int, sent: Callable[[int], None]) -> None:
        self._outlet, self._file, self._sent = outlet, file, sent
        self._start, self._at, self._stop = start, start, stop
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._error: OSError | None = None

    async def done(self) -> int:
        """Bytes that were sent, when there is nothing left to send."""
        self._go_on()
        if not self._ended.done():
            own = self._outlet.descriptor
            self._loop.add_writer(own, self._go_on)
            try:
                while not self._ended.done():
                    ends = {self._ended, self._outlet.closed}
                    await asyncio.wait(ends, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
                    self._outlet.check()
            finally:
                # Of a closed outlet the number may be somebody else's by now.
                if not self._outlet.closed.done():
                    self._loop.remove_writer(own)
        if self._error is not None:
            raise self._error
        return self._at - self._start

    def _go_on(self) -> None:
        """Send what there is room for."""
        if self._ended.done():
            return
        try:
            while self._at < self._stop:
                self._outlet.check()
                sent = os.sendfile(self._outlet.descriptor, self._file, self._at, self._stop - self._at)
                if not sent:
                    break
                self._at += sent
                self._sent(sent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._error = error
        self._ended.set_result(None)
