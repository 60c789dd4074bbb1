"""A process that takes readings in until it is killed, and one that kills it and counts.

What lives here: the process, its killing, and the comparison. What does not: how often (`test_kills`). A kill takes
nothing from the system's cache, so it tries the program's order of doing things; power cuts try its syncs.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import struct
import time
from multiprocessing.connection import Connection
from pathlib import Path

from edge_node.buffer import Buffer, Limits
from tests.edge_node.buffer.device import Clock, legend, run, sealed, sealer, values

LIMITS = Limits(bytes=4 << 20, segment=32_768, batch=200, together=200, group=16_384, loose=1)
_ACK = struct.Struct("<QQ")


def live(directory: str, seed: int, acks: Connection) -> None:
    """Say which numbers are durable, as long as it lasts."""
    asyncio.run(_live(Path(directory), random.Random(seed), acks.fileno()))


async def _live(directory: Path, chance: random.Random, acks: int) -> None:
    buffer = Buffer.open(directory, sealing=sealer(), clock=Clock(time.time_ns() // 1000), limits=LIMITS)
    if not buffer.legend():
        await buffer.append([], [legend()])
    await asyncio.gather(*(_source(buffer, chance, acks) for _ in range(4)), _consumer(buffer, chance))


async def _source(buffer: Buffer, chance: random.Random, acks: int) -> None:
    while True:
        first, count = buffer.next(1), chance.choice((1, 3, 10, 40))
        await buffer.append([sealed(first, count)])
        os.write(acks, _ACK.pack(first, first + count - 1))


async def _consumer(buffer: Buffer, chance: random.Random) -> None:
    """Orders come, and it is seen that they are kept."""
    while True:
        await buffer.put("orders", chance.randbytes(20))
        await asyncio.sleep(0.01)


class Verdict:
    """What many kills have shown."""

    def __init__(self) -> None:
        self.kills = self.acknowledged = 0
        self.wrong: list[str] = []


def killed(directory: Path, kills: int, seed: int = 1) -> Verdict:
    """Start, kill, look, on one directory."""
    chance, verdict = random.Random(seed), Verdict()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    highest = 0
    for number in range(kills):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=live, args=(str(directory), seed + number, theirs))
        process.start()
        theirs.close()
        if ours.poll(10):
            time.sleep(chance.random() * 0.12)
        process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            verdict.wrong.append(f"kill {number}: it had ended by itself, with {process.exitcode}")
        highest = max(highest, _highest(ours))
        ours.close()
        verdict.kills += 1
        verdict.wrong += asyncio.run(_look(directory, highest))
    verdict.acknowledged = highest
    return verdict


def _highest(acks: Connection) -> int:
    """The highest number that was acknowledged: sources take turns, so all below it were, too."""
    data = b""
    while chunk := os.read(acks.fileno(), 1 << 16):
        data += chunk
    whole = len(data) // _ACK.size * _ACK.size
    return max((last for _, last in _ACK.iter_unpack(data[:whole])), default=0)


async def _look(directory: Path, highest: int) -> list[str]:
    buffer = Buffer.open(directory, sealing=sealer(), clock=Clock(), limits=LIMITS, run=run)
    found = values(buffer.read(1, ((max(1, highest - 1000), 1 << 52),), 1 << 40))
    gone = [gap for gap in buffer.gaps() if gap.why != "full"]
    wrong = [f"a gap: {gap}" for gap in gone]
    if highest and (not found or found[-1] < highest or found != list(range(found[0], found[-1] + 1))):
        wrong.append(f"lost: {highest}, and there are {found[:1]} to {found[-1:]}")
    if highest and buffer.next(1) != found[-1] + 1:
        wrong.append(f"the next is {buffer.next(1)} behind {found[-1]}")
    await buffer.close()
    return wrong
