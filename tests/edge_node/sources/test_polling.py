"""Asking at a pace: what is missed is counted, trouble slows down, no room is waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge_node.ports import Reading
from edge_node.sources.polling import AskError, PollingSource
from tests.edge_node.sources.taking import FakeTaking, place


class Thing:
    """Answers by the script: seconds that an answer takes, or a code."""

    def __init__(self, clock: Clock, *script: float | str) -> None:
        self._clock, self._script = clock, list(script)
        self.at: list[float] = []
        self.closed = 0

    async def ask(self) -> list[Reading]:
        self.at.append(self._clock.now)
        if not self._script:
            raise asyncio.CancelledError
        said = self._script.pop(0)
        if isinstance(said, str):
            raise AskError(said)
        self._clock.now += said
        return [Reading("a", {"v": len(self.at)}, 1)]

    def close(self) -> None:
        self.closed += 1

    def trouble(self) -> str:
        return ""


class Clock:
    """Seconds that go by when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def asked(directory: Path, *script: float | str, full: int = 0) -> tuple[PollingSource, Thing, FakeTaking]:
    clock, taking = Clock(), FakeTaking()
    taking.full = full
    thing = Thing(clock, *script)
    made = PollingSource(place(directory, {}), "thing", 10.0, thing, sleep=clock.sleep, now=lambda: clock.now)
    await asyncio.gather(asyncio.create_task(made.run(taking)), return_exceptions=True)
    return made, thing, taking


async def test_at_a_pace(tmp_path: Path) -> None:
    made, thing, taking = await asked(tmp_path, 0.0, 3.0, 0.5)
    assert thing.at == [100.0, 110.0, 120.0, 130.0]
    assert (made.missed, taking.values) == (0, [1, 2, 3])
    assert (made.kind, made.name, thing.closed) == ("thing", "roof", 1)


async def test_a_time_that_is_missed_is_left_out(tmp_path: Path) -> None:
    made, thing, _ = await asked(tmp_path, 25.0, 0.0)
    assert thing.at == [100.0, 130.0, 140.0]
    assert made.missed == 2


async def test_trouble_slows_down_and_is_over_at_once(tmp_path: Path) -> None:
    made, thing, taking = await asked(tmp_path, "source.unreachable", *["source.unreachable"] * 5, 0.0, 0.0)
    gaps = [then - before for before, then in zip(thing.at, thing.at[1:], strict=False)]
    assert gaps == [10.0, 20.0, 40.0, 80.0, 80.0, 80.0, 10.0, 10.0]
    assert made.trouble() == ""
    assert len(taking.readings) == 2
    assert thing.closed == 7


async def test_trouble_is_told(tmp_path: Path) -> None:
    made, _, _ = await asked(tmp_path, 0.0, "modbus.silent")
    assert made.trouble() == "modbus.silent"


async def test_no_room_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    made, thing, taking = await asked(tmp_path, 0.0, 0.0, full=3)
    assert taking.values == [1, 2]
    assert thing.at[1] == 110.0
    assert made.trouble() == ""
