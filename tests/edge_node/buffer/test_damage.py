"""What the disk does to the buffer: other bytes than were written, files that are gone, no room, no answer.

Fault row F36: a gap is reported, never hidden; what is whole is served.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.data.readings.ranges import covers, joined, size
from edge_node.buffer import Buffer, Limits
from edge_node.buffer.files import Appending, Directory
from edge_node.errors import FullError, KeepingError
from tests.edge_node.buffer.device import Clock, everything, legend, opened, sealed

LIMITS = Limits(bytes=1 << 20, segment=8192, batch=5, together=5, loose=0)
COUNT = 1500


async def written(directory: Path) -> None:
    """A buffer with some closed segments and an open one."""
    buffer = opened(directory, limits=LIMITS)
    await buffer.append([], [legend()])
    for first in range(1, COUNT, 5):
        await buffer.append([sealed(first, 5)])
    assert len(list(directory.glob("*.seg"))) > 3
    await buffer.close()


def damage(path: Path, at: int, size: int = 3) -> None:
    data = bytearray(path.read_bytes())
    for place in range(at, at + size):
        data[place] ^= 0xFF
    path.write_bytes(data)


async def holds(directory: Path) -> tuple[Buffer, list[int]]:
    """Every number is there or in a gap, none is both, and the numbers go on; the same after another start."""
    buffer = opened(directory, limits=LIMITS)
    found = everything(buffer)
    await buffer.turn()
    gaps = joined(pair for gap in buffer.gaps() for pair in gap.ranges)
    assert buffer.next(1) == COUNT + 1
    assert size(gaps) + len(found) == COUNT
    assert covers(joined((*gaps, *((one, one) for one in found))), 1, COUNT)
    assert {gap.why for gap in buffer.gaps()} <= {"damaged"}
    assert buffer.status().lost == size(gaps)
    return buffer, found


@pytest.mark.parametrize("share", [0.2, 0.5, 0.999])
async def test_a_closed_segment_with_other_bytes(tmp_path: Path, share: float) -> None:
    await written(tmp_path)
    path = sorted(tmp_path.glob("*.seg"))[1]
    damage(path, int(path.stat().st_size * share) - 3)
    buffer, found = await holds(tmp_path)
    assert COUNT - 15 < len(found) <= COUNT
    await buffer.close()
    again, same = await holds(tmp_path)
    assert same == found
    assert len(again.gaps()) == (1 if len(found) < COUNT else 0)
    await again.close()


async def test_a_closed_segment_that_is_gone_and_one_that_is_cut(tmp_path: Path) -> None:
    await written(tmp_path)
    first, second, *_ = sorted(tmp_path.glob("*.seg"))
    first.unlink()
    second.write_bytes(second.read_bytes()[: second.stat().st_size // 2])
    buffer, found = await holds(tmp_path)
    assert 1 not in found
    assert COUNT in found
    await buffer.close()


@pytest.mark.parametrize("share", [0.3, 0.7])
async def test_the_open_segment_with_other_bytes_in_the_middle(tmp_path: Path, share: float) -> None:
    await written(tmp_path)
    [path] = tmp_path.glob("*.open")
    damage(path, int(path.stat().st_size * share))
    buffer, found = await holds(tmp_path)
    assert 0 < COUNT - len(found) <= 10
    await buffer.append([sealed(COUNT + 1)])
    await buffer.close()
    again = opened(tmp_path, limits=LIMITS)
    assert len(again.gaps()) == 1
    await again.close()


async def test_the_end_of_the_open_segment_whose_readings_somebody_has_already(tmp_path: Path) -> None:
    await written(tmp_path)
    buffer = opened(tmp_path, limits=LIMITS)
    await buffer.held_now("city", 1, ((1, COUNT),))
    await buffer.close()
    [path] = tmp_path.glob("*.open")
    damage(path, path.stat().st_size - 5)
    again, found = await holds(tmp_path)
    assert found[-1] == COUNT - 5  # and no number that the city has is given to another reading
    await again.close()


@pytest.mark.parametrize("harm", [b"", b"no database at all" * 100, None])
async def test_a_database_that_cannot_be_read_is_made_again_from_the_files(tmp_path: Path, harm: bytes | None) -> None:
    await written(tmp_path)
    path = tmp_path / "index.sqlite"
    for more in tmp_path.glob("index.sqlite-*"):
        more.unlink()
    path.unlink() if harm is None else path.write_bytes(harm)
    buffer, found = await holds(tmp_path)
    assert found == list(range(1, COUNT + 1))
    assert buffer.legend() == [legend()]
    assert (tmp_path / "index.broken").exists() == (harm is not None and len(harm) > 0)
    await buffer.close()


class Failing(Directory):
    """A directory whose files fail when they are told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.error = 0
        self.on = "write"

    def append(self, name: str) -> Appending:
        return _Failing(self, super().append(name))


