"""What real sensors have measured goes through unharmed, and is small."""

from __future__ import annotations

import gzip
from datetime import datetime

from tests.edge_node.counters import FIELDS, SETTINGS, bodies, rows, there
from tests.edge_node.taking import FakeBuffer, Moments, intake


@there
async def test_three_months_of_bicycles() -> None:
    buffer, moments = FakeBuffer(), Moments()
    plain = zipped = 0
    async with intake(buffer, series={"bicycles": SETTINGS}, moments=moments) as way:
        for body in bodies(1000):
            await way.take_json("s", "bicycles", body)
            plain += len(body)
            zipped += len(gzip.compress(body, 6))
        assert way.counts["s"].spoiled == way.counts["s"].copies == 0
    kept = buffer.rows()
    expected = [
        (row["thing"], round(datetime.fromisoformat(row["at"]).timestamp()) * 1_000_000, *map(row.get, FIELDS))
        for row in rows()
    ]
    assert kept == expected
    size = sum(len(one.data) for one in buffer.sealed)
    assert size * 25 <= plain
    assert size * 3.2 <= zipped
