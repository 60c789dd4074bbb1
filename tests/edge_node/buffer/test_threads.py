"""The buffer with its own thread, while it is read, delivered from and forgotten: nothing is taken for damage."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from edge_node.buffer import Buffer, Limits
from tests.edge_node.buffer.device import Clock, legend, sealed, sealer, values

LIMITS = Limits(bytes=40_000, segment=4096, batch=50, together=50, loose=1)


async def test_reading_while_segments_are_written_anew_and_deleted(tmp_path: Path) -> None:
    buffer = Buffer.open(tmp_path, sealing=sealer(), clock=Clock(), limits=LIMITS)
    chance, done = random.Random(1), asyncio.Event()
    await buffer.append([], [legend()])

    async def write() -> None:
        for _ in range(250):
            await buffer.append([sealed(buffer.next(1), chance.randrange(1, 20))])
        done.set()

    async def deliver() -> None:
        while not done.is_set():
            found = values(buffer.read(1, ((1, 1 << 52),), 3_000, newest=chance.random() < 0.5))
            assert found == list(range(found[0], found[-1] + 1)) if found else True
            if chance.random() < 0.2:
                await buffer.held_now("city", 1, ((1, max(1, buffer.next(1) - 400)),))
                await buffer.forget_delivered({1: ["city"]})
            await buffer.turn()

    await asyncio.gather(write(), deliver(), deliver())
    assert {gap.why for gap in buffer.gaps()} <= {"full"}
    assert buffer.status().bytes <= LIMITS.bytes
    kept = values(buffer.read(1, ((1, 1 << 52),), 1 << 40))
    assert kept == list(range(kept[0], buffer.next(1)))
    await buffer.close()