class _Failing:
    def __init__(self, directory: Failing, file: Appending) -> None:
        self._directory, self._file = directory, file
        self.truncate: Callable[[int], None] = file.truncate
        self.close: Callable[[], None] = file.close

    def write(self, data: bytes) -> None:
        if self._directory.error and self._directory.on == "write":
            self._file.write(data[:7])  # as much as there was room for
            raise OSError(self._directory.error, "as told")
        self._file.write(data)

    def sync(self) -> None:
        if self._directory.error and self._directory.on == "sync":
            self._directory.error = 0
            raise OSError(errno.EIO, "as told")
        self._file.sync()


async def test_a_full_disk_is_told_and_nothing_is_kept_by_halves(tmp_path: Path) -> None:
    files = Failing(tmp_path)
    buffer = opened(tmp_path, limits=LIMITS, files=files)
    await buffer.append([sealed(1, 5)])
    files.error = errno.ENOSPC
    for _ in range(3):
        first, second = buffer.append([sealed(6, 5)]), buffer.append([sealed(11, 5)])
        for waiting in (first, second):
            with pytest.raises(FullError) as caught:
                await waiting
            assert caught.value.code == "buffer.disk"
        assert buffer.next(1) == 6
    files.error = 0
    await buffer.append([sealed(6, 2)])
    await buffer.close()
    again = opened(tmp_path, limits=LIMITS)
    assert everything(again) == [1, 2, 3, 4, 5, 6, 7]
    await again.close()


@pytest.mark.parametrize("on", ["write", "sync"])
async def test_a_disk_that_fails_is_not_believed_again(tmp_path: Path, on: str) -> None:
    files = Failing(tmp_path)
    buffer = opened(tmp_path, limits=LIMITS, files=files)
    await buffer.append([sealed(1, 5)])
    files.error, files.on = errno.EIO, on
    first, second = buffer.append([sealed(6, 5)]), buffer.append([sealed(11, 5)])
    for waiting in (first, second):
        with pytest.raises(KeepingError):
            await waiting
    files.error = 0
    assert buffer.status().suspect == "buffer.disk"
    with pytest.raises(KeepingError):
        await buffer.append([sealed(6, 5)])
    await buffer.close()
    again = opened(tmp_path, limits=LIMITS)
    assert everything(again)[:5] == [1, 2, 3, 4, 5]
    assert again.next(1) == everything(again)[-1] + 1
    await again.close()


async def test_where_the_owner_says_refuse_nothing_is_forgotten(tmp_path: Path) -> None:
    buffer = opened(tmp_path, limits=Limits(bytes=65536, segment=8192, batch=20, together=20, full="refuse"))
    first = 1
    with pytest.raises(FullError) as caught:
        while True:
            await buffer.append([sealed(first, 20)])
            first += 20
    assert caught.value.code == "buffer.full"
    assert everything(buffer) == list(range(1, first))
    assert buffer.gaps() == []
    assert buffer.status().bytes <= 65536
    await buffer.held_now("city", 1, ((1, first - 1),))
    await buffer.forget_delivered({1: ["city"]})
    await buffer.append([sealed(first, 20)])  # and there is room again
    await buffer.close()


async def test_thinned_out_the_oldest_are_rarer_and_none_is_unaccounted_for(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(bytes=65536, segment=8192, batch=200, together=200, loose=0, full="thin")
    buffer = opened(tmp_path, limits=limits, clock=clock)
    first = 1
    while first < 20_000:
        await buffer.append([sealed(first, 200, noise=True)])
        first += 200
    found = everything(buffer)
    assert found == sorted(set(found))
    there = joined((one.first, one.last) for one in buffer.read(1, ((1, 1 << 52),), 1 << 40))
    gaps = joined(pair for gap in buffer.gaps() for pair in gap.ranges)
    assert joined((*there, *gaps)) == ((1, first - 1),)
    rare = [one for one in found if one < found[0] + 2000]
    assert 100 < len(rare) < 1200
    assert buffer.status().thinned > len(rare)
    assert found[-200:] == list(range(first - 200, first))
    assert buffer.status().bytes <= 65536
    await buffer.close()
