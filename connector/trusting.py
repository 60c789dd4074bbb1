"""What a node is made of as far as trust goes: who it is, whom it believes, what it shows of itself, its region.

What lives here: which part of `connector.identity`, `connector.services.trust`, `connector.services.region` and of the
endpoints that go with them needs which other. What does not: anything that decides. It is the part of the composition
root (`node`) that has to do with trust: made by it, and known to no other part.

It is made in two steps, because who is calling must be known before there are services: `Trusting` makes what stands on
the adapters alone, `settle` what stands on the node's services, with the paths that are answered without a message
token. What is to be done now and then is in `rounds`.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from connector import belonging, certifying, describing
from connector.chores import Work
from connector.config import TrustSettings
from connector.ground import Ground
from connector.http import statements, succession
from connector.http.endpoints import Handing
from connector.http.throttle import Throttle
from connector.identity.dcp import DcpIdentity
from connector.identity.resolver import Limits, Resolver
from connector.services.notices import Notices
from connector.services.offers import Offers
from connector.services.peers import Peers
from connector.services.proof import rotation
from connector.services.proof.keyring import Keyring
from connector.services.proof.settling import Settling
from connector.services.region.countersigning import Countersigning
from connector.services.trust.admission import Admission
from connector.services.trust.asking import Asking
from connector.services.trust.checking import Checking
from connector.services.trust.continuing import Handovers
from connector.services.trust.lists import StatusLists
from connector.services.trust.passes import SHOWN, Passes
from connector.services.trust.standing import Standing, Terms
from connector.services.trust.succession import Successions

RECALL_SECONDS = 30.0
ASKED_PER_SECOND, ASKED_AT_ONCE = 20.0, 100.0
"""How often somebody is asked because of a caller that nobody knows."""
PROVED_PER_SECOND, PROVED_AT_ONCE = 5.0, 300.0
"""How often somebody may call who proves its DID and nothing else."""


class Around(Struct, frozen=True, kw_only=True):
    """The services of the node that trust is about."""

    peers: Peers
    offers: Offers
    notices: Notices
    keyring: Keyring
    settling: Settling
    forget: Callable[[str], None]
    """To be told the DID after every commit that changes what is believed of a participant; "" stands for all."""
    ask: certifying.Ask
    show: certifying.Show


class Trusting:
    """The parts of one node that have to do with trust; each is an attribute."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._identity()

    def _identity(self) -> None:
        """Who is calling."""
        own = self.ground
        trust = own.config.trust
        limits = _limits(trust)
        self.documents = Resolver(own.fetch, own.clock, lab=own.config.lab, limits=limits)
        self.passes = Passes(lambda: own.keys.grant)
        self.throttle = Throttle(ASKED_PER_SECOND, ASKED_AT_ONCE, own.clock.monotonic)
        self.identity = DcpIdentity(
            store=own.store,
            clock=own.clock,
            ids=own.ids,
            own=own.did,
            keys=own.keys,
            documents=self.documents,
            passes=self.passes.issue,
            room=lambda: self.throttle.take("unknown"),
            pace=Throttle(PROVED_PER_SECOND, PROVED_AT_ONCE, own.clock.monotonic).take,
            fresh=trust.document_seconds,
        )
        self.lists = StatusLists(
            store=own.store, fetch=own.fetch, clock=own.clock, seconds=trust.recheck_seconds, lab=own.config.lab
        )
        self.checking = Checking(
            store=own.store, clock=own.clock, documents=self.documents, lists=self.lists, recheck=trust.recheck_seconds
        )

    def settle(self, around: Around) -> None:
        """What stands on the node's services; to be called once, before the listeners are made."""
        self._continuity(around)
        self._admission(around)
        self._certificates(around)
        self._descriptions()
        self._belonging(around)

    def _certificates(self, around: Around) -> None:
        """Certificates, our own and those of the region that this node keeps."""
        own = self.ground
        self.certifying = certifying.Certifying(
            certifying.Base(
                config=own.config,
                did=own.did,
                token=lambda: own.keys.signing()[0],
                store=own.store,
                clock=own.clock,
                peer=own.peer,
                fetch=own.fetch,
                proofs=self.identity,
                publications=own.publications,
                document=own.document,
                ask=around.ask,
                show=around.show,
            )
        )

    def _descriptions(self) -> None:
        """What this node says of itself."""
        own = self.ground
        self.describing = describing.Describing(
            describing.Base(
                config=own.config,
                did=own.did,
                base=own.base,
                keys=own.keys,
                document=own.document,
                store=own.store,
                clock=own.clock,
                ids=own.ids,
                peer=own.peer,
                fetch=own.fetch,
                documents=self.documents,
                publications=own.publications,
                chains=self.certifying.chains,
            )
        )

    def _belonging(self, around: Around) -> None:
        """Credentials and regions."""
        own = self.ground
        self.belonging = belonging.Belonging(
            belonging.Base(
                config=own.config,
                did=own.did,
                keys=own.keys,
                document=own.document,
                store=own.store,
                clock=own.clock,
                ids=own.ids,
                peer=own.peer,
                fetch=own.fetch,
                documents=self.documents,
                proofs=self.identity,
                publications=own.publications,
                passes=self.passes,
                lists=self.lists,
                judges=self.checking,
                certifying=self.certifying,
                changed=self._regions_changed,
                refused=self.admission.refused,
                publishes=self.describing.descriptions,
            )
        )
        self.services = self.belonging.services
        region = self.belonging.region
        if region is not None:
            self.describing.keep_region(region)
            self.handing = Handing(
                handovers=self.handovers,
                successions=self.successions,
                countersigning=Countersigning(
                    store=own.store,
                    clock=own.clock,
                    documents=self.documents,
                    members=region.members,
                    handovers=self.handovers,
                    keys=own.keys,
                    did=own.did,
                ),
            )

    def _continuity(self, around: Around) -> None:
        """Keys that follow each other, ours and theirs."""
        own = self.ground
        self._keyring = around.keyring
        self.handovers = Handovers(
            store=own.store,
            clock=own.clock,
            documents=self.documents,
            fetch=own.fetch,
            changes=own.changes,
            changed=around.forget,
        )
        self.successions = Successions(
            store=own.store,
            clock=own.clock,
            peer=own.peer,
            identity=self.identity,
            peers=around.peers,
            notices=around.notices,
            settling=around.settling,
            changes=own.changes,
            keys=own.keys,
            did=own.did,
            changed=around.forget,
        )
        succession.publish(own.publications, identity=self.identity, store=own.store, successions=self.successions)
        self.handing = Handing(handovers=self.handovers, successions=self.successions)
        around.notices.handlers[rotation.KIND] = self.handovers.heard
        statements.publish(own.publications, did=own.did, own=own.keys, store=own.store)

    def _admission(self, around: Around) -> None:
        """Those whom nobody here has looked at, on the word of regions."""
        own, trust = self.ground, self.ground.config.trust
        self._forget = around.forget
        self.standing = Standing(
            store=own.store,
            clock=own.clock,
            documents=self.documents,
            checking=self.checking,
            hand=self.handovers,
            terms=Terms(recheck=trust.recheck_seconds, document=trust.document_seconds, stale=trust.stale_seconds),
            stands=self.identity.heard,
            changed=around.forget,
            counted=own.metrics.trust,
        )
        asking = Asking(
            peer=own.peer,
            proofs=self.identity,
            clock=own.clock,
            own=own.did,
            scopes=SHOWN,
            lab=own.config.lab,
        )
        self.admission = Admission(
            store=own.store,
            clock=own.clock,
            documents=self.documents,
            asking=asking,
            checking=self.checking,
            standing=self.standing,
            lab=own.config.lab,
            changed=around.forget,
            counted=own.metrics.trust,
        )
        self.identity.parties = self.admission

    def _regions_changed(self) -> None:
        """Other regions are believed: whoever stands on one is judged now, and strangers no more as before."""
        self._forget("")
        self.admission.forget()
        self.standing.judge_soon()

    async def _recall(self) -> None:
        """After a restore: have keys of ours changed since, as others remember?"""
        await self._keyring.recalled(await self.handovers.recalled(self.ground.keys.thumbprints))

    def rounds(self) -> list[tuple[Work, float]]:
        """What has to be done now and then, with the seconds between."""
        return [
            (self.standing.look_ahead, self.ground.config.trust.recheck_seconds / 8),
            (self.handovers.go_round, self.ground.config.trust.document_seconds),
            (self.handovers.look_at_regions, self.ground.config.trust.document_seconds),
            (self._recall, min(RECALL_SECONDS, self.ground.config.trust.document_seconds)),
            *self.certifying.rounds(),
            *self.belonging.rounds(),
            *self.describing.rounds(),
        ]

    async def start(self) -> None:
        """What has to be done before anybody is answered."""
        await self.certifying.start()
        await self.belonging.start()

    async def close(self) -> None:
        """Stop what is under way."""
        await self.belonging.close()
        await self.describing.close()
        await self.admission.close()
        await self.standing.close()
        await self.handovers.close()
        await self.lists.close()
        await self.documents.close()


def _limits(trust: TrustSettings) -> Limits:
    """How documents are fetched: what went wrong is not remembered for longer than what went well."""
    usual, fresh = Limits(), trust.document_seconds
    return Limits(
        fresh=fresh, stale=trust.stale_seconds, missing=min(usual.missing, fresh), again=min(usual.again, fresh)
    )
