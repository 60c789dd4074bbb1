"""What a node is made of as far as proof goes: the log and its witnesses, evidence, keys, and what follows a loss.

What lives here: which part of `connector.services.proof` needs which other. What does not: anything that decides. It is
the part of the composition root (`node`) that has to do with proof: made by it, and known to no other part.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from connector import hosting
from connector.ground import Ground
from connector.ports import Identity, Peer, Transaction
from connector.records import Participant
from connector.services.notices import Notices
from connector.services.outbox import Outbox
from connector.services.proof.answering import Answering
from connector.services.proof.audit import Audit
from connector.services.proof.continuity import Continuity
from connector.services.proof.evidence import Evidence
from connector.services.proof.heads import Heads
from connector.services.proof.keyring import Keyring
from connector.services.proof.reconcile import Reconcile
from connector.services.proof.reinstating import Own
from connector.services.proof.rotation import Rotation
from connector.services.proof.settling import Settling


class Around(Struct, frozen=True, kw_only=True):
    """What of the node proof is about. `peer` signs what it sends; `is_own` tells whether a message was signed by us;
    `rekeyed` is to be called where the key of what opens data is another."""

    peer: Peer
    identity: Identity
    outbox: Outbox
    notices: Notices
    is_own: Own
    rekeyed: Callable[[str], None]


class Proving:
    """The parts of one node that have to do with proof; each is an attribute."""

    def __init__(self, ground: Ground, around: Around) -> None:
        self._ground, self._around = ground, around
        self._log()
        self.keyring = self._keyring()
        self._comparing()

    def _log(self) -> None:
        """The log, what peers keep of it, and what is shown of it to others."""
        own, around = self._ground, self._around
        self.heads = Heads(
            store=own.store,
            clock=own.clock,
            peer=around.peer,
            identity=around.identity,
            did=own.did,
            publics=own.keys.heads,
            contradicted=lambda found: self.continuity.contradicted(found),
        )
        self.audit = Audit(store=own.store, heads=self.heads, did=own.did, publics=own.keys.heads)
        self.evidence = Evidence(
            store=own.store, clock=own.clock, name=own.did, own=own.keys, document=own.document.body
        )

    def _keyring(self) -> Keyring:
        own = self._ground
        return Keyring(
            store=own.store,
            clock=own.clock,
            own=own.keys,
            folder=own.config.directory / "keys",
            outside=hosting.lies_outside,
            did=own.did,
            notices=self._around.notices,
            rekeyed=self._around.rekeyed,
            life=self._life_of_keys,
        )

    def _life_of_keys(self, bury: Callable[[Transaction, str, str, str], None]) -> Rotation:
        own = self._ground
        return Rotation(
            store=own.store,
            clock=own.clock,
            own=own.keys,
            folder=own.config.directory / "keys",
            credentials=hosting.credentials(),
            did=own.did,
            body=own.document.body,
            notices=self._around.notices,
            ahead=2 * own.config.trust.document_seconds,
            bury=bury,
            fault=own.fault,
        )

    def _comparing(self) -> None:
        """Two sides compare what they have, and go on where one has lost something."""
        own, around = self._ground, self._around
        self.settling = Settling(clock=own.clock, mail=around.outbox, changes=own.changes)
        self.answering = Answering(store=own.store, clock=own.clock, settling=self.settling, did=own.did, own=own.keys)
        self.reconcile = Reconcile(
            store=own.store,
            clock=own.clock,
            peer=around.peer,
            identity=around.identity,
            heads=self.heads,
            settling=self.settling,
            changes=own.changes,
            did=own.did,
            keys=own.keys,
            own=around.is_own,
            destroyed=self.keyring.destroyed,
        )
        self.continuity = Continuity(
            store=own.store, heads=self.heads, clock=own.clock, stop=own.store.stop, compare=self._compare
        )

    async def _compare(self, peer: Participant) -> bool:
        """After a restore: compare with a peer, and use no key any more that it knows to be destroyed."""
        done = await self.reconcile.settle(peer)
        await self.keyring.settle()
        self._around.outbox.reached(peer.id)
        return done
