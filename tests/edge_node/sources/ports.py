"""Serial ports of which a test holds the other end (pseudo-terminals)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import Iterator


class Port:
    """`path` is the port; what is written there is `read` here, and the other way round."""

    def __init__(self) -> None:
        self.far, self._near = pty.openpty()
        tty.setraw(self.far)
        self.path = os.ttyname(self._near)
        os.set_blocking(self.far, False)

    def write(self, data: bytes) -> None:
        """Comes out of the port."""
        os.write(self.far, data)

    async def read(self) -> bytes:
        """What was written to the port."""
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        loop.add_reader(self.far, came.set)
        try:
            await came.wait()
            return os.read(self.far, 4096)
        finally:
            loop.remove_reader(self.far)

    def unplug(self) -> None:
        """Nobody is at the other end any more."""
        os.close(self.far)
        self.far = -1

    def close(self) -> None:
        """Both ends."""
        for fd in (self.far, self._near):
            with contextlib.suppress(OSError):
                os.close(fd)


@contextlib.contextmanager
def port() -> Iterator[Port]:
    """A port for a test."""
    made = Port()
    try:
        yield made
    finally:
        made.close()
