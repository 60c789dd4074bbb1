"""What a node is made of as far as descriptions go: its own, what its region attests, verifying those of others.

What lives here: which of these parts needs which other, and when each is looked at. What does not: anything that
decides. It is made by `trusting`, in two steps: descriptions before there are regions, what a region attests after.
"""

from __future__ import annotations

import asyncio

from msgspec import Struct

from catalog.descriptions import older
from catalog.descriptions.older import Older
from catalog.descriptions.verifier import House, Verifier
from catalog.rdf.worker import Read, Worker
from certs.did import Fetch
from certs.jwk import ForeignKey, PublicKey
from certs.keys import NodeKeys
from connector.chores import Work
from connector.config import Config
from connector.http import descriptions as published
from connector.http.clearing import Clearing
from connector.http.endpoints import DescriptionServices, RegionServices
from connector.http.publications import Publications
from connector.ports import Clock, Documents, Ids, Sends, Store
from connector.services.region.comply import Compliance
from connector.services.trust.chains import Chains
from connector.services.trust.clearing import ClearingHouse
from connector.services.trust.descriptions import Descriptions
from connector.services.trust.looking import Accepted, Looking
from connector.services.trust.own_document import OwnDocument
from connector.services.trust.places import root_of
from connector.services.trust.presenting import Signer

LOOK_SECONDS, ASK_SECONDS, RENEW_SECONDS = 60.0, 3_600.0, 3_600.0


class Base(Struct, frozen=True, kw_only=True):
    """What descriptions stand on."""

    config: Config
    did: str
    base: str
    keys: NodeKeys
    document: OwnDocument
    store: Store
    clock: Clock
    ids: Ids
    peer: Sends
    fetch: Fetch
    documents: Documents
    publications: Publications
    chains: Chains


class Describing:
    """The parts of one node that have to do with descriptions; each is an attribute."""

    def __init__(self, base: Base) -> None:
        self._base, config = base, base.config
        self.descriptions = Descriptions(
            store=base.store,
            clock=base.clock,
            fetch=base.fetch,
            documents=base.documents,
            did=base.did,
            url=config.public_url,
            base=base.base,
            days=config.description.days,
            signer=lambda: self._signer("token"),
            lab=config.lab,
        )
        published.publish(base.publications, self.descriptions, base.did)
        base.document.offer("descriptions", published.LINKED, config.public_url + published.PRESENTATION)
        self.worker = Worker()
        self.looking = Looking(
            store=base.store,
            clock=base.clock,
            fetch=base.fetch,
            make=self._verifier,
            prove=self._prove if config.description.older else None,
            lab=config.lab,
        )
        own = config.description
        self.clearing = ClearingHouse(
            clock=base.clock,
            calls=Clearing(base.peer, private=config.lab),
            descriptions=self.descriptions,
            make=lambda: self._verifier({}, config.lab),
            notary=own.notary,
            compliance=own.compliance,
            believed=frozenset((*own.notaries, *own.labellers)),
        )
        self.compliance: Compliance | None = None

    @property
    def services(self) -> DescriptionServices:
        """What the management API stands on."""
        return DescriptionServices(
            descriptions=self.descriptions, looking=self.looking, clearing=self.clearing, compliance=self.compliance
        )

    def keep_region(self, region: RegionServices) -> None:
        """What the region of this node attests about its members."""
        base, own = self._base, self._base.config
        self.compliance = Compliance(
            store=base.store,
            clock=base.clock,
            ids=base.ids,
            did=base.did,
            fetch=base.fetch,
            documents=base.documents,
            members=region.members,
            revocation=region.revocation,
            signer=lambda: self._signer("issuer"),
            days=own.region.credential_days,
            lab=own.lab,
        )
        published.publish_attested(base.publications, self.compliance)

    def _verifier(self, regions: Accepted, private: bool) -> Verifier:
        own, chains = self._base.config.description, self._base.chains
        house = House(registry=own.registry, notaries=frozenset(own.notaries), labellers=frozenset(own.labellers))
        return Verifier(
            fetch=self._base.fetch,
            read=self._read,
            believe=chains.believe,
            regions=lambda: regions,
            house=house,
            asks=Clearing(self._base.peer) if own.registry else None,
            url_of=root_of,
            private=private,
        )

    async def _read(self, document: bytes) -> Read:
        """In a process of its own, which is waited for beside the loop."""
        return await asyncio.to_thread(self.worker.read, document)

    async def _prove(self, one: Older, key: PublicKey | ForeignKey) -> Read:
        return await asyncio.to_thread(older.verify, one, key, self.worker)

    def _signer(self, kind: str) -> Signer:
        key, name = self._base.keys.signing(kind)  # type: ignore[arg-type]
        return Signer(key, f"{self._base.did}#{name}")

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        compliance = [] if self.compliance is None else [(self.compliance.renew, RENEW_SECONDS)]
        return [
            (self.descriptions.look, LOOK_SECONDS),
            (self.descriptions.ask_regions, ASK_SECONDS),
            *compliance,
        ]

    async def close(self) -> None:
        """End the process that reads RDF, where there is one."""
        if self.worker.pid is not None:
            await asyncio.to_thread(self.worker.close)
