"""Sources by kind: what assets are read from in place, bytes and rows alike.

What lives here: finding the adapter of a kind that gives bytes; what is wrong with an asset of whatever kind. What does
not: the adapters, one file a family; silos, which give rows (`connector.data.silos.registry`). Kinds of other packages
come by the entry point group `allmende.sources`, and only those that the settings name are ever imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from connector.data.silos.kinds import GROUP, gives_rows
from connector.data.silos.registry import Silos
from connector.errors import InputError, NodeError, OurError, SourceError
from connector.ports import Clock, Content, Source
from connector.records import Asset
from policies.model import Reason

log = structlog.get_logger()
BUILT_IN = {
    "file": "connector.data.sources.files:FileSource",
    "folder": "connector.data.sources.files:FolderSource",
    "live": "connector.data.sources.live:LiveSource",
    "dataplane": "connector.data.sources.elsewhere:ElsewhereSource",
    "edge": "connector.data.sources.devices:DeviceSource",
    "proxy": "connector.data.sources.proxy:ProxySource",
}
_ASKING = frozenset({"proxy"})
"""Kinds that ask somebody else over HTTP."""


class Factory(Protocol):
    """How an adapter is made. `closed` are directories that are never shared: the node's own. Kinds that ask others get
    the means to as well."""

    def __call__(self, *, clock: Clock, closed: Sequence[Path], **asking: Any) -> Source: ...


class Sources:
    """The adapters of the kinds that are switched on. Raises `InputError` for a kind that nobody provides. `silos` are
    asked how they do; without them nobody looks after the kinds that give rows."""

    def __init__(
        self, kinds: Sequence[str], *, clock: Clock, closed: Sequence[Path] = (), silos: Silos | None = None
    ) -> None:
        self._silos = silos
        self._rows = frozenset(kind for kind in kinds if kind not in BUILT_IN and gives_rows(kind))
        around = silos.around if silos is not None else None
        asking = {"peer": around and around.peer, "secret": around and around.secret}
        self._by_kind = {
            kind: _factory(kind)(clock=clock, closed=closed, **(asking if kind in _ASKING else {}))
            for kind in kinds
            if kind not in self._rows
        }
        self._failing: dict[str, str] = {}

    def check(self, kind: str, settings: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with an asset's kind and settings, in plain sentences; empty where it can be served."""
        if kind in self._rows:
            return Silos.check_asset(settings)
        source = self._by_kind.get(kind)
        if source is None:
            return [f"kind: {kind} is not one of {', '.join(sorted(self._by_kind.keys() | self._rows))}"]
        return source.check(settings)

    async def open(self, asset: Asset, member: str) -> Content:
        """The asset, or a member, for one access. Raises as `Source.open`, and `SourceError` for a kind that is off.

        What cannot be had is told to the operator by the asset's name: the peer learns nothing of it.
        """
        source = self._by_kind.get(asset.kind)
        try:
            if source is None:
                raise SourceError("source.unknown", kind=asset.kind)
            content = await source.open(asset, member)
        except NodeError as error:
            if isinstance(error, OurError) or not member:
                self._fails(asset, error.reason.code)
            raise
        if self._failing:
            self._failing.pop(asset.name, None)
        return content

    def origin(self, asset: Asset, member: str) -> str:
        """Where the data really come from: the same for two assets, or members of them, that give the same file, by
        whatever links; of other sources, that have the same settings. May read the file system. Of silos see
        `connector.data.silos.origins`."""
        path = asset.settings.get("path")
        if isinstance(path, str):
            return os.path.realpath(f"{path}/{member}" if member else path)
        return f"{asset.kind} {msgspec.json.encode(asset.settings, order='deterministic').decode()} {member}"

    def look(self, assets: Iterable[Asset]) -> None:
        """See whether these can be served, before somebody asks for them."""
        for asset in assets:
            if self.check(asset.kind, asset.settings):
                self._fails(asset, "source.unreadable")
            else:
                self._failing.pop(asset.name, None)

    def forget(self, names: Iterable[str]) -> None:
        """Only these assets are still there."""
        kept = set(names)
        if self._silos is not None:
            self._silos.only(kept)
        self._failing = {name: code for name, code in self._failing.items() if name in kept}

    def trouble(self) -> Reason | None:
        """An asset that cannot be served, for health: the first of them, and how many there are; else what is wrong
        with silos."""
        if not self._failing:
            return self._silos.trouble() if self._silos is not None else None
        asset, cause = next(iter(self._failing.items()))
        return Reason("source.failing", {"asset": asset, "cause": cause, "assets": str(len(self._failing))})

    def _fails(self, asset: Asset, code: str) -> None:
        if asset.name not in self._failing:
            log.warning("source.failing", asset=asset.name, kind=asset.kind, code=code)
        self._failing[asset.name] = code


def _factory(kind: str) -> Factory:
    if (place := BUILT_IN.get(kind)) is not None:
        module, _, name = place.partition(":")
        built_in: Factory = getattr(import_module(module), name)
        return built_in
    found = list(entry_points(group=GROUP, name=kind))
    if len(found) != 1:
        raise InputError("source.unknown" if not found else "source.ambiguous", kind=kind)
    plugged: Factory = found[0].load()
    return plugged
