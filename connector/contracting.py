"""What a node is made of as far as contracts go: what leads to one, who is asked, what it goes through, its data.

What lives here: which of the services of offers, negotiations, approval, transfers and the life of contracts needs
which other. What does not: anything that decides. It is the part of the composition root (`node`) that has to do with
contracts: made by it, and known to no other part.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
from msgspec import Struct

from certs import jwk, jws
from connector import fittings
from connector.data.address import Addresses
from connector.data.consuming.fetching import Fetching
from connector.data.consuming.renewing import Introduce, Renewing
from connector.data.sources import Sources
from connector.errors import NodeError
from connector.ground import Ground
from connector.ports import Peer, Signals, Transaction
from connector.services import notices
from connector.services.approval import awaited
from connector.services.approval.approvals import Approvals
from connector.services.approval.frames import Frames
from connector.services.approval.proposals import Proposals
from connector.services.approval.questions import Questions
from connector.services.decisions import Decisions
from connector.services.discovery import Discovery
from connector.services.flows import Flows
from connector.services.life.contracts import Contracts
from connector.services.life.endings import Endings
from connector.services.life.renewals import Renewals
from connector.services.negotiations import Negotiations
from connector.services.offers import Offers
from connector.services.outbox import Outbox
from connector.services.policies.statements import Statements
from connector.services.policies.versions import Policies, Sealed
from connector.services.transfers import Transfers
from connector.system import KnownFacts

POLICY_TYPE = "allmende-policy+jws"
"""`typ` of the JWS over a version of a policy (RFC 8725, 3.11): it is good for nothing else."""
LARGEST_SEAL = 65_536
"""Characters of such a JWS that are looked at."""

Decide = Callable[[Transaction, Any], Any]


class Around(Struct, frozen=True, kw_only=True):
    """What of the node contracts are about. `peer` signs what it sends; `sure` is awaited before anything is done with
    a peer, `speaks` before anything is begun with one; `introduce` proves to one who we are, with a token of its;
    `decide` stands in for the decisions of the product where it is given."""

    peer: Peer
    outbox: Outbox
    notices: notices.Notices
    discovery: Discovery
    sources: Sources
    addresses: Addresses
    sure: Callable[[str], Awaitable[None]]
    speaks: Callable[[str], Awaitable[None]]
    introduce: Introduce
    decide: Decide | None
    signals: Signals


class Contracting:
    """The parts of one node that have to do with contracts; each is an attribute."""

    def __init__(self, ground: Ground, around: Around) -> None:
        self._ground, self._around = ground, around
        self._questions = self._asking()
        self._processes()
        self._offering()
        self._life()

    def _asking(self) -> Questions:
        """What people are asked before something binds the node."""
        own, told = self._ground, self._around.notices
        told.handlers[awaited.KIND] = awaited.heard
        rules = fittings.approval_rules(own.config)
        return Questions(clock=own.clock, rules=rules, tell=awaited.notice_to_peer(told))

    def _processes(self) -> None:
        """Negotiations and transfers, and those who are asked about them."""
        own, around = self._ground, self._around
        at = around.addresses.address
        decisions = Decisions(did=own.did, clock=own.clock, ids=own.ids, address=at, questions=self._questions)
        self.flows = Flows(
            store=own.store,
            clock=own.clock,
            ids=own.ids,
            signals=around.signals,
            facts=KnownFacts(own.clock),
            did=own.did,
            seal=own.keys.sealer().seal,
            unseal=own.keys.sealer().open,
        )
        ports: dict[str, Any] = {
            "store": own.store,
            "clock": own.clock,
            "ids": own.ids,
            "mail": around.outbox,
            "changes": own.changes,
            "decide": self.flows.deciding(around.decide or decisions),
            "address": own.base,
            "fault": own.fault,
            "speaks": around.speaks,
        }
        self.negotiations = Negotiations(questions=self._questions, **ports)
        self.transfers = Transfers(seal=own.keys.sealer().seal, at=at, flows=self.flows, **ports)
        self.flows.transfers = self.transfers
        self.approvals = Approvals(
            store=own.store, clock=own.clock, negotiations=self.negotiations, questions=self._questions
        )
        around.outbox.services = {
            "negotiation": self.negotiations,
            "transfer": self.transfers,
            notices.PROCESS: around.notices,
        }

    def _offering(self) -> None:
        """What is offered to others, what is asked of them, and on what paper."""
        own, around = self._ground, self._around
        self.offers = Offers(
            store=own.store,
            clock=own.clock,
            ids=own.ids,
            public_url=own.config.public_url,
            check=around.sources.check,
        )
        self.policies = Policies(
            store=own.store,
            clock=own.clock,
            offers=self.offers,
            approvals=own.config.policies.approvals,
            seal=self._seal,
            opened=self._opened,
        )
        self.statements = Statements(store=own.store, clock=own.clock)
        self.frames = Frames(store=own.store, clock=own.clock)
        self.proposals = Proposals(
            store=own.store, negotiations=self.negotiations, discovery=around.discovery, did=own.did
        )

    def _seal(self, sealed: Sealed) -> str:
        """What is said of a policy as a JWS of this node, by the key that signs its messages."""
        key, name = self._ground.keys.signing()
        header = {"kid": f"{self._ground.did}#{name}", "typ": POLICY_TYPE}
        return jws.sign(key, header, msgspec.json.encode(sealed))

    def _opened(self, token: str) -> Sealed | None:
        """What a JWS over a policy says, if a key of this node has signed it, present or past."""
        keys = {f"{self._ground.did}#{one.name}": one.jwk for one in self._ground.keys.ring.of("token")}
        try:
            found = jws.read(token, limit=LARGEST_SEAL, allowed=frozenset({"alg", "kid", "typ"}))
            jws.verify(found, jwk.read(keys[found.kid or ""]))
            return msgspec.json.decode(found.payload, type=Sealed) if found.header["typ"] == POLICY_TYPE else None
        except (jws.JwsError, jwk.JwkError, KeyError, msgspec.DecodeError):
            return None

    def _life(self) -> None:
        """What a contract goes through once it is concluded, and fetching what it is about."""
        own, around = self._ground, self._around
        self.contracts = Contracts(store=own.store, clock=own.clock)
        self.endings = Endings(
            store=own.store,
            clock=own.clock,
            notices=around.notices,
            transfers=self.transfers,
            changes=own.changes,
            warn_days=own.config.contracts.warn_days,
        )
        self.renewals = Renewals(
            store=own.store,
            contracts=self.contracts,
            negotiations=self.negotiations,
            discovery=around.discovery,
        )
        self.renewing = Renewing(
            store=own.store,
            clock=own.clock,
            peer=own.peer,
            introduce=around.introduce,
            seal=own.keys.sealer().seal,
            unseal=own.keys.sealer().open,
        )
        self.fetching = Fetching(
            store=own.store,
            clock=own.clock,
            peer=around.peer,
            contracts=self.contracts,
            transfers=self.transfers,
            unseal=own.keys.sealer().open,
            renewing=self.renewing,
            offered=self.offered,
            sure=around.sure,
        )

    async def offered(self, peer: str, dataset: str) -> Collection[str]:
        """In which formats a peer offers a dataset; none where it does not say so now."""
        try:
            found = await self._around.discovery.dataset(peer, dataset)
        except NodeError:
            return ()
        return {one.format for one in found.distribution}
