"""What a node is made of as far as its devices go: the fleet, what it is told, what others learn of it.

What lives here: which of these parts needs which other, and the paths where they are answered. What does not: anything
that decides. It is the part of the composition root (`node`) that has to do with devices: made by it, and known to no
other part. A node has devices as soon as it keeps a region, which gives them their certificates.
"""

from __future__ import annotations

from aiohttp import web

from certs import cose, welcome
from certs.welcome import Welcome
from connector.certifying import Certifying
from connector.data.readings import shelf
from connector.data.readings.ordering import Ordering
from connector.data.readings.receiving import Receiving
from connector.ground import Ground
from connector.http import readings
from connector.http.edge import Edge
from connector.http.endpoints import RegionServices
from connector.protocol import paths
from connector.services.edge.door import Door, seals_of
from connector.services.edge.fleet import Fleet
from connector.services.edge.introduction import Introduction
from connector.services.transfers import Transfers
from connector.services.trust.presenting import Signer
from connector.system import KnownFacts


class Gatewaying:
    """The parts of one node that have to do with devices; each is an attribute."""

    def __init__(
        self,
        ground: Ground,
        *,
        region: RegionServices,
        certifying: Certifying,
        transfers: Transfers,
        receiving: Receiving,
    ) -> None:
        own = self._ground = ground
        self._region = region
        self.door = Door(store=own.store, clock=own.clock, own=own.did)
        self.fleet = Fleet(
            store=own.store,
            clock=own.clock,
            changes=own.changes,
            own=own.did,
            members=region.members,
            transfers=transfers,
        )
        certifying.keep_devices(self.door, self.fleet.certified)
        self.ordering = Ordering(
            store=own.store,
            clock=own.clock,
            changes=own.changes,
            own=own.did,
            facts=KnownFacts(own.clock),
            unseal=own.keys.sealer().open,
            sign=self._as_node,
            stale=round(own.config.region.orders_days * 86_400),
        )
        self.introduction = Introduction(
            store=own.store,
            clock=own.clock,
            ids=own.ids,
            own=own.did,
            url=own.config.public_url,
            keys=own.keys.published,
            sign=self._as_authority,
            signer=self._signer,
            fields=shelf.fields,
        )
        self.readings = {
            f"{paths.prefix(own.config.public_url)}{readings.PATH}": readings.OwnReadings(
                receiving, self._proven
            ).handler
        }
        Edge(store=own.store, door=self.door, introduction=self.introduction, ordering=self.ordering).publish(
            own.publications
        )

    async def _proven(self, request: web.Request) -> readings.Proven:
        """Which device brings readings, and the keys that it may have sealed them with."""
        device = await self.door.admit(request.headers.get("authorization"))
        return readings.Proven(device.id, seals_of(device))

    def _as_node(self, document: bytes) -> bytes:
        """A document for devices, signed by the key that signs this node's messages."""
        key, _ = self._ground.keys.signing()
        return cose.sign(key, cose.kid_of(key.public_key()), document, content="application/json")

    def _as_authority(self, said: Welcome) -> bytes:
        """A welcome, signed by the region's authority for devices."""
        return welcome.make(self._region.domain.keys().devices.key, said)

    def _signer(self) -> Signer:
        key, name = self._ground.keys.signing()
        return Signer(key, f"{self._ground.did}#{name}")
