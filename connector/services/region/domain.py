"""The keys of the region that this node keeps, while it runs: which are in use, and the change to later ones.

What lives here: one place that everybody asks for the keys, changes of authorities and root with their audit entries,
the root's list in time. What does not: files and certificates (`certs.region`, `certs.rollover`), what is signed with
the keys.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from certs import region, revocation, rollover
from certs.authority import DAY, name_of
from certs.keys import KeyFileError
from certs.region import NODES, ROOT_LIST_DAYS, RegionKeys
from connector.errors import InputError
from connector.ports import Clock, Store
from connector.records import Entry
from policies import instants
from policies.model import Reason

log = structlog.get_logger()
WARN = 60 * DAY
"""How long before the root's list or an authority ends people are told: somebody has to go to a safe."""


class Domain:
    """The region in `folder`. `changed` is told when other keys are in use."""

    def __init__(
        self,
        *,
        folder: Path,
        public_url: str,
        store: Store,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Raises `KeyFileError`."""
        self._folder, self._url, self._store, self._clock = folder, public_url, store, clock
        self._changed = changed
        self._keys = region.load(folder)

    def keys(self) -> RegionKeys:
        """The keys in use."""
        return self._keys

    async def renew_authority(self, operator: str, role: str = NODES) -> RegionKeys:
        """Another authority for nodes (`ca`) or devices (`devices`). What the former one has issued goes on until its
        end. Raises `InputError`: `region.root_away` where the root's key is not here, and what is wrong with files."""
        return await self._change(
            operator,
            "region.authority_renewed",
            role,
            lambda: rollover.renew_authority(self._folder, role, public_url=self._url, now=self._clock.now()),
        )

    async def renew_root(self, operator: str) -> RegionKeys:
        """Another root with new authorities; members follow by themselves. Raises as `renew_authority`."""
        return await self._change(
            operator,
            "region.root_renewed",
            "root",
            lambda: rollover.renew_root(self._folder, public_url=self._url, now=self._clock.now()),
        )

    async def renew_root_list(self, operator: str) -> RegionKeys:
        """Another list of what the root has revoked. Raises as `renew_authority`."""
        return await self._change(
            operator,
            "region.root_list_renewed",
            "root",
            lambda: rollover.renew_list(self._folder, now=self._clock.now()),
        )

    async def look(self) -> None:
        """Where the root's key is on this machine its list is renewed in time by itself."""
        if self._keys.root_key is not None and self._clock.now() >= self._list_ends() - ROOT_LIST_DAYS * DAY // 2:
            await self.renew_root_list("node")

    def trouble(self) -> Reason | None:
        """What ends soon and needs the root's key."""
        ends = min(self._list_ends(), self._keys.nodes.ends, self._keys.devices.ends)
        return Reason("region.ends", {"until": instants.stamp(ends)}) if self._clock.now() >= ends - WARN else None

    def _list_ends(self) -> int:
        name = name_of(self._keys.root)
        return revocation.parse(self._keys.root_lists[name], name).until

    async def _change(self, operator: str, event: str, role: str, change: Callable[[], RegionKeys]) -> RegionKeys:
        """The keys first, then the log: an entry about keys that are not there would be a lie."""
        try:
            self._keys = change()
        except KeyFileError as error:
            raise InputError(error.code, **error.params) from None
        params = {"role": role, "root": name_of(self._keys.root), "authority": self._keys.nodes.name}
        await self._store.write(lambda tx: tx.record(Entry(event=event, actor=operator, params=params)))
        log.info("region.keys_changed", event_name=event, role=role)
        self._changed()
        return self._keys
