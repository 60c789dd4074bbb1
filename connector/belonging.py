"""What a node is made of as far as belonging goes: credentials that it holds, regions that it believes and joins, the
region that it keeps.

What lives here: which of these parts needs which other, and the paths where they are answered. What does not: anything
that decides. It is made by `trusting`, which tells it what is there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from certs import credentials, genuine
from certs.did import Fetch
from certs.keys import NodeKeys
from connector.certifying import Certifying
from connector.chores import Work
from connector.config import Config
from connector.http import dcp, region
from connector.http.endpoints import RegionServices, TrustServices
from connector.http.publications import Publications
from connector.ports import Clock, Documents, Ids, Proofs, Sends, Store, Transaction
from connector.records import Member
from connector.services.intake import Intake
from connector.services.region.document import Publication
from connector.services.region.domain import Domain
from connector.services.region.issuing import Issuing, kinds_of
from connector.services.region.members import Members
from connector.services.region.overview import Overview
from connector.services.region.revocation import Revocation
from connector.services.region.vouching import Vouching
from connector.services.trust.calls import Calls
from connector.services.trust.ends import Ends
from connector.services.trust.explaining import Explaining, Judges
from connector.services.trust.joining import Joining, Publishes
from connector.services.trust.lists import StatusLists
from connector.services.trust.own_document import OwnDocument
from connector.services.trust.passes import Passes
from connector.services.trust.presenting import Presenting, Signer
from connector.services.trust.regions import Regions, open_inside, words_of
from connector.services.trust.vouched import REFRESH_SECONDS, Vouched
from connector.services.trust.wallet import Wallet
from policies.model import Reason

RENEW_SECONDS = 3_600.0
LOOK_SECONDS = 600.0
"""How often it is looked whether our own credentials still count."""


class Base(Struct, frozen=True, kw_only=True):
    """What belonging stands on. `changed` is called after every commit that changes whom this node believes; `refused`
    tells why a stranger was refused when it called last."""

    config: Config
    did: str
    keys: NodeKeys
    document: OwnDocument
    store: Store
    clock: Clock
    ids: Ids
    peer: Sends
    fetch: Fetch
    documents: Documents
    proofs: Proofs
    publications: Publications
    passes: Passes
    lists: StatusLists
    judges: Judges
    certifying: Certifying
    changed: Callable[[], None]
    refused: Callable[[str], Reason | None]
    publishes: Publishes | None = None


class Belonging:
    """The parts of one node that have to do with regions; each is an attribute."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._shared: dict[str, Any] = {"store": base.store, "clock": base.clock, "ids": base.ids, "did": base.did}
        self.calls = Calls(peer=base.peer, proofs=base.proofs, documents=base.documents, lab=base.config.lab)
        self._holding()
        self._believing()
        self.issuing: Issuing | None = None
        self.region: RegionServices | None = None
        if base.certifying.domain is not None:
            self.region = self._region(base.certifying.domain)
        self.services = TrustServices(
            clock=base.clock,
            regions=self.regions,
            vouched=self.vouched,
            joining=self.joining,
            explaining=self.explaining,
            wallet=self.wallet,
            region=self.region,
        )

    def _holding(self) -> None:
        """Our credentials: how they come, and to whom they are shown."""
        base = self._base
        self.wallet = Wallet(
            **self._shared,
            calls=self.calls,
            documents=base.documents,
            passes=base.passes,
            lists=base.lists,
            jitter=_spread,
        )
        self.ends = Ends(store=base.store, clock=base.clock)
        self.presenting = Presenting(**self._shared, passes=base.passes, signer=lambda: self._signer("token"))
        dcp.HolderEndpoints(proofs=base.proofs, wallet=self.wallet, presenting=self.presenting).enter(base.publications)
        base.document.offer("credentials", "CredentialService", base.config.public_url + dcp.HOLDER)

    def _believing(self) -> None:
        """Regions of others: which are believed, what they say about each other, joining one."""
        base = self._base
        self.regions = Regions(
            store=base.store, fetch=base.fetch, documents=base.documents, clock=base.clock, changed=base.changed
        )
        self.vouched = Vouched(store=base.store, clock=base.clock, regions=self.regions, changed=base.changed)
        self.joining = Joining(
            store=base.store,
            clock=base.clock,
            regions=self.regions,
            requests=self.wallet,
            enrols=base.certifying.own,
            publishes=base.publishes,
        )
        self.explaining = Explaining(
            store=base.store, own=base.did, judges=base.judges, documents=base.documents, refused=base.refused
        )

    def _region(self, domain: Domain) -> RegionServices:
        """The region that this node keeps: its members, what is issued to them, its public document."""
        base, url, own = self._base, self._base.config.public_url, self._base.config.region
        members = Members(store=base.store, clock=base.clock, ids=base.ids, root=lambda: _root(domain))
        revocation = Revocation(
            **self._shared, base=url + dcp.LISTS, signer=lambda: self._signer("issuer"), hours=own.list_hours
        )
        members.told.append(revocation.member_changed)
        members.told.append(self._private_member)
        base.certifying.keep_region(members, Intake(store=base.store), base.documents)
        kinds = kinds_of(base.did)
        self.issuing = Issuing(
            **self._shared,
            base=url + dcp.ISSUER,
            members=members,
            revocation=revocation,
            calls=self.calls,
            signer=lambda: self._signer("issuer"),
            kinds=kinds,
            days=own.credential_days,
            jitter=_spread,
        )
        dcp.IssuerEndpoints(proofs=base.proofs, issuing=self.issuing, revocation=revocation).enter(base.publications)
        base.document.offer("issuer-service", "IssuerService", url + dcp.ISSUER)
        publication = Publication(
            store=base.store,
            clock=base.clock,
            did=base.did,
            name=own.name,
            url=url,
            root=lambda: domain.keys().root_pem,
            intermediates=lambda: domain.keys().intermediates,
            types=tuple(kind.type for kind in kinds),
            prove=lambda now: self._proof(domain, now),
        )
        region.publish(base.publications, publication)
        vouching = Vouching(
            store=base.store, clock=base.clock, regions=self.regions, issue=self._credential, did=base.did
        )
        overview = Overview(
            store=base.store,
            clock=base.clock,
            did=base.did,
            name=own.name,
            url=url,
            words=lambda: words_of(self._issuer_keys()),
            keys=domain.keys,
        )
        return RegionServices(
            members=members, vouching=vouching, revocation=revocation, overview=overview, domain=domain
        )

    def _proof(self, domain: Domain, now: int) -> genuine.Proof | None:
        """That this node is the region with this root, by the keys that it has now."""
        key, kid = self._signer("issuer")
        shown, url = self._issuer_keys(), self._base.config.public_url
        return genuine.prove(domain.keys(), key, kid, published=shown, public_url=url, now=now)

    def _private_member(self, tx: Transaction, member: Member) -> None:
        """Who was invited with an address in a private network can be reached there by this node too."""
        if member.private and member.state == "active" and member.role == "node":
            open_inside(tx, self._base.did)

    def _issuer_keys(self) -> dict[str, Any]:
        """The keys of this region as others see them."""
        shown = self._base.keys.published()
        return {f"{self._base.did}#{name}": key for name, key in shown.items() if name.startswith("issuer")}

    def _signer(self, kind: Any) -> Signer:
        key, name = self._base.keys.signing(kind)
        return Signer(key, f"{self._base.did}#{name}")

    def _credential(self, kind: str, subject: str, claims: Mapping[str, Any], begins: int, ends: int) -> str:
        """A credential of this region that is not one of a member."""
        key, kid = self._signer("issuer")
        return credentials.issue(
            key,
            kid,
            issuer=self._base.did,
            subject=subject,
            id=self._base.ids.pid(),
            kind=kind,
            claims=claims,
            begins=begins,
            ends=ends,
        )

    # --- life ---------------------------------------------------------------------------------------------------------

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        issuing = [] if self.issuing is None else [(self.issuing.remind, RENEW_SECONDS)]
        own = [(self.wallet.renew, RENEW_SECONDS), (self.wallet.look, LOOK_SECONDS), (self.ends.look, RENEW_SECONDS)]
        return [*own, (self.vouched.refresh, REFRESH_SECONDS), *issuing]

    async def start(self) -> None:
        """Take up what was under way. The region that is kept here is believed here, with the keys that it has now."""
        base, domain = self._base, self._base.certifying.domain
        if domain is not None:
            own, root = base.config, domain.keys().root_pem
            await self.regions.keep_own(base.did, own.region.name, own.public_url, self._issuer_keys(), root)
        await self.wallet.start()
        if self.issuing is not None:
            await self.issuing.start()

    async def close(self) -> None:
        """Stop where each one is."""
        await self.wallet.close()
        if self.issuing is not None:
            await self.issuing.close()


def _root(domain: Domain) -> bytes:
    """The region's root certificate in DER, which every code names."""
    return domain.keys().root.public_bytes(Encoding.DER)


def _spread() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, protects nothing
