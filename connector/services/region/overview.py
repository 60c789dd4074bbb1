"""How a region that this node keeps is doing: what its trust hangs on, who belongs to it, what ends when.

What lives here: one look at it. What does not: changing anything.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from certs.region import RegionKeys
from connector.pages import every
from connector.ports import Clock, Reading, Store
from connector.records import Invite, Issued, Member, Neighbour


class Standing(Struct, frozen=True, kw_only=True):
    """A region. `words` are the fingerprint of the keys with which it signs credentials; `root` is the SHA-256 of its
    root certificate in hex; `root_key` says whether the root's key lies on this machine."""

    did: str
    name: str
    url: str
    words: str
    root: str
    root_key: bool
    root_ends: int
    nodes_end: int
    devices_end: int
    members: int
    suspended: int
    open_places: int
    credentials: int
    neighbours: int


class Overview:
    """Looks at the region of this node. `words` and `keys` give its fingerprint and its keys as they are now."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        did: str,
        name: str,
        url: str,
        words: Callable[[], str],
        keys: Callable[[], RegionKeys],
    ) -> None:
        self._store, self._clock, self._did, self._name, self._url = store, clock, did, name, url
        self._words, self._keys = words, keys

    async def look(self) -> Standing:
        """As it is now."""
        now, keys = self._clock.now(), self._keys()

        def counted(view: Reading) -> tuple[int, int, int, int]:
            states = view.tally(Member, "state")
            return (
                states.get("active", 0),
                states.get("suspended", 0),
                sum(not one.did and now < one.until for one in _places(view)),
                view.count(Neighbour),
            )

        members, suspended, places, neighbours = await self._store.read(counted)
        return Standing(
            did=self._did,
            name=self._name,
            url=self._url,
            words=self._words(),
            root=sha256(keys.root.public_bytes(Encoding.DER)).hexdigest(),
            root_key=keys.root_key is not None,
            root_ends=_ends(keys.root.not_valid_after_utc.timestamp()),
            nodes_end=keys.nodes.ends,
            devices_end=keys.devices.ends,
            members=members,
            suspended=suspended,
            open_places=places,
            credentials=await self._store.read(lambda view: view.count(Issued)),
            neighbours=neighbours,
        )


def _ends(seconds: float) -> int:
    return round(seconds) * 1_000_000


def _places(view: Reading) -> list[Invite]:
    return list(every(view, Invite))
