"""What the machine says of itself: a real one, and a tree of files of a Raspberry Pi."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_node.config import FieldSettings
from edge_node.errors import SettingsError
from edge_node.sources import Place
from edge_node.sources.host import MEASURES, open_source
from edge_node.sources.polling import AskError, PollingSource

FILES = {
    "proc/loadavg": "0.52 0.58 0.59 1/467 12345\n",
    "proc/uptime": "350735.47 234388.90\n",
    "proc/meminfo": "MemTotal:         475904 kB\nMemFree: 1 kB\nMemAvailable:     301112 kB\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/class/thermal/thermal_zone1/temp": "51000\n",
    "sys/block/mmcblk0/stat": "  100 2 3000 4  50 6  7000 8 0 9 10\n",
    "sys/block/mmcblk0/device/life_time": "0x01 0x03\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50004\n",
}


def source(root: Path, thing: str = "device", **units: str) -> PollingSource:
    fields = {name: FieldSettings(unit=unit) for name, unit in units.items()}
    return open_source(Place("own", "host", fields, {"thing": thing}, root), root)


def pi(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


async def test_a_raspberry_pi(tmp_path: Path) -> None:
    made = source(pi(tmp_path), **dict.fromkeys(MEASURES, ""))
    (one,) = await made._asked.ask()
    said = dict(one.values)
    assert said.pop("disk_free")
    used = said.pop("disk_used")
    assert isinstance(used, float)
    assert 0 <= used <= 100
    assert said == {
        "load": 0.52, "uptime": 350735.47, "memory_total": 475904 * 1024.0, "memory_available": 301112 * 1024.0,
        "temperature": 51.0, "disk_written": 7000 * 512.0, "card_worn": 30.0, "voltage_low": 0.0,
        "voltage_was_low": 1.0, "throttled": 1.0,
    }  # fmt: skip


async def test_units_of_the_fields(tmp_path: Path) -> None:
    made = source(pi(tmp_path), temperature="K", uptime="h", thing="mast 7")
    (one,) = await made._asked.ask()
    assert one.thing == "mast 7"
    assert one.values == pytest.approx({"temperature": 324.15, "uptime": 97.42652}, rel=1e-4)


async def test_this_machine(tmp_path: Path) -> None:
    made = open_source(Place("own", "host", {"load": FieldSettings(), "uptime": FieldSettings()}, {}, tmp_path))
    (one,) = await made._asked.ask()
    assert all(isinstance(value, float) and value >= 0 for value in one.values.values())


async def test_what_a_machine_has_not(tmp_path: Path) -> None:
    made = source(tmp_path, load="", temperature="", card_worn="")
    with pytest.raises(AskError) as nothing:
        await made._asked.ask()
    assert nothing.value.code == "host.nothing"
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/loadavg").write_text("1.5 1 1 1/1 1")
    (one,) = await made._asked.ask()
    assert one.values == {"load": 1.5, "temperature": None, "card_worn": None}


@pytest.mark.parametrize("units", [{"mood": ""}, {"temperature": "W"}])
def test_what_is_no_measure(tmp_path: Path, units: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        source(tmp_path, **units)
