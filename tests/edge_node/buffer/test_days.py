"""How long the buffer goes on alone: bytes of a reading in it, when its batches have been put together."""

from __future__ import annotations

import asyncio
from pathlib import Path

from connector.data.readings.model import Batch, Rows
from connector.data.readings.ranges import size
from edge_node.buffer import Limits
from tests.edge_node import readings
from tests.edge_node.buffer.device import opened, sealer

THINGS = 1000
TOGETHER = 17
"""Readings that come within a second, where a thousand things report once a minute."""
COUNT = 80_000
GOAL = 110
A_DAY = THINGS * 1440


async def test_a_gigabyte_is_enough_for_110_days_of_a_thousand_things_once_a_minute(tmp_path: Path) -> None:
    drawn = list(readings.samples(COUNT, things=THINGS))
    rows = readings.batch(drawn).rows
    limits = Limits(group=64 << 10, loose=0)
    buffer = opened(tmp_path / "spool", limits=limits)
    await buffer.append([], [sealer().legend(readings.legend(drawn))])
    kept = []
    for at in range(0, COUNT, TOGETHER):
        to = at + TOGETHER
        part = Rows(rows.times[at:to], rows.things[at:to], [column[at:to] for column in rows.columns])
        kept.append(buffer.append([sealer().batch(Batch(1, 1, at + 1, part))]))
    await asyncio.gather(*kept)
    while buffer._committing.waiting or buffer._committing._working:
        await buffer.turn()
    closed = buffer._state.rows.values()
    count = sum(size(part.ranges) for row in closed for part in row.parts)
    each = sum((tmp_path / "spool" / row.name).stat().st_size for row in closed) / count
    await buffer.close()
    days = 1_000_000_000 / each / A_DAY
    print(f"{each:.2f} bytes a reading of six values, {days:.0f} days a GB")
    assert count > COUNT / 2
    assert days >= GOAL
