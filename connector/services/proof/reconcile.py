"""Comparing with a peer: heads, contracts, unfinished processes, destroyed keys; and after a restore, what follows.

What lives here: asking a peer, and what the asking side does about the differences. What does not: answering one
(`answering`), what becomes of unfinished processes (`settling`), the form of what is said (`statements`), what counts
as a difference (`differences`), proving a lost contract (`reinstating`), when a restored node has to compare
(`continuity`).

Between two nodes that have lost nothing a comparison changes nothing: differences are listed, written into the log, and
the peer's signed statement is kept. A node that was restored goes on only with what both sides have alike:

- a contract that both have in force is released, unless its uses are counted here: the counter may have run back, so a
  person has to look; one that the sides see differently stays held;
- a contract that only the peer has comes back, held, where the peer can show our own signature under it;
- an unfinished negotiation or transfer goes on where both sides have it in the same state, and is ended on both
  otherwise: neither side's word alone puts a contract into force;
- keys that we have destroyed are known again from the peer, and replaced where the backup has brought one back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certs import checkpoint
from certs.keys import NodeKeys
from connector.errors import DeliveryError, MessageError
from connector.ports import Clock, Identity, Peer, Reading, Store, Transaction
from connector.protocol.machine import Role
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Entry, Participant, Reconciliation
from connector.services.changes import Change, Changes
from connector.services.proof import differences, reinstating, settling, statements
from connector.services.proof.generations import RESTORED
from connector.services.proof.heads import Heads, audit_keys
from connector.services.proof.settling import Settling
from connector.services.proof.statements import Envelope, Proof, Standing, Statement
from policies.model import Reason

DEADLINE = 20.0
WHOLE = 600.0
"""Seconds for all of a comparison. What was compared by then is kept, and the next one goes on."""
UNSUPPORTED = ("404", "405", "501")
MOST_PAGES = 200
"""Statements of one comparison; a peer with more contracts than they hold is none in good faith."""
_MOST_DIFFERENCES = 100
"""Differences that are kept with a comparison."""


class Compared(Struct, kw_only=True):
    """What a comparison has found and done: differences as reasons, and contracts by what became of them."""

    peer: str
    supported: bool = True
    contracts: int = 0
    differences: list[Reason] = []
    released: list[str] = []
    held: list[str] = []
    reinstated: list[str] = []
    ended: list[str] = []


class Reconcile:
    """Compares with peers. `own` verifies a letter as one of ours; `destroyed` is told of our keys that are gone."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        peer: Peer,
        identity: Identity,
        heads: Heads,
        settling: Settling,
        changes: Changes,
        did: str,
        keys: NodeKeys,
        own: reinstating.Own,
        destroyed: Callable[[Transaction, Sequence[statements.Destroyed]], None],
        verify: checkpoint.Verify = checkpoint.ed25519,
    ) -> None:
        self._store, self._clock, self._peer, self._identity, self._heads = store, clock, peer, identity, heads
        self._settling, self._changes = settling, changes
        self._did, self._keys, self._verify = did, keys, verify
        self._own, self._destroyed = own, destroyed

    async def settle(self, peer: Participant) -> bool:
        """Compare with a peer after a restore, and act on what is found. Raises `NodeError` where it has to wait."""
        await self.compare("node", peer)
        return True

    async def compare(self, operator: str, peer: Participant) -> Compared:
        """Compare with a peer; where one is open since a restore, it is settled by this.

        Raises `DeliveryError` (not reached, not proved), `StoreError`.
        """
        open_ = await self._store.read(lambda view: view.get(Reconciliation, peer.id))
        restored = open_ is not None and open_.state == "open"
        done = Compared(peer=peer.id)
        contradiction = await self._show_head(peer)
        if contradiction is not None:
            done.differences.append(contradiction)
        try:
            await self._pages(peer, restored, done)
        except DeliveryError as error:
            if error.reason.params.get("status") not in UNSUPPORTED:
                raise
            done.supported = False
        await self._store.write(partial(self._conclude, operator=operator, restored=restored, done=done))
        return done

    async def _show_head(self, peer: Participant) -> Reason | None:
        """Our head, of a new generation where there is one, before anything is said under it."""
        try:
            return await self._heads.push(peer)
        except DeliveryError as error:
            if error.reason.params.get("status") in UNSUPPORTED:
                return None
            raise

    async def _pages(self, peer: Participant, restored: bool, done: Compared) -> None:
        """Contract by contract, some at a time; unfinished processes and destroyed keys with the first of them."""
        after, first, pages, until = "", True, 0, self._clock.monotonic() + WHOLE
        while first or after:
            self._in_time(until)
            asked = await self._store.read(
                partial(self._statement, peer=peer.id, after=after, restored=restored, all=first)
            )
            said, envelope = await self._say(peer, asked)
            lost = await self._store.write(
                partial(self._heard, peer=peer, asked=asked, said=said, envelope=envelope, done=done)
            )
            for start in range(0, len(lost), statements.PROOFS):
                self._in_time(until)
                wanted = tuple(lost[start : start + statements.PROOFS])
                proofs, _ = await self._say(peer, Statement(at=self._clock.now(), restored=restored, wanted=wanted))
                await self._store.write(partial(self._proved, peer=peer, proofs=proofs.proofs, done=done))
            if first and restored:
                standing = said.processes or ()
                await self._store.write(partial(self._go_on_or_end, peer=peer.id, standing=standing, done=done))
            pages += 1
            if said.upto and (said.upto <= after or pages >= MOST_PAGES):
                raise DeliveryError("reconcile.unproved", peer=peer.id)
            after, first = said.upto, False

    def _in_time(self, until: float) -> None:
        """Raises `DeliveryError` where a peer takes so long that others would wait for it."""
        if self._clock.monotonic() >= until:
            raise DeliveryError("peer.timeout")

    async def _say(self, peer: Participant, statement: Statement) -> tuple[Statement, Envelope]:
        """Say something to a peer and hear its answer, proved by its pinned key. Raises `DeliveryError`."""
        envelope = statements.enclosed(statement, self._did, peer.id, self._keys)
        reply = await self._peer.send(
            "POST",
            f"{peer.url.rstrip('/')}/reconcile",
            authorization=await self._identity.token(peer.id, owed=True),
            body=msgspec.json.encode(envelope),
            private=peer.private,
            deadline=DEADLINE,
        )
        if reply.status != 200:
            raise DeliveryError("reconcile.answer", peer=peer.id, status=str(reply.status))
        try:
            answer = msgspec.json.decode(reply.body, type=Envelope)
            return statements.opened(answer, peer.id, self._did, audit_keys(peer), self._verify), answer
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MessageError):
            raise DeliveryError("reconcile.unproved", peer=peer.id) from None

    def _statement(self, view: Reading, peer: str, after: str, restored: bool, all: bool) -> Statement:
        lines, upto = statements.contracts(view, peer, after)
        processes = statements.unfinished(view, peer) if all else []
        return Statement(
            at=self._clock.now(),
            restored=restored,
            after=after,
            upto=upto,
            contracts=lines,
            processes=statements.standings(processes) if all else None,
            all_processes=len(processes) <= statements.PROCESSES,
            destroyed=statements.destroyed(view, self._did) if all else (),
        )

    # --- what follows on the asking side ------------------------------------------------------------------------------

    def _heard(
        self, tx: Transaction, peer: Participant, asked: Statement, said: Statement, envelope: Envelope, done: Compared
    ) -> list[str]:
        """Take in an answer; returns the contracts that only the peer has."""
        ours, _ = statements.contracts(tx, peer.id, asked.after, said.upto)
        found = differences.between(ours, said.contracts)
        done.contracts += len(said.contracts)
        done.differences += found.values()
        if any(one.code == "reconcile.other_terms" for one in found.values()):
            statements.keep(tx, peer.id, envelope, self._clock.now())
        self._destroyed(tx, said.destroyed)
        for one in ours:
            if one.in_force:
                self._release_or_hold(tx, one.id, found.get(one.id), done)
        return [id for id, one in found.items() if one.code == "reconcile.unknown_here"] if asked.restored else []

    def _release_or_hold(self, tx: Transaction, id: str, difference: Reason | None, done: Compared) -> None:
        """INVARIANT: a contract that was restored is released only where both sides have it alike."""
        contract = tx.get(Agreement, id)
        if contract is None or contract.held is None or contract.held.code != RESTORED:
            return
        held = difference
        if held is None and contract.role == Role.PROVIDER and differences.counts(contract.document):
            held = Reason("contract.counter", {"uses": str(tx.drawn(f"uses:{id}"))})
        tx.put(replace(contract, held=held))
        (done.released if held is None else done.held).append(id)
        tx.after(lambda: self._changes.publish(Change("agreement", id)))

    def _proved(self, tx: Transaction, peer: Participant, proofs: Sequence[Proof], done: Compared) -> None:
        """Contracts that the peer says we have concluded: each comes back where our own signature proves it."""
        for proof in proofs:
            made = reinstating.reinstated(proof, peer, self._did, self._own, self._clock.now())
            if made is None or tx.get(Agreement, made.contract.id) is not None:
                continue
            known = tx.get(Negotiation, made.negotiation.id)
            if known is not None and known.peer != peer.id:
                continue
            tx.put(made.negotiation)
            tx.put(made.contract)
            for letter in made.letters:
                tx.put(letter)
            self._settling.withdraw(tx, peer.id, made.negotiation.id)
            done.reinstated.append(made.contract.id)
            params = {"contract": made.contract.id, "negotiation": made.negotiation.id, "hash": made.contract.hash}
            tx.record(Entry(event="contract.reinstated", actor=peer.id, params=params))

    def _go_on_or_end(self, tx: Transaction, peer: str, standing: Sequence[Standing], done: Compared) -> None:
        """Our unfinished processes, beside what the peer says of each."""
        there = {one.peer_id: one for one in standing}
        for process in statements.unfinished(tx, peer)[: statements.PROCESSES]:
            told = there.get(process.id)
            state = "" if told is None else told.state
            if state == str(process.state or ""):
                if told is not None:
                    settling.count_on(tx, process, told)
                continue
            self._settling.end(
                tx, process, state if settling.may_adopt(tx, process, state) else str(settling.TERMINATED)
            )
            done.ended.append(process.id)

    def _conclude(self, tx: Transaction, operator: str, restored: bool, done: Compared) -> None:
        done.differences = [one for one in done.differences if one.params.get("contract") not in done.reinstated]
        now, listed = self._clock.now(), tuple(done.differences[:_MOST_DIFFERENCES])
        if not done.supported and restored:
            for process in statements.unfinished(tx, done.peer):
                if process.state is not None:
                    self._settling.end(tx, process, str(settling.TERMINATED))
                    done.ended.append(process.id)
        tx.put(
            Reconciliation(id=done.peer, state="done" if done.supported else "unsupported", at=now, differences=listed)
        )
        params = {
            "by": operator,
            "restored": "yes" if restored else "no",
            "supported": "yes" if done.supported else "no",
            "contracts": str(done.contracts),
            "differences": str(len(done.differences)),
            "released": str(len(done.released)),
            "held": str(len(done.held)),
            "reinstated": str(len(done.reinstated)),
            "ended": str(len(done.ended)),
        }
        tx.record(Entry(event="reconcile.done", actor=done.peer, params=params))
        for one in listed[: differences.MOST_ENTRIES]:
            tx.record(Entry(event="reconcile.differs", actor=done.peer, params={"code": one.code, **one.params}))
