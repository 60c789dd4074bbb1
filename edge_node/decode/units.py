"""Units of measurement, as SenML (RFC 8428, 12.1; RFC 8798, RFC 9100: secondary units) and UCUM write them: which
are the same, and by what a value is multiplied to be in another one.

Pure. The table holds what cities measure; two units that are written alike are always the same.
"""

from __future__ import annotations

from typing import Final

# (what is measured, factor, offset): value in the first unit of its kind = value * factor + offset
_UNITS: Final[dict[str, tuple[str, float, float]]] = {
    "Cel": ("temperature", 1.0, 0.0),
    "°C": ("temperature", 1.0, 0.0),
    "K": ("temperature", 1.0, -273.15),
    "degF": ("temperature", 5 / 9, -160 / 9),
    "[degF]": ("temperature", 5 / 9, -160 / 9),
    "%RH": ("humidity", 1.0, 0.0),
    "/": ("ratio", 1.0, 0.0),
    "1": ("ratio", 1.0, 0.0),
    "%": ("ratio", 0.01, 0.0),
    "[ppm]": ("ratio", 1e-6, 0.0),
    "ppm": ("ratio", 1e-6, 0.0),
    "%EL": ("battery", 1.0, 0.0),
    "Pa": ("pressure", 1.0, 0.0),
    "hPa": ("pressure", 100.0, 0.0),
    "mbar": ("pressure", 100.0, 0.0),
    "kPa": ("pressure", 1000.0, 0.0),
    "bar": ("pressure", 100_000.0, 0.0),
    "m": ("length", 1.0, 0.0),
    "mm": ("length", 0.001, 0.0),
    "cm": ("length", 0.01, 0.0),
    "km": ("length", 1000.0, 0.0),
    "m/s": ("speed", 1.0, 0.0),
    "km/h": ("speed", 1 / 3.6, 0.0),
    "g": ("mass", 1.0, 0.0),
    "kg": ("mass", 1000.0, 0.0),
    "kg/m3": ("concentration", 1.0, 0.0),
    "g/m3": ("concentration", 1e-3, 0.0),
    "mg/m3": ("concentration", 1e-6, 0.0),
    "ug/m3": ("concentration", 1e-9, 0.0),
    "µg/m³": ("concentration", 1e-9, 0.0),
    "W": ("power", 1.0, 0.0),
    "kW": ("power", 1000.0, 0.0),
    "J": ("energy", 1.0, 0.0),
    "Wh": ("energy", 3600.0, 0.0),
    "W.h": ("energy", 3600.0, 0.0),
    "kWh": ("energy", 3_600_000.0, 0.0),
    "kW.h": ("energy", 3_600_000.0, 0.0),
    "V": ("voltage", 1.0, 0.0),
    "mV": ("voltage", 0.001, 0.0),
    "A": ("current", 1.0, 0.0),
    "mA": ("current", 0.001, 0.0),
    "s": ("time", 1.0, 0.0),
    "ms": ("time", 0.001, 0.0),
    "min": ("time", 60.0, 0.0),
    "h": ("time", 3600.0, 0.0),
    "l": ("volume", 1.0, 0.0),
    "L": ("volume", 1.0, 0.0),
    "m3": ("volume", 1000.0, 0.0),
    "l/s": ("flow", 1.0, 0.0),
    "m3/s": ("flow", 1000.0, 0.0),
    "m3/h": ("flow", 1 / 3.6, 0.0),
    "lx": ("illuminance", 1.0, 0.0),
    "lux": ("illuminance", 1.0, 0.0),
    "dB": ("level", 1.0, 0.0),
    "dBW": ("radio", 1.0, 30.0),
    "dBm": ("radio", 1.0, 0.0),
    "deg": ("angle", 1.0, 0.0),
    "rad": ("angle", 57.29577951308232, 0.0),
    "lat": ("latitude", 1.0, 0.0),
    "lon": ("longitude", 1.0, 0.0),
    "Hz": ("frequency", 1.0, 0.0),
    "kHz": ("frequency", 1000.0, 0.0),
    "count": ("count", 1.0, 0.0),
}


def converting(given: str, wanted: str) -> tuple[float, float] | None:
    """Factor and offset that bring a value from one unit into another; None where that cannot be done."""
    if given == wanted:
        return 1.0, 0.0
    ours, theirs = _UNITS.get(wanted), _UNITS.get(given)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return None
    return theirs[1] / ours[1], (theirs[2] - ours[2]) / ours[1]
