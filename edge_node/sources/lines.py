"""Lines to things: TCP, and serial ports (termios), as bytes that come and go.

What lives here: opening, reading what has come, writing, within bounds. What does not: frames (`sources.modbus`,
`sources.sml`), trying again (`sources.polling`). Source: POSIX.1-2017, General Terminal Interface.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
from typing import Annotated, Final, Literal, Protocol

from msgspec import Meta, Struct

_MOST: Final = 1 << 16
"""Bytes that wait to be read; of more the oldest are dropped, as by a port without a reader."""
_PIECE: Final = 4096
_BITS: Final = {7: termios.CS7, 8: termios.CS8}
_IN, _OUT, _CONTROL, _LOCAL, _SPEED_IN, _SPEED_OUT, _SIGNS = range(7)

Baud = Literal[300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400]


class SerialSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A serial port: its `device` (`/dev/ttyUSB0`) and how it speaks."""

    device: Annotated[str, Meta(min_length=1, max_length=256)]
    baud: Baud = 9600
    parity: Literal["none", "even", "odd"] = "none"
    bits: Literal[7, 8] = 8
    stop: Literal[1, 2] = 1


class Line(Protocol):
    """A line that is open. Everything raises `OSError` where it is not any more."""

    async def read(self) -> bytes:
        """What has come, at least one byte of it."""

    async def write(self, data: bytes) -> None:
        """Returns when it is on its way."""

    def discard(self) -> None:
        """What has come and was not read is not wanted."""

    def close(self) -> None:
        """Close it."""


class TcpLine:
    """A connection over TCP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        """As the protocol says."""
        found = await self._reader.read(_PIECE)
        if not found:
            raise ConnectionResetError
        return found

    async def write(self, data: bytes) -> None:
        """As the protocol says."""
        self._writer.write(data)
        await self._writer.drain()

    def discard(self) -> None:
        """Nothing to do: answers carry the number of their question."""

    def close(self) -> None:
        """As the protocol says."""
        self._writer.close()


class SerialLine:
    """A serial port that is this process's alone; see `SerialSettings`. Raises `OSError` where it cannot be opened."""

    def __init__(self, settings: SerialSettings) -> None:
        self._fd = os.open(settings.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _set_up(self._fd, settings)
        except (termios.error, OSError) as error:
            os.close(self._fd)
            raise OSError("no serial port") from error
        self._data, self._came, self._over = bytearray(), asyncio.Event(), False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._ready)

    def _ready(self) -> None:
        try:
            found = os.read(self._fd, _PIECE)
        except BlockingIOError:
            return
        except OSError:
            found = b""
        if not found:
            # Unplugged: it would be readable for ever.
            self._over = True
            self._loop.remove_reader(self._fd)
        self._data += found
        del self._data[:-_MOST]
        self._came.set()

    async def read(self) -> bytes:
        """As the protocol says."""
        while not self._data:
            if self._over:
                raise ConnectionResetError
            self._came.clear()
            await self._came.wait()
        found = bytes(self._data)
        self._data.clear()
        return found

    async def write(self, data: bytes) -> None:
        """As the protocol says."""
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                await self._writable()

    async def _writable(self) -> None:
        free: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_writer(self._fd, lambda: None if free.done() else free.set_result(None))
        try:
            await free
        finally:
            self._loop.remove_writer(self._fd)

    def discard(self) -> None:
        """As the protocol says; also of what the kernel still has."""
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fd, termios.TCIFLUSH)
        self._data.clear()

    def close(self) -> None:
        """As the protocol says."""
        self._loop.remove_reader(self._fd)
        with contextlib.suppress(OSError):
            os.close(self._fd)


def _set_up(fd: int, settings: SerialSettings) -> None:
    """Bytes as they are, without echo, control characters or flow control."""
    found = termios.tcgetattr(fd)
    control = _BITS[settings.bits] | termios.CREAD | termios.CLOCAL
    if settings.stop == 2:
        control |= termios.CSTOPB
    if settings.parity != "none":
        control |= termios.PARENB | (termios.PARODD if settings.parity == "odd" else 0)
    speed = getattr(termios, f"B{settings.baud}")
    found[_IN], found[_OUT], found[_CONTROL], found[_LOCAL] = termios.IGNBRK, 0, control, 0
    found[_SPEED_IN] = found[_SPEED_OUT] = speed
    found[_SIGNS][termios.VMIN], found[_SIGNS][termios.VTIME] = 1, 0
    termios.tcsetattr(fd, termios.TCSANOW, found)
    termios.tcflush(fd, termios.TCIOFLUSH)


async def open_tcp(host: str, port: int) -> Line:
    """A connection. Raises `OSError`."""
    return TcpLine(*await asyncio.open_connection(host, port, limit=_MOST))


async def open_serial(settings: SerialSettings) -> Line:
    """A serial port. Raises `OSError`."""
    return SerialLine(settings)
