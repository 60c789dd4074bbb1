"""A device with a seal and a buffer, for tests: readings in, readings out.

What lives here: making batches that carry their own numbers, so that a test sees whether each came back as it was.
What does not: what a test expects.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.data.readings.model import Batch, Field, Legend, Rows, Series, Value
from edge_node.buffer import Buffer, Limits, Sealed
from edge_node.seal import Sealer

T = TypeVar("T")
SECOND = 1_000_000
BEGIN = 1_790_000_000 * SECOND


@cache
def sealer() -> Sealer:
    """The device's seal, the same in a whole run."""
    return Sealer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), b"device01")


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: int = BEGIN) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


async def inline(act: Callable[[], T], /) -> T:
    """Done here and now, without a thread."""
    return act()


def run(act: Callable[[], T], /) -> Awaitable[T]:
    """For `Buffer.open`."""
    return inline(act)


def batch(
    first: int, count: int = 1, *, series: int = 1, things: int = 3, unsure: bool = False, noise: bool = False
) -> Batch:
    """Readings whose values are their numbers; with `noise` beside a column that does not get smaller."""
    numbers = range(first, first + count)
    columns: list[list[Value]] = [list(numbers)]
    if noise:
        columns.append([random.Random(one).getrandbits(32) for one in numbers])
    return Batch(
        series,
        1,
        first,
        Rows([BEGIN + one * SECOND for one in numbers], [one % things for one in numbers], columns),
        unsure,
    )


def sealed(first: int, count: int = 1, **more: Any) -> Sealed:
    """The same, sealed."""
    return sealer().batch(batch(first, count, **more))


def legend(number: int = 1, *, after: int = 0, things: Iterable[int] = range(3)) -> bytes:
    """What the numbers mean, sealed."""
    series = ((1, Series("air", (Field("value"),))),) if not after else ()
    return sealer().legend(Legend(number, after, series, tuple((one, f"thing-{one}") for one in things)))


def values(found: Iterable[Sealed]) -> list[int]:
    """The values in batches, in order: for these readings, their numbers."""
    seen: list[int] = []
    for one in found:
        opened = sealer().opened(one.data)
        assert isinstance(opened, Batch)
        assert (opened.series, opened.first, opened.last) == (one.series, one.first, one.last)
        seen += [value for value in opened.rows.columns[0] if isinstance(value, int)]
    return seen


def opened(directory: Path, *, clock: Clock | None = None, limits: Limits | None = None, **more: Any) -> Buffer:
    """A buffer without a thread."""
    directory.mkdir(exist_ok=True)
    return Buffer.open(directory, sealing=sealer(), clock=clock or Clock(), limits=limits, run=run, **more)


def everything(buffer: Buffer, series: int = 1) -> list[int]:
    """All that is kept."""
    return values(buffer.read(series, ((1, 1 << 52),), 1 << 40))
