"""Sources of kind `pins`: what the device itself measures at its pins and buses, as the kernel shows it in files.

What lives here: files with one value each, below /sys: lines of GPIO (`class/gpio/gpio17/value`), converters and
sensors of Industrial I/O (`bus/iio/devices/iio:device0/in_voltage0_raw`), One-Wire
(`bus/w1/devices/28-0316/temperature`), hardware monitoring. What does not: the pace (`polling`); the drivers, which the
system loads. Values are sampled: edges between two samples are not seen, and nothing is ever written to a pin. Source:
Documentation/ABI of Linux (sysfs-gpio, sysfs-bus-iio, sysfs-driver-w1_therm, sysfs-class-hwmon).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.ports import Measured, Reading
from edge_node.sources import Place
from edge_node.sources.polling import AskError, PollingSource

ROOT: Final = Path("/sys")
_MOST: Final = 4096


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """A file below /sys with one value, which is multiplied and then added to; `inverted` turns a flag round."""

    file: Annotated[str, Meta(min_length=1, max_length=512)]
    scale: float = 1.0
    add: float = 0.0
    inverted: bool = False


class PinSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`values` are files by field. `thing` is what they belong to."""

    values: Annotated[dict[str, Pin], Meta(min_length=1, max_length=256)]
    thing: Annotated[str, Meta(min_length=1, max_length=200)]
    seconds: Annotated[float, Meta(ge=0.1, le=86400)] = 60.0


def open_source(place: Place, root: Path = ROOT) -> PollingSource:
    """See `sources.KINDS`."""
    settings = place.read(PinSettings)
    for field, pin in settings.values.items():
        if field not in place.fields:
            raise place.wrong(f"values.{field}", "is no field of the series")
        if pin.file.startswith("/") or ".." in Path(pin.file).parts:
            raise place.wrong(f"values.{field}.file", "is to be below /sys")
    return PollingSource(place, "pins", settings.seconds, Pins(place, settings, root))


class Pins:
    """See `polling.Asked`. `root` is where the kernel shows its files."""

    def __init__(self, place: Place, settings: PinSettings, root: Path) -> None:
        self._place, self._settings, self._root = place, settings, root
        self._trouble = ""

    def trouble(self) -> str:
        """As the protocol says."""
        return self._trouble

    def close(self) -> None:
        """As the protocol says; nothing is held open."""

    async def ask(self) -> list[Reading]:
        """As the protocol says. Raises `AskError` `pins.file`."""
        # A bus is slow: one sensor on One-Wire takes most of a second.
        values = await asyncio.to_thread(self._all, self._settings.values, self._place.fields)
        missing = sum(value is None for value in values.values())
        if missing == len(values):
            raise AskError("pins.file")
        self._trouble = "pins.file" if missing else ""
        return [Reading(self._settings.thing, values, self._place.now())]

    def _all(self, pins: Mapping[str, Pin], fields: Mapping[str, FieldSettings]) -> dict[str, Measured]:
        return {field: _value(self._root / pin.file, pin, fields[field].kind) for field, pin in pins.items()}


def _value(path: Path, pin: Pin, kind: Kind) -> Measured:
    """What stands in a file; None where nothing can be read."""
    text = read(path)
    if text is None or kind is Kind.TEXT:
        return text
    try:
        number = float(text)
    except ValueError:
        return None
    return bool(number) is not pin.inverted if kind is Kind.FLAG else number * pin.scale + pin.add


def read(path: Path) -> str | None:
    """The text in a small file of the kernel; None where there is none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.read(fd, _MOST).decode("utf-8").strip()
        finally:
            os.close(fd)
    except (OSError, UnicodeDecodeError):
        return None
