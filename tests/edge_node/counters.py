"""Bicycles that were counted: what three stations of the city of Münster have measured, as JSON of readings.

What lives here: reading the real data where it lies (Stadt Münster, Datenlizenz Deutschland Namensnennung 2.0), which
is no part of the project. What does not: anything drawn (`readings`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import pytest

from edge_node.config import FieldSettings, SeriesSettings
from tests.standards import STANDARDS

FOLDER: Final = STANDARDS.parent / "data" / "muenster-radzaehlstellen"
there = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real data at {FOLDER} (ALLMENDE_STANDARDS)")
FIELDS: Final = tuple(f"channel{n}" for n in range(1, 7))
SETTINGS: Final = SeriesSettings({name: FieldSettings(places=0, min=0) for name in FIELDS})
_ZONE: Final = ZoneInfo("Europe/Berlin")


def rows() -> list[dict[str, Any]]:
    """Every reading, in the order of time: a value for each of the first six channels that has one."""
    found = [row for path in sorted(FOLDER.glob("*-*.csv")) for row in _of(path)]
    return sorted(found, key=lambda row: (row["at"], row["thing"]))


def _of(path: Path) -> Iterator[dict[str, Any]]:
    thing = path.name.partition("-")[0]
    with path.open(encoding="utf-8", newline="") as file:
        for at, *values in list(csv.reader(file))[1:]:
            found = {name: int(float(value)) for name, value in zip(FIELDS, values, strict=False) if value}
            if found:
                moment = datetime.fromisoformat(at).replace(tzinfo=_ZONE)
                yield {"thing": thing, "at": moment.isoformat(), **found}


def bodies(batch: int) -> list[bytes]:
    """The same in bodies of so many."""
    found = rows()
    return [msgspec.json.encode(found[at : at + batch]) for at in range(0, len(found), batch)]
