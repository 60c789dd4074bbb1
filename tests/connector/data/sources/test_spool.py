"""connector/data/sources/spool.py: numbers, bounds, gaps, repeats, and what a crash leaves."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import msgspec
import pytest

from connector.data.sources.spool import Arrival, Bounds, Line, Spool
from connector.errors import SourceError

EPOCHS = count()


def arrival(row: str, *, id: str = "", packet: int = 0, topic: str = "t", **more: bool) -> Arrival:
    return Arrival(Line(0, id, packet, topic, row, msgspec.Raw(f'"{row}"'.encode())), **more)


async def spool(folder: Path | None, **bounds: int) -> Spool:
    made = Spool(folder, bounds=Bounds(**bounds), draw=lambda: f"epoch{next(EPOCHS)}")
    await made.load()
    return made


async def rows(made: Spool, n: int = 0) -> list[str]:
    found: list[str] = []
    while lines := (await made.page(n)).lines:
        found += [msgspec.json.decode(line.row) for line in lines]
        n = lines[-1].n
    return found


@pytest.fixture(params=["memory", "files"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "spool" if request.param == "files" else None


async def test_rows_are_numbered_and_read_behind_a_number(folder: Path | None) -> None:
    made = await spool(folder)
    assert await made.append([arrival("a"), arrival("b")]) == 2
    await made.append([arrival("c")])
    assert await rows(made) == ["a", "b", "c"]
    assert await rows(made, 2) == ["c"]
    assert made.behind(made.position(2)) == (2, False)


async def test_the_oldest_goes_first_and_is_told_as_a_gap(folder: Path | None) -> None:
    made = await spool(folder, rows=40)
    position = made.position(3)
    for n in range(200):
        await made.append([arrival(str(n))])
    assert made.behind(position)[1]
    assert (await made.page(3)).gap
    kept = await rows(made, 3)
    assert kept == [str(n) for n in range(200 - len(kept), 200)]
    assert 20 <= len(kept) <= 45


async def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    made = await spool(tmp_path / "spool", rows=10**6, bytes=8_000)
    for n in range(500):
        await made.append([arrival(f"{n:0100}")])
    assert sum(one.stat().st_size for one in (tmp_path / "spool").glob("*.ndjson")) < 10_000


async def test_what_comes_twice_is_kept_once(folder: Path | None) -> None:
    made = await spool(folder)
    assert await made.append([arrival("a", id="1"), arrival("a", id="1"), arrival("b", id="2")]) == 2
    assert await made.append([arrival("other", id="1")]) == 0
    assert await made.append([arrival("x", packet=7)]) == 1
    assert await made.append([arrival("x", packet=7, redelivered=True)]) == 0
    assert await made.append([arrival("x", packet=8, redelivered=True)]) == 1
    assert await made.append([arrival("x", packet=9, retained=True)]) == 0
    assert await made.append([arrival("y", packet=9, retained=True)]) == 1


async def test_a_stop_in_the_middle_of_a_line_loses_that_line_alone(tmp_path: Path) -> None:
    made = await spool(tmp_path)
    await made.append([arrival("a", id="1"), arrival("b", packet=3)])
    position = made.position(1)
    (file,) = tmp_path.glob("*.ndjson")
    with file.open("ab") as half:
        half.write(b'[3,"",0,"t","c","c')
    again = await spool(tmp_path)
    assert again.epoch == made.epoch
    assert await rows(again, again.behind(position)[0]) == ["b"]
    assert await again.append([arrival("a", id="1"), arrival("b", packet=3, redelivered=True), arrival("c")]) == 1
    assert await rows(await spool(tmp_path)) == ["a", "b", "c"]


async def test_a_position_of_another_life_is_a_gap(tmp_path: Path) -> None:
    made = await spool(tmp_path / "one")
    await made.append([arrival("a")])
    other = await spool(tmp_path / "two")
    for position in (made.position(1), "x", "x:y", f"{other.epoch}:99"):
        assert other.behind(position) == (0, True)


async def test_a_disk_without_room_keeps_nothing_and_the_next_attempt_everything(tmp_path: Path) -> None:
    made = await spool(tmp_path / "spool")
    await made.append([arrival("a")])
    (tmp_path / "spool").rename(tmp_path / "away")
    made._segments.clear()
    with pytest.raises(SourceError) as caught:
        await made.append([arrival("b", id="1")])
    assert caught.value.reason.code == "source.spool"
    (tmp_path / "away").rename(tmp_path / "spool")
    made._segments.clear()
    assert await made.append([arrival("b", id="1")]) == 1
    assert await rows(made, 1) == ["b"]
