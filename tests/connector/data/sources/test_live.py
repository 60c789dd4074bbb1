"""The machine's own figures."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from connector.data.sources.live import LiveSource
from connector.ports import Source
from connector.records import Asset
from connector.system import SystemClock
from tests.connector.data.world import asset
from tests.ports.source import SourceContract


class StepClock(SystemClock):
    """Each sleep moves the time by what was asked for."""

    at = 1_767_225_600_000_000

    def now(self) -> int:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += int(seconds * 1_000_000)


class TestLive(SourceContract):
    @pytest.fixture
    def source(self) -> Source:
        return LiveSource(clock=StepClock())

    @pytest.fixture
    def thing(self) -> Asset:
        return asset("live")


def machine(root: Path) -> Path:
    (root / "proc").mkdir()
    (root / "proc/loadavg").write_text("0.50 0.25 0.10 1/100 4242\n")
    (root / "proc/meminfo").write_text("MemTotal:       2048 kB\nMemAvailable:   1024 kB\nHugePages_Total:  0\n")
    zone = root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu\n")
    (zone / "temp").write_text("41500\n")
    return root


async def test_figures(tmp_path: Path) -> None:
    content = await LiveSource(clock=StepClock(), root=machine(tmp_path)).open(asset("live"), "")
    assert content.small is not None
    assert msgspec.json.decode(content.small()) == {
        "at": "2026-01-01T00:00:00.000Z",
        "load": [0.5, 0.25, 0.1],
        "memory": {"total": 2048 * 1024, "available": 1024 * 1024},
        "temperature": {"thermal_zone0 cpu": 41.5},
    }


async def test_a_machine_that_tells_nothing_still_tells_the_time(tmp_path: Path) -> None:
    content = await LiveSource(clock=StepClock(), root=tmp_path).open(asset("live"), "")
    assert content.small is not None
    assert msgspec.json.decode(content.small()) == {"at": "2026-01-01T00:00:00.000Z"}


async def test_a_line_a_second_without_end(tmp_path: Path) -> None:
    content = await LiveSource(clock=StepClock(), root=machine(tmp_path)).open(asset("live"), "stream")
    assert (content.size, content.sha256, content.media_type) == (None, None, "application/x-ndjson")
    lines = []
    async for line in content.chunks(0, None):
        lines.append(msgspec.json.decode(line)["at"])
        assert line.endswith(b"\n")
        if len(lines) == 3:
            break
    assert lines == [f"2026-01-01T00:00:0{n}.000Z" for n in range(3)]
