"""Payloads in Cayenne LPP (myDevices): a channel, a type and a value, again and again.

Pure. Values have the names that networks give them: `temperature_1`, `relative_humidity_2`, `gps_3/latitude`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edge_node.errors import DecodeError

# Type byte (the IPSO object less 3200): name, bytes of a value, sign, smallest step; several values have names.
_TYPES: Final[Mapping[int, tuple[str, tuple[tuple[str, int, bool, float], ...]]]] = {
    0: ("digital_in", (("", 1, False, 1),)),
    1: ("digital_out", (("", 1, False, 1),)),
    2: ("analog_in", (("", 2, True, 0.01),)),
    3: ("analog_out", (("", 2, True, 0.01),)),
    101: ("luminosity", (("", 2, False, 1),)),
    102: ("presence", (("", 1, False, 1),)),
    103: ("temperature", (("", 2, True, 0.1),)),
    104: ("relative_humidity", (("", 1, False, 0.5),)),
    113: ("accelerometer", tuple((axis, 2, True, 0.001) for axis in "xyz")),
    115: ("barometric_pressure", (("", 2, False, 0.1),)),
    134: ("gyrometer", tuple((axis, 2, True, 0.01) for axis in "xyz")),
    136: ("gps", (("latitude", 3, True, 0.0001), ("longitude", 3, True, 0.0001), ("altitude", 3, True, 0.01))),
}


def read(data: bytes) -> dict[str, Any]:
    """The values of a payload: `temperature_1` is channel 1, `gps_2` has members. Raises `DecodeError` `decode.item`,
    `decode.short`."""
    made: dict[str, Any] = {}
    at = 0
    while at < len(data):
        channel, known = data[at], _TYPES.get(data[at + 1]) if at + 1 < len(data) else None
        if known is None:
            raise DecodeError("decode.item", key=data[at : at + 2].hex())
        name, parts = known
        at += 2
        values: dict[str, float] = {}
        for part, width, signed, step in parts:
            if at + width > len(data):
                raise DecodeError("decode.short", field=f"{name}_{channel}", size=str(len(data)))
            values[part] = _stepped(int.from_bytes(data[at : at + width], "big", signed=signed), step)
            at += width
        made[f"{name}_{channel}"] = values.get("", values)
    return made


def _stepped(number: int, step: float) -> float:
    """Without the noise of a product in binary: 272 tenths are 27.2."""
    return number if step == 1 else round(number * step, 4)
