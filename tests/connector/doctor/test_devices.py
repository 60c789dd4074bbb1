"""connector/doctor/memory.py, devices: those that are silent, and those that have lost readings."""

from __future__ import annotations

from typing import Any

import pytest

from connector.doctor.memory import HOUR, SILENT, devices
from connector.records import Device

NOW = 1_700_000_000_000_000


class Kept:
    """A store with devices and nothing else."""

    def __init__(self, *kept: Device) -> None:
        self._kept = list(kept)

    def select(self, kind: type[Any], /, *, after: str = "", limit: int = 100, **where: Any) -> list[Any]:
        assert kind is Device
        return [one for one in self._kept if one.id > after][:limit]


def device(**said: Any) -> Device:
    return Device(**{"id": "did:x", "name": "roof", "title": "Dach", "joined": 1, "keys": (), "seen": NOW, **said})


def found(one: Device) -> list[tuple[str, str]]:
    view: Any = Kept(one)
    return [(why.code, next(v for k, v in why.params.items() if k != "name")) for why in devices(view, NOW)]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (device(), []),
        (device(seen=NOW - SILENT), []),
        (device(seen=NOW - SILENT - HOUR), [("doctor.device_silent", "25")]),
        (device(seen=0, joined=NOW - HOUR), []),
        (device(seen=0, joined=NOW - 2 * SILENT), [("doctor.device_silent", "48")]),
        (device(seen=1, retired=2), []),
        (device(status={"forgotten": 2, "damaged": 1}), [("doctor.device_lost", "3")]),
        (device(status={"forgotten": 0, "damaged": 0}), []),
        (device(status={"forgotten": "many"}), []),
        (device(status={"hours_left": 12.04}), [("doctor.device_room", "12.0")]),
        (device(status={"hours_left": 2640.4}), []),
        (device(status={"hours_left": None}), []),
        (device(status={"health": "well", "troubles": []}), []),
        (device(status={"health": "unwell", "troubles": [{"where": "roof"}, 7]}), [("doctor.device_unwell", "roof")]),
        (device(status={"health": "unwell", "troubles": 7}), [("doctor.device_unwell", "-")]),
    ],
)
def test_what_is_said_of_a_device(one: Device, said: list[tuple[str, str]]) -> None:
    assert found(one) == said
