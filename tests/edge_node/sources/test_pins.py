"""What the kernel shows of pins and buses, in a tree of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.errors import SettingsError
from edge_node.sources import Place
from edge_node.sources.pins import open_source, read
from edge_node.sources.polling import AskError, PollingSource

FIELDS = {
    "door": FieldSettings(kind=Kind.FLAG),
    "light": FieldSettings(unit="lx"),
    "water": FieldSettings(unit="Cel", places=3),
    "model": FieldSettings(kind=Kind.TEXT),
}
VALUES: dict[str, dict[str, Any]] = {
    "door": {"file": "class/gpio/gpio17/value", "inverted": True},
    "light": {"file": "bus/iio/devices/iio:device0/in_voltage0_raw", "scale": 0.5, "add": 1},
    "water": {"file": "bus/w1/devices/28-0316/temperature", "scale": 0.001},
    "model": {"file": "firmware/model"},
}


def source(root: Path, **settings: Any) -> PollingSource:
    return open_source(Place("box", "box", FIELDS, {"values": VALUES, "thing": "box 7", **settings}, root), root)


def put(root: Path, **files: str) -> None:
    for field, text in files.items():
        path = root / VALUES[field]["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def test_what_files_say(tmp_path: Path) -> None:
    put(tmp_path, door="1\n", light="1023\n", water="21437\n", model="Raspberry Pi 4\n")
    made = source(tmp_path)
    (one,) = await made._asked.ask()
    assert (one.thing, one.values) == ("box 7", {"door": False, "light": 512.5, "water": 21.437,
                                                 "model": "Raspberry Pi 4"})  # fmt: skip
    assert made._asked.trouble() == ""


async def test_a_sensor_that_is_gone_leaves_the_others(tmp_path: Path) -> None:
    put(tmp_path, door="0", water="soon", light="7")
    made = source(tmp_path)
    (one,) = await made._asked.ask()
    assert one.values == {"door": True, "light": 4.5, "water": None, "model": None}
    assert made._asked.trouble() == "pins.file"


async def test_nothing_at_all(tmp_path: Path) -> None:
    with pytest.raises(AskError) as nothing:
        await source(tmp_path)._asked.ask()
    assert nothing.value.code == "pins.file"


def test_files_are_read_within_bounds(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"1" * 10_000)
    assert len(read(tmp_path / "large") or "") == 4096
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert read(tmp_path / "bytes") is None
    assert read(tmp_path) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"values": {}},
        {"values": {"other": {"file": "a"}}},
        {"values": {"door": {"file": "/etc/shadow"}}},
        {"values": {"door": {"file": "class/../../etc/shadow"}}},
        {"values": {"door": {"file": "a", "write": 1}}},
        {"thing": ""},
        {"seconds": 0},
    ],
)
def test_settings_say_where_they_are_wrong(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as wrong:
        source(tmp_path, **settings)
    assert wrong.value.params["place"].startswith("sources.box.with")
