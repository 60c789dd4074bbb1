"""Made-up data of a made-up city, from a fixed seed: the same bytes and dates on every machine.

What lives here: three CSV files. Nothing in them is measured; the demo says so.
"""

from __future__ import annotations

import csv
import math
import os
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20_250_401
BEGIN = datetime(2025, 4, 1, tzinfo=UTC)
Row = Sequence[object]


def write_all(folder: Path) -> None:
    """Write the three files into a folder that exists."""
    _write(
        folder / "charging_stations.csv", ("station", "at", "kwh", "occupied_minutes"), charging(random.Random(SEED))
    )
    _write(
        folder / "traffic_counts.csv", ("place", "at", "bicycles", "cars", "lorries"), traffic(random.Random(SEED + 1))
    )
    _write(folder / "sewer_levels.csv", ("manhole", "at", "level_cm", "rain_mm"), sewer(random.Random(SEED + 2)))


def charging(chance: random.Random) -> Iterable[Row]:
    """Twelve charging stations, a week by the hour: energy drawn and minutes occupied."""
    for station in range(1, 13):
        for hour in range(24 * 7):
            busy = max(0.0, math.sin((hour % 24 - 6) / 24 * 2 * math.pi)) * chance.uniform(0.4, 1.0)
            yield f"LS-{station:02}", _at(hours=hour), f"{busy * chance.uniform(4, 22):.2f}", round(busy * 60)


def traffic(chance: random.Random) -> Iterable[Row]:
    """Six counting places, a week in quarters of an hour."""
    for place in ("Marktplatz", "Bahnhof", "Ringstraße", "Hafen", "Südbrücke", "Hochschule"):
        for quarter in range(4 * 24 * 7):
            day = max(0.05, math.sin((quarter / 4 % 24 - 5) / 19 * math.pi))
            counts = (chance.gauss(mean * day, mean / 8) for mean in (60, 140, 9))
            yield place, _at(minutes=15 * quarter), *(max(0, round(count)) for count in counts)


def sewer(chance: random.Random) -> Iterable[Row]:
    """Four manholes, two days in steps of ten minutes, with one shower of rain."""
    for manhole in range(1, 5):
        level = 22.0
        for step in range(6 * 48):
            rain = max(0.0, chance.gauss(1.6, 0.4)) if 120 <= step < 150 else 0.0
            level += rain * 2.1 - (level - 22.0) * 0.06 + chance.gauss(0, 0.2)
            yield f"S-{manhole:03}", _at(minutes=10 * step), f"{level:.1f}", f"{rain:.1f}"


def _at(**since: int) -> str:
    return (BEGIN + timedelta(**since)).isoformat(timespec="minutes")


def _write(path: Path, head: Row, rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    os.utime(path, (BEGIN.timestamp(), BEGIN.timestamp()))
