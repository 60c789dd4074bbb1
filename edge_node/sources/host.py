"""Sources of kind `host`: how the device itself is, as its kernel tells.

What lives here: the measures, each by its name. What does not: the pace (`polling`). A measure that a machine has not
is left out. Source: proc(5); Documentation of Linux: ABI/testing/sysfs-class-thermal, block/stat (sectors are 512
bytes), driver-api/mmc/mmc-dev-attrs (`life_time` in steps of ten percent of what the card is made for).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from connector.data.readings.model import Kind
from edge_node.decode.units import converting
from edge_node.ports import Measured, Reading
from edge_node.sources import Place
from edge_node.sources.pins import read
from edge_node.sources.polling import AskError, PollingSource

ROOT: Final = Path("/")
_SECTOR: Final = 512
_DISKS: Final = ("mmcblk0", "nvme0n1", "sda", "vda")
_THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"


class HostSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of the series are the names of measures (`MEASURES`); `thing` is what the device is called."""

    thing: Annotated[str, Meta(min_length=1, max_length=200)] = "device"
    seconds: Annotated[float, Meta(ge=1, le=86400)] = 300.0


def open_source(place: Place, root: Path = ROOT) -> PollingSource:
    """See `sources.KINDS`."""
    settings = place.read(HostSettings)
    for field, one in place.fields.items():
        measure = MEASURES.get(field)
        if measure is None:
            raise place.wrong("", f"{field} is no measure: {', '.join(sorted(MEASURES))}")
        if one.kind is not Kind.NUMBER or (one.unit and converting(measure[0], one.unit) is None):
            raise place.wrong("", f"{field} is a number in {measure[0]}")
    return PollingSource(place, "host", settings.seconds, Host(place, settings.thing, root))


class Host:
    """See `polling.Asked`. `root` is where /proc and /sys are."""

    def __init__(self, place: Place, thing: str, root: Path) -> None:
        self._place, self._thing, self._root = place, thing, root

    def trouble(self) -> str:
        """As the protocol says: what a machine has not is no trouble."""
        return ""

    def close(self) -> None:
        """As the protocol says; nothing is held open."""

    async def ask(self) -> list[Reading]:
        """As the protocol says. Raises `AskError` `host.nothing`."""
        values: dict[str, Measured] = {}
        for name, field in self._place.fields.items():
            unit, measure = MEASURES[name]
            found = measure(self._root, self._place.directory)
            factor, offset = converting(unit, field.unit or unit) or (1.0, 0.0)
            values[name] = None if found is None else found * factor + offset
        if all(value is None for value in values.values()):
            raise AskError("host.nothing")
        return [Reading(self._thing, values, self._place.now())]


def _number(text: str | None, place: int = 0, base: int = 0) -> float | None:
    """The n-th number in a text; whole ones to this base where it is said."""
    parts = (text or "").split()
    try:
        return float(int(parts[place], base)) if base else float(parts[place])
    except (IndexError, ValueError):
        return None


def _times(found: float | None, factor: float) -> float | None:
    return None if found is None else found * factor


def _meminfo(root: Path, name: str) -> float | None:
    found = re.search(rf"^{name}: +(\d+) kB$", read(root / "proc/meminfo") or "", re.MULTILINE)
    return None if found is None else int(found[1]) * 1024.0


def _hottest(root: Path) -> float | None:
    zones = sorted((root / "sys/class/thermal").glob("thermal_zone*/temp"))
    found = [number for zone in zones if (number := _number(read(zone))) is not None]
    return max(found) / 1000 if found else None


def _disk(root: Path) -> Path | None:
    """The disk that the system is on: a card where there is one."""
    places = (root / "sys/block" / name for name in _DISKS)
    return next((place for place in places if place.is_dir()), None)


def _written(root: Path) -> float | None:
    disk = _disk(root)
    return None if disk is None else _times(_number(read(disk / "stat"), 6), _SECTOR)


def _worn(root: Path) -> float | None:
    """How much of its life a card has behind it, at most: the worse of its two kinds of memory."""
    disk = _disk(root)
    text = None if disk is None else read(disk / "device/life_time")
    steps = [found for place in (0, 1) if (found := _number(text, place, 16)) is not None]
    return max(steps) * 10 if steps and 0 < max(steps) <= 11 else None


def _free(directory: Path) -> tuple[float, float] | None:
    try:
        found = os.statvfs(directory)
    except OSError:
        return None
    return float(found.f_bavail * found.f_frsize), 100 * (
        1 - found.f_bavail / found.f_blocks
    ) if found.f_blocks else 0.0


def _throttled(root: Path, bit: int) -> float | None:
    """One bit of what the firmware of a Raspberry Pi says: 0 too little voltage, 2 slowed down; 16 more: since the
    start."""
    found = _number(read(root / _THROTTLED), 0, 16)
    return None if found is None else float(int(found) >> bit & 1)


Measure = Callable[[Path, Path], float | None]

MEASURES: Final[Mapping[str, tuple[str, Measure]]] = {
    "load": ("1", lambda root, directory: _number(read(root / "proc/loadavg"))),
    "uptime": ("s", lambda root, directory: _number(read(root / "proc/uptime"))),
    "memory_total": ("By", lambda root, directory: _meminfo(root, "MemTotal")),
    "memory_available": ("By", lambda root, directory: _meminfo(root, "MemAvailable")),
    "temperature": ("Cel", lambda root, directory: _hottest(root)),
    "disk_free": ("By", lambda root, directory: found[0] if (found := _free(directory)) else None),
    "disk_used": ("%", lambda root, directory: found[1] if (found := _free(directory)) else None),
    "disk_written": ("By", lambda root, directory: _written(root)),
    "card_worn": ("%", lambda root, directory: _worn(root)),
    "voltage_low": ("1", lambda root, directory: _throttled(root, 0)),
    "voltage_was_low": ("1", lambda root, directory: _throttled(root, 16)),
    "throttled": ("1", lambda root, directory: _throttled(root, 2)),
}
"""What a machine can be asked: the unit, and how."""
