"""What nobody can read: put aside, counted, bounded."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edge_node.buffer import Limits
from edge_node.buffer.spoiled import FILE
from edge_node.ports import Spoiled
from tests.edge_node.buffer.device import Clock, opened


async def test_it_is_put_aside_with_its_reason_and_counted_over_starts(tmp_path: Path) -> None:
    buffer = opened(tmp_path)
    await buffer.spoil(
        [Spoiled("meters", "decode.json", {"at": "3"}, b"{]"), Spoiled("meters", "decode.json", {}, b"\xff")]
    )
    await buffer.close()
    lines = [msgspec.json.decode(line) for line in (tmp_path / FILE).read_bytes().splitlines()]
    assert [(line["source"], line["code"], line.get("text"), line.get("hex")) for line in lines] == [
        ("meters", "decode.json", "{]", None),
        ("meters", "decode.json", None, "ff"),
    ]
    again = opened(tmp_path)
    assert again.status().spoiled == 2
    await again.close()


async def test_a_source_that_sends_nothing_else_does_not_fill_the_disk(tmp_path: Path) -> None:
    clock = Clock()
    buffer = opened(tmp_path, clock=clock, limits=Limits(spoiled=20_000))
    for _ in range(50):
        await buffer.spoil([Spoiled("meters", "decode.json", {}, b"x" * 5000)] * 20)
        clock.now += 10_000_000
    assert buffer.status().spoiled == 1000
    assert sum(path.stat().st_size for path in tmp_path.glob("spoiled*")) < 60_000
    await buffer.close()
