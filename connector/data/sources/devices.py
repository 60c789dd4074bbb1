"""Readings that a device delivers itself: an asset to offer, and nothing to open here.

What lives here: the kind `edge`, whose settings name the device and one of its series. What does not: what has come to
this node of its own devices' readings, which is a silo (`connector.data.sources.readings`); what the device is told
(`connector.data.readings.ordering`). INVARIANT: nothing is ever read through it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connector.errors import SourceError
from connector.ports import Clock, Content
from connector.records import Asset
from connector.services.formats import DEVICES

_SERIES = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}", re.ASCII)
_DEVICE = re.compile(r"did:web:[^\s#]{1,1000}:edge:[a-z0-9-]{1,63}", re.ASCII)


class DeviceSource:
    """See `ports.Source`."""

    kind = DEVICES

    def __init__(self, *, clock: Clock, closed: Sequence[Path]) -> None:
        """Nothing is needed."""

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with the settings."""
        wrong = [f"{name}: there is no such setting" for name in settings if name not in ("device", "series")]
        device, series = settings.get("device"), settings.get("series")
        if not isinstance(device, str) or not _DEVICE.fullmatch(device):
            wrong.append("device: the DID of a device of this node")
        if not isinstance(series, str) or not _SERIES.fullmatch(series):
            wrong.append("series: the name of one of its series")
        return wrong

    async def open(self, asset: Asset, path: str) -> Content:
        """Raises `SourceError`: nobody fetches what a device delivers."""
        raise SourceError("source.delivered", asset=asset.name)
