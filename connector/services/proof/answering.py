"""Answering a peer that compares: what stands here of what both should have.

What lives here: taking a peer's signed statement, giving ours, and what follows where the peer was restored. What does
not: asking (`reconcile`), the form of what is said (`statements`), what becomes of unfinished processes (`settling`).

INVARIANT: where the peer has lost nothing, answering changes nothing but the log and what is kept as proof.
"""

from __future__ import annotations

from collections.abc import Mapping

from certs import checkpoint
from certs.keys import NodeKeys
from connector.errors import MessageError, NodeError
from connector.ports import Caller, Clock, Reading, Store, Transaction
from connector.protocol.machine import Process
from connector.protocol.messages import NegotiationState
from connector.protocol.negotiation import NEGOTIATION, Move, Negotiation
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Entry, Participant
from connector.services.intake import admit, note_refusal
from connector.services.proof import differences, settling, statements
from connector.services.proof.heads import audit_keys
from connector.services.proof.settling import Settling
from connector.services.proof.statements import Envelope, Standing, Statement

KINDS: Mapping[str, type[Negotiation] | type[Transfer]] = {NEGOTIATION.name: Negotiation, TRANSFER.name: Transfer}


class Answering:
    """Answers comparisons of peers, under this node's own signature."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        settling: Settling,
        did: str,
        own: NodeKeys,
        verify: checkpoint.Verify = checkpoint.ed25519,
    ) -> None:
        self._store, self._clock, self._settling = store, clock, settling
        self._did, self._own, self._verify = did, own, verify

    async def answer(self, caller: Caller, envelope: Envelope) -> Envelope:
        """Take a peer's statement and give ours. Raises `MessageError`, `UnauthenticatedError` (token used before)."""

        def act(tx: Transaction) -> Statement | NodeError:
            admit(tx, caller)
            try:
                said = self._read(tx, caller, envelope)
            except MessageError as error:
                note_refusal(tx, caller, "reconcile", error)
                return error
            if said.wanted:
                proofs = (statements.proof(tx, caller.id, id) for id in said.wanted)
                return Statement(at=self._clock.now(), proofs=tuple(one for one in proofs if one is not None))
            return self._answered(tx, caller, said, envelope)

        told = await self._store.write(act)
        if isinstance(told, NodeError):
            raise told
        return statements.enclosed(told, self._did, caller.id, self._own)

    def _read(self, view: Reading, caller: Caller, envelope: Envelope) -> Statement:
        participant = view.get(Participant, caller.id)
        publics = () if participant is None else audit_keys(participant)
        return statements.opened(envelope, caller.id, self._did, publics, self._verify)

    def _answered(self, tx: Transaction, caller: Caller, said: Statement, envelope: Envelope) -> Statement:
        if said.restored and said.processes is not None:
            self._other_was_restored(tx, caller.id, said)
        ours, upto = statements.contracts(tx, caller.id, said.after, said.upto)
        theirs = [one for one in said.contracts if not upto or one.id <= upto]
        found = differences.between(ours, theirs)
        if any(one.code == "reconcile.other_terms" for one in found.values()):
            statements.keep(tx, caller.id, envelope, self._clock.now())
        for one in list(found.values())[: differences.MOST_ENTRIES]:  # what a peer says may not fill the log
            tx.record(Entry(event="reconcile.differs", actor=caller.id, params={"code": one.code, **one.params}))
        told = None if said.processes is None else tuple(_standing(tx, caller.id, one) for one in said.processes)
        return Statement(
            at=self._clock.now(),
            after=said.after,
            upto=upto,
            contracts=ours,
            processes=told,
            destroyed=statements.destroyed(tx, caller.id) if said.processes is not None else (),
        )

    def _other_was_restored(self, tx: Transaction, peer: str, said: Statement) -> None:
        """End what the peer does not have as we have it: it can never be finished together."""
        theirs = {one.id: one.state for one in said.processes or ()}
        ended = 0
        for process in statements.unfinished(tx, peer):
            state = theirs.get(process.peer_pid)
            gone = state is None and said.all_processes
            if process.state is not None and (gone or (state is not None and state != process.state)):
                # With FINALIZED we have put the contract into force; the peer's own signature under it proves it there.
                over = NegotiationState.FINALIZED if process.pending == Move.FINALIZE else settling.TERMINATED
                self._settling.end(tx, process, str(over))
                ended += 1
        tx.record(Entry(event="peer.restored", actor=peer, params={"ended": str(ended)}))


def _standing(view: Reading, caller: str, asked: Standing) -> Standing:
    """A process that a peer asks about, as it stands here."""
    kind = KINDS.get(asked.kind, Negotiation)
    found: Process | None = view.get(kind, asked.peer_id) if asked.peer_id else None
    if found is None:
        found = view.find(kind, peer=caller, peer_pid=asked.id)
    if found is None or found.peer != caller or found.peer_pid not in ("", asked.id):
        return Standing(kind=asked.kind, id="", peer_id=asked.id, state="")
    return statements.standing(found, asked.id)
