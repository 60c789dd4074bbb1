"""The machine itself as a source (`live`): load, memory, temperature where there is one.

What lives here: reading the kernel's own figures (Linux: proc(5), sysfs thermal zones). One access gives one JSON
document; the member `stream` gives one line of JSON a second, without end, through the injected clock.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from connector.errors import UnknownError
from connector.ports import Clock, Content
from connector.records import Asset

INTERVAL = 1.0
STREAM = "stream"


class LiveSource:
    """The machine that the node runs on. `root` is where proc and sys are mounted."""

    kind = "live"

    def __init__(self, *, clock: Clock, closed: Sequence[Path] = (), root: Path = Path("/")) -> None:
        self._clock, self._root = clock, root

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """As the port says; there is nothing to set."""
        return [f"{name}: unknown setting" for name in sorted(settings)]

    async def open(self, asset: Asset, path: str) -> Content:
        """As the port says."""
        if path == STREAM:
            etag = f'"live-{self._clock.now():x}"'
            return Content("application/x-ndjson", etag, lambda start, stop: self._lines())
        if path:
            raise UnknownError("data.unknown")
        body = self._document()
        sha256 = hashlib.sha256(body).digest()
        return Content(
            "application/json",
            f'"{sha256[:16].hex()}"',
            partial(_bytes, body),
            small=lambda: body,
            size=len(body),
            sha256=sha256,
        )

    async def _lines(self) -> AsyncIterator[bytes]:
        while True:
            yield self._document() + b"\n"
            await self._clock.sleep(INTERVAL)

    def _document(self) -> bytes:
        at = datetime.fromtimestamp(self._clock.now() / 1e6, UTC).isoformat(timespec="milliseconds")
        figures = {"at": at.replace("+00:00", "Z"), **_load(self._root), **_memory(self._root), **_heat(self._root)}
        return msgspec.json.encode(figures)


async def _bytes(body: bytes, start: int, stop: int | None) -> AsyncIterator[bytes]:
    yield body[start:stop]


def _load(root: Path) -> dict[str, Any]:
    """Averages over 1, 5 and 15 minutes; nothing where the kernel does not tell."""
    with contextlib.suppress(OSError, ValueError):
        return {"load": [float(part) for part in (root / "proc/loadavg").read_text().split()[:3]]}
    return {}


def _memory(root: Path) -> dict[str, Any]:
    """Bytes, total and available."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = (line.split(":") for line in (root / "proc/meminfo").read_text().splitlines())
        kib = {name: int(value.split()[0]) for name, value in lines}
        return {"memory": {"total": kib["MemTotal"] * 1024, "available": kib["MemAvailable"] * 1024}}
    return {}


def _heat(root: Path) -> dict[str, Any]:
    """Degrees Celsius by thermal zone; nothing where there is none."""
    zones: dict[str, float] = {}
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        with contextlib.suppress(OSError, ValueError):
            zones[f"{zone.name} {(zone / 'type').read_text().strip()}"] = int((zone / "temp").read_text()) / 1000
    return {"temperature": zones} if zones else {}
