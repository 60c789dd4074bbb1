"""What a node is made of as far as deliveries go: what it delivers to others, and what others deliver to it.

What lives here: which of the parts of a push needs which other. What does not: anything that decides. It is the part of
the composition root (`node`) that has to do with pushed data: made by it, and known to no other part.
"""

from __future__ import annotations

import random

from msgspec import Struct

from certs import cose
from connector.data.address import Addresses
from connector.data.answering.answers import Answers
from connector.data.delivery.deliveries import Deliveries, Offered
from connector.data.delivery.delivering import Delivering, Limits
from connector.data.delivery.opening import Opening
from connector.data.delivery.parcels import Courier
from connector.data.delivery.receiving import Receiving
from connector.data.egress import Egress
from connector.data.gate import Gate
from connector.data.readings.receiving import Receiving as ReceivingReadings
from connector.data.readings.senders import Senders
from connector.data.silos.registry import Silos
from connector.data.sources import Sources
from connector.ground import Ground
from connector.http.readings import DeliveredReadings
from connector.ports import Sure
from connector.services.life.contracts import Contracts
from connector.services.transfers import Transfers

FOLDER = "inbox"
"""Where what is delivered to this node lies, in its directory."""
READINGS = "readings"
"""Where readings of devices lie, of own ones and of those that deliver to this node."""


class Around(Struct, frozen=True, kw_only=True):
    """What of the node deliveries are about."""

    gate: Gate
    sources: Sources
    silos: Silos
    egress: Egress
    transfers: Transfers
    contracts: Contracts
    addresses: Addresses
    offered: Offered
    sure: Sure


class Carrying:
    """The parts of one node that have to do with pushed data; each is an attribute."""

    def __init__(self, ground: Ground, around: Around) -> None:
        own = ground
        self.receiving = Receiving(
            store=own.store,
            clock=own.clock,
            changes=own.changes,
            tokens=around.gate.tokens,
            folder=own.config.directory / FOLDER,
            quota=own.config.data.inbox_bytes,
        )
        self.readings = ReceivingReadings(
            store=own.store,
            clock=own.clock,
            changes=own.changes,
            folder=own.config.directory / READINGS,
            quota=own.config.data.readings_bytes,
            days=own.config.data.readings_days,
            countersign=lambda message: _receipt(own, message),
        )
        senders = Senders(store=own.store, fetch=own.fetch, clock=own.clock)
        self.of_devices = DeliveredReadings(self.readings, senders)
        self.delivering = Delivering(
            store=own.store,
            clock=own.clock,
            gate=around.gate,
            changes=own.changes,
            transfers=around.transfers,
            courier=Courier(store=own.store, peer=own.peer, unseal=own.keys.sealer().open),
            open=self._opening(own, around),
            jitter=lambda: random.uniform(0.8, 1.2),  # noqa: S311 - spreads retries, protects nothing
            limits=Limits(give_up=own.config.outbox.give_up_days * 86_400),
            fault=own.fault,
        )
        self.deliveries = Deliveries(
            store=own.store,
            contracts=around.contracts,
            transfers=around.transfers,
            receiving=self.receiving,
            addresses=around.addresses,
            offered=around.offered,
            sure=around.sure,
        )

    def _opening(self, own: Ground, around: Around) -> Opening:
        return Opening(
            gate=around.gate,
            sources=around.sources,
            egress=around.egress,
            answers=Answers(
                sources=around.sources,
                silos=around.silos,
                egress=around.egress,
                clock=own.clock,
                token=own.ids.token,
            ),
        )


def _receipt(own: Ground, message: bytes) -> bytes:
    """That this node has what a device has sealed (RFC 9338), by the key that signs its messages."""
    key, _ = own.keys.signing()
    return cose.countersign(key, cose.kid_of(key.public_key()), message, issued=own.clock.now() // 1_000_000)
