"""The buffer as its users see it: numbers, reading back, what consumers hold, forgetting, small things by name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge_node.buffer import Buffer, Limits
from edge_node.errors import KeepingError
from tests.edge_node.buffer.device import Clock, everything, legend, opened, sealed, sealer

SMALL = Limits(bytes=1 << 20, segment=8192, batch=100, together=100, loose=0)


async def filled(directory: Path, count: int = 30, rows: int = 10, limits: Limits = SMALL) -> Buffer:
    buffer = opened(directory, limits=limits)
    await buffer.append([sealed(1, rows)], [legend()])
    for place in range(1, count):
        await buffer.append([sealed(1 + place * rows, rows)])
    return buffer


async def test_what_was_appended_is_read_back_after_a_restart(tmp_path: Path) -> None:
    buffer = await filled(tmp_path)
    assert buffer.next(1) == 301
    assert everything(buffer) == list(range(1, 301))
    await buffer.close()
    again = opened(tmp_path, limits=SMALL)
    assert everything(again) == list(range(1, 301))
    assert again.next(1) == 301
    assert again.legend() == [legend()]
    await again.append([sealed(301)])
    assert everything(again) == list(range(1, 302))
    await again.close()


async def test_a_number_is_not_given_twice_and_none_is_left_out(tmp_path: Path) -> None:
    buffer = opened(tmp_path)
    await buffer.append([sealed(1, 5)])
    for first in (5, 7, 1):
        with pytest.raises(KeepingError) as caught:
            await buffer.append([sealed(first)])
        assert caught.value.code == "buffer.number"
    await asyncio.gather(buffer.append([sealed(6)]), buffer.append([sealed(7)]))
    assert everything(buffer) == [1, 2, 3, 4, 5, 6, 7]
    await buffer.close()


async def test_small_batches_are_put_together_when_a_segment_is_closed(tmp_path: Path) -> None:
    buffer = await filled(tmp_path, 400, 5)
    await buffer.turn()
    sizes = [one.count for one in buffer.read(1, ((1, 1000),), 1 << 40)]
    assert max(sizes) > 50
    assert everything(buffer) == list(range(1, 2001))
    await buffer.close()
    again = opened(tmp_path, limits=SMALL)
    assert everything(again) == list(range(1, 2001))
    await again.close()


async def test_the_newest_are_read_first_where_they_are_wanted_so(tmp_path: Path) -> None:
    buffer = await filled(tmp_path, 100, 5)
    newest = buffer.read(1, ((1, 450),), 300, newest=True)
    assert newest[-1].first <= 450 <= newest[-1].last
    oldest = buffer.read(1, ((7, 450),), 1)
    assert [(one.first <= 7 <= one.last) for one in oldest] == [True]
    assert buffer.read(1, ((501, 600),), 1000) == []
    assert buffer.read(2, ((1, 600),), 1000) == []
    await buffer.close()


async def test_what_all_have_is_deleted_and_the_files_shrink(tmp_path: Path) -> None:
    buffer = await filled(tmp_path, 400, 5)
    await buffer.turn()
    before = sum(path.stat().st_size for path in tmp_path.glob("*.seg"))
    await buffer.held_now("city", 1, ((1, 2000),))
    await buffer.held_now("utility", 1, ((1, 10),))
    await buffer.forget_delivered({1: ["city", "utility"]})
    assert sum(path.stat().st_size for path in tmp_path.glob("*.seg")) == before
    await buffer.held_now("utility", 1, ((1, 2000),))
    await buffer.forget_delivered({1: ["city", "utility"]})
    assert list(tmp_path.glob("*.seg")) == []
    assert buffer.gaps() == []
    await buffer.close()
    again = opened(tmp_path, limits=SMALL)
    assert again.held("utility") == {1: ((1, 2000),)}
    assert again.next(1) == 2001
    await again.close()


async def test_at_the_limit_the_oldest_are_forgotten_and_it_is_told(tmp_path: Path) -> None:
    clock = Clock()
    buffer = opened(tmp_path, clock=clock, limits=Limits(bytes=65536, segment=8192, batch=200, together=200, loose=0))
    first = 1
    while first < 60_000:
        await buffer.append([sealed(first, 200)])
        first += 200
        clock.now += 1
    status = buffer.status()
    assert status.bytes <= 65536
    [gap] = buffer.gaps()
    assert gap.why == "full"
    assert gap.ranges[0][0] == 1
    kept = everything(buffer)
    assert kept == list(range(gap.ranges[0][1] + 1, first))
    assert status.lost == gap.ranges[0][1]
    await buffer.close()
    assert sum(path.stat().st_size for path in tmp_path.glob("*.seg")) <= 65536


async def test_small_things_are_kept_by_name(tmp_path: Path) -> None:
    buffer = opened(tmp_path)
    await buffer.put("orders", b"one")
    await buffer.put("status", b"two")
    await buffer.put("status", None)
    assert buffer.get("orders") == b"one"
    await buffer.close()
    again = opened(tmp_path)
    assert again.get("orders") == b"one"
    assert again.get("status") is None
    await again.close()


async def test_it_works_in_a_thread_of_its_own(tmp_path: Path) -> None:
    buffer = Buffer.open(tmp_path, sealing=sealer(), clock=Clock())
    await asyncio.gather(*(buffer.append([sealed(1 + place)]) for place in range(50)))
    assert everything(buffer) == list(range(1, 51))
    assert buffer.status().commits < 50
    await buffer.close()
    with pytest.raises(KeepingError):
        buffer.append([sealed(51)])


async def test_what_was_written_to_the_medium_is_counted_over_starts(tmp_path: Path) -> None:
    """A card wears by all of it. What came after the last note of it may be missing after a cut."""
    buffer = opened(tmp_path)
    await buffer.append([sealed(1, 100)], [legend()])
    first = buffer.status().worn
    assert first == buffer.status().written > 0
    await buffer.put("name", b"value")
    await buffer.close()
    again = opened(tmp_path)
    assert (again.status().written, again.status().worn) == (0, first)
    await again.append([sealed(101, 100)])
    assert again.status().worn == first + again.status().written > first
    await again.close()
