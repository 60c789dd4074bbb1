"""What a node is made of as far as trust goes: who it is, whom it believes, what it shows of itself, its region.

What lives here: which part of `connector.identity`, `connector.services.trust`, `connector.services.region` and of the
endpoints that go with them needs which other. What does not: anything that decides. It is the part of the composition
root (`node`) that has to do with trust: made by it, and known to no other part.

It is made in two steps, because who is calling must be known before there are services: `Trusting` makes what stands on
the adapters alone, `settle` what stands on the node's services, with the paths that are answered without a message
token. What is to be done now and then is in `rounds`.
"""

from __future__ import annotations

from msgspec import Struct

from certs.did import Fetch
from certs.keys import NodeKeys
from connector.chores import Work
from connector.config import Config
from connector.http.publications import Publications
from connector.identity.pinned import PinnedIdentity
from connector.ports import Clock, Ids, Peer, Store
from connector.services.changes import Changes
from connector.services.notices import Notices
from connector.services.offers import Offers
from connector.services.peers import Peers
from connector.telemetry import Metrics


class Ground(Struct, frozen=True, kw_only=True):
    """What is there before anybody can call. `peer` and `fetch` are guarded; nothing is signed on the way."""

    config: Config
    did: str
    base: str
    keys: NodeKeys
    store: Store
    clock: Clock
    ids: Ids
    peer: Peer
    fetch: Fetch
    publications: Publications
    changes: Changes
    metrics: Metrics


class Around(Struct, frozen=True, kw_only=True):
    """The services of the node that trust is about."""

    peers: Peers
    offers: Offers
    notices: Notices


class Trusting:
    """The parts of one node that have to do with trust; each is an attribute."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._identity()

    def _identity(self) -> None:
        """Who is calling."""
        own = self.ground
        self.identity = PinnedIdentity(store=own.store, clock=own.clock, ids=own.ids, own=own.did, keys=own.keys)

    def settle(self, around: Around) -> None:
        """What stands on the node's services; to be called once, before the listeners are made."""

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        return []

    async def start(self) -> None:
        """What has to be done before anybody is answered."""

    async def close(self) -> None:
        """Stop what is under way."""
