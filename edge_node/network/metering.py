"""How much a device says: what its connections cost a day, and what is left of what they may.

What lives here: counting what goes over a connection as its operator counts it (IP packets, with repeated ones and
those of TLS), and a budget that survives a restart. What does not: connections (`link`), what to send first (`sync`).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Final, Protocol

_DAY: Final = 86_400_000_000
_SECOND: Final = 1_000_000
_TIMESTAMPS = 1
_STEPS: Final = 64
_LEAST_STEP: Final = 65_536
_SPENT: Final = "link.spent"
_FORM: Final = struct.Struct(">QQ")


class Meter(Protocol):
    """Counts what is sent and received, and knows what may still be."""

    def left(self) -> int | None:
        """Bytes that may still go today, in both directions; None where there is no limit."""

    def seconds(self) -> int:
        """Until there are new ones."""

    async def allows(self, size: int) -> bool:
        """May so many bytes go now? What is allowed is held ready."""

    def used(self, sent: int, received: int) -> None:
        """So much has gone."""


class Kept(Protocol):
    """Small values that survive a restart (`edge_node.buffer`)."""

    def get(self, name: str, /) -> bytes | None:
        """What was put there."""

    async def put(self, name: str, value: bytes, /) -> None:
        """Put it there, durably. Raises `edge_node.errors.KeepingError`."""


class Budget:
    """So many bytes a day (UTC), 0 for no limit.

    INVARIANT: what is on disk is no less than what was spent, but for the answers of the exchanges that were going on:
    a step is written down before it is used up, and after a crash counts as spent. So the disk is written to a few
    dozen times a day and not with each message.
    """

    def __init__(self, daily: int, *, kept: Kept, now: Callable[[], int]) -> None:
        self._daily, self._kept, self._now = daily, kept, now
        self._day, self._spent = _read(kept.get(_SPENT))
        self._written = self._spent
        self._step = max(daily // _STEPS, _LEAST_STEP)
        self.sent = 0
        self.received = 0

    @property
    def today(self) -> int:
        """Bytes of today."""
        self._turn()
        return self._spent

    def left(self) -> int | None:
        """See `Meter`."""
        self._turn()
        return max(0, self._daily - self._spent) if self._daily else None

    def seconds(self) -> int:
        """See `Meter`."""
        return (_DAY - self._now() % _DAY) // _SECOND + 1

    async def allows(self, size: int) -> bool:
        """See `Meter`. Raises `edge_node.errors.KeepingError`."""
        left = self.left()
        if left is None or left < size:
            return left is None
        if self._spent + size > self._written:
            ahead = self._spent + max(size, self._step)
            await self._kept.put(_SPENT, _FORM.pack(self._day, ahead))
            self._written = ahead
        return True

    def used(self, sent: int, received: int) -> None:
        """See `Meter`. `sent` and `received` are also kept since the start."""
        self.sent += sent
        self.received += received
        self._turn()
        self._spent += sent + received

    def _turn(self) -> None:
        """A new day. A clock that was set back by one gives nothing back; one that is further off had been wrong, and
        a device that waited for such a day would be silent for years."""
        day = self._now() // _DAY
        if day not in (self._day, self._day - 1):
            self._day, self._spent, self._written = day, 0, 0


class Unlimited:
    """Counts, and lets everything through: for commands, which go once."""

    def __init__(self) -> None:
        self.sent = self.received = 0

    def left(self) -> int | None:
        """See `Meter`."""
        return None

    def seconds(self) -> int:
        """See `Meter`."""
        return 0

    async def allows(self, size: int) -> bool:
        """See `Meter`."""
        return True

    def used(self, sent: int, received: int) -> None:
        """See `Meter`."""
        self.sent += sent
        self.received += received


def _read(data: bytes | None) -> tuple[int, int]:
    if data is None or len(data) != _FORM.size:
        return 0, 0
    day, spent = _FORM.unpack(data)
    return day, spent


class Counter:
    """What has gone over one connection since it was asked last."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._known = (0, 0)
        self._head = 40 if connection.family == socket.AF_INET6 else 20

    def more(self) -> tuple[int, int] | None:
        """Bytes sent and received; None when the connection has ended, or where the kernel does not tell."""
        try:
            told = self._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        except OSError:
            return None
        if len(told) < 208:
            return None
        now = self._packets(told)
        sent, received = now[0] - self._known[0], now[1] - self._known[1]
        self._known = now
        return sent, received

    def _packets(self, told: bytes) -> tuple[int, int]:
        """Payload, and a head for each segment (struct tcp_info of Linux: options at 5, bytes received at 128, segments
        out and in at 136, bytes sent at 200)."""
        head = self._head + (32 if told[5] & _TIMESTAMPS else 20)
        received, out, into = struct.unpack_from("=QII", told, 128)
        (sent,) = struct.unpack_from("=Q", told, 200)
        return sent + out * head, received + into * head
