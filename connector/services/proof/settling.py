"""What becomes of an unfinished negotiation or transfer that the two sides may see differently.

What lives here: ending it here, going on with it, and which end may be taken over. What does not: finding out how the
other side sees it (`reconcile`, `answering`).

INVARIANT: neither side's word alone puts a contract into force.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from connector.ports import Clock, Reading, Transaction
from connector.protocol.machine import Process
from connector.protocol.messages import NegotiationState
from connector.protocol.negotiation import NEGOTIATION, Negotiation
from connector.protocol.transfer import TRANSFER
from connector.records import Agreement, Entry, Outgoing
from connector.services.changes import Change, Changes
from connector.services.life.succession import succeeded
from connector.services.processes import Mail
from connector.services.proof import statements
from connector.services.proof.statements import Standing
from policies.model import Reason

TERMINATED = NEGOTIATION.terminated


class Settling:
    """Ends processes that cannot be finished together, and takes back what was still to be said in them."""

    def __init__(self, *, clock: Clock, mail: Mail, changes: Changes) -> None:
        self._clock, self._mail, self._changes = clock, mail, changes

    def end(self, tx: Transaction, process: Process, state: str) -> None:
        """A process that cannot be finished together any more is over here, without a message of its own."""
        over = replace(
            process,
            state=state,
            pending=None,
            ending=None,
            reason=Reason("process.restored"),
            version=process.version + 1,
            updated=self._clock.now(),
        )
        tx.put(over)
        if isinstance(over, Negotiation):
            if state == NegotiationState.FINALIZED:
                self._replaced(tx, over)
            else:
                _not_concluded(tx, over)
        self.withdraw(tx, process.peer, process.id)
        kind = statements.kind_of(process)
        params = {"process": process.id, "from": str(process.state or ""), "to": state}
        tx.record(Entry(event=f"{kind}.restored", actor=process.peer, params=params))
        tx.after(lambda: self._changes.publish(Change(kind, over.id, over.version, state)))

    def _replaced(self, tx: Transaction, n: Negotiation) -> None:
        """What is final without the peer's acknowledgement replaces a contract all the same."""
        for id in succeeded(tx, n, self._clock.now()) if n.replaces else ():
            tx.after(partial(self._changes.publish, Change("agreement", id)))

    def withdraw(self, tx: Transaction, peer: str, pid: str) -> None:
        """Nothing of this process is sent any more."""
        gone = [item.id for item in tx.select(Outgoing, pid=pid)]
        for id in gone:
            tx.delete(Outgoing, id)
        if gone:
            tx.after(lambda: self._mail.drop(peer, gone))


def count_on(tx: Transaction, process: Process, told: Standing) -> None:
    """Messages of ours are numbered behind those that the peer has had, or it would take them for old ones."""
    tx.put(
        replace(
            process,
            version=max(process.version, told.heard),
            sent=max(process.sent, told.heard),
            acknowledged=max(process.acknowledged, told.heard),
            heard=max(process.heard, told.acknowledged),
        )
    )


def may_adopt(view: Reading, process: Process, state: str) -> bool:
    """Is this an end that we may take over at the peer's word? A contract only where we have put it into force."""
    machine = NEGOTIATION if isinstance(process, Negotiation) else TRANSFER
    if not state or state not in machine.table or not machine.is_terminal(state):
        return False
    return state != NegotiationState.FINALIZED or view.find(Agreement, negotiation=process.id) is not None


def _not_concluded(tx: Transaction, process: Negotiation) -> None:
    """What was in force before the other side had acknowledged it is so no more."""
    contract = tx.find(Agreement, negotiation=process.id)
    if contract is not None and contract.in_force:
        tx.put(replace(contract, in_force=False, ended=Reason("process.restored")))
