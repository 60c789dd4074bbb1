"""Data that somebody else's data plane serves (Data Plane Signaling): an asset to offer, and nothing to open here.

What lives here: the kind `dataplane`, whose one setting names the data plane. What does not: driving it
(`connector.services.flows`). INVARIANT: nothing is ever read through it; no address of ours is handed out for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connector.errors import SourceError
from connector.ports import Clock, Content
from connector.records import Asset
from connector.services.flows import KIND


class ElsewhereSource:
    """See `ports.Source`."""

    kind = KIND

    def __init__(self, *, clock: Clock, closed: Sequence[Path]) -> None:
        """Nothing is needed."""

    def check(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with the settings."""
        wrong = [f"{name}: there is no such setting" for name in settings if name != KIND]
        name = settings.get(KIND)
        return wrong if isinstance(name, str) and name else [*wrong, f"{KIND}: the name of a registered data plane"]

    async def open(self, asset: Asset, path: str) -> Content:
        """Raises `SourceError`: whoever comes here instead of to the data plane is wrong."""
        raise SourceError("source.elsewhere", asset=asset.name)
