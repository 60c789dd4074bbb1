"""A contract that takes the place of another: how the two are linked while and after it is negotiated.

What lives here: which contract may be replaced, by which negotiation, and what becomes of the old one. What does not:
beginning such a negotiation (`services.life.renewals`), ending the old contract (`services.life.endings` sees that it
is due).

The negotiation names the contract that it would replace in its first message (`replaces`, an extension of ours that no
schema forbids). When it is final on a side, the old contract ends there at once, its running transfers with it; uses
are counted anew under the new one. Where both sides begin one at the same time, the provider's is the one that counts.
"""

from __future__ import annotations

from msgspec.structs import replace

from connector.errors import TransitionError, UnknownError
from connector.ports import Reading, Transaction
from connector.protocol.machine import Role
from connector.protocol.negotiation import NEGOTIATION, Negotiation
from connector.records import Agreement
from policies import instants
from policies.model import Reason


def replaceable(view: Reading, id: str, *, peer: str, role: Role, dataset: str, theirs: bool) -> None:
    """Raises `UnknownError` where there is no such contract with this peer about this dataset; `TransitionError` where
    it has been replaced, or another negotiation is to replace it. `theirs`: the peer begins."""
    old = view.get(Agreement, id)
    if old is None or (old.peer, old.role, old.dataset) != (peer, role, dataset):
        raise UnknownError("contract.replaces")
    if old.replaced:
        raise TransitionError("contract.replaced", by=old.replaced)
    under_way = view.get(Negotiation, old.amending)
    if under_way is None or NEGOTIATION.is_terminal(under_way.state):
        return
    # A consumer gives way to the provider's offer; its own request is refused there, by the same rule.
    if not (theirs and role is Role.CONSUMER):
        raise TransitionError("contract.amending", negotiation=under_way.id)


def begun(tx: Transaction, n: Negotiation) -> None:
    """A negotiation that is to replace a contract is under way."""
    old = tx.get(Agreement, n.replaces)
    if old is not None and not old.replaced:
        tx.put(replace(old, amending=n.id))


def succeeded(tx: Transaction, n: Negotiation, now: int) -> tuple[str, ...]:
    """The negotiation is final: link both contracts, and have the old one end now. Returns the ids of both.

    A contract that two negotiations have replaced after all stays with the first; the second stands by itself.
    """
    new = None if n.agreement is None else tx.get(Agreement, n.agreement["@id"])
    old = tx.get(Agreement, n.replaces)
    if new is None or old is None or old.replaced not in ("", new.id):
        return ()
    tx.put(replace(new, replaces=old.id))
    why = Reason("contract.replaced", {"by": new.id, "at": instants.stamp(now)})
    due = old.in_force and (old.ends is None or old.ends > now)
    linked = replace(old, replaced=new.id, amending="")
    tx.put(replace(linked, ends=now, ending=why) if due else linked)
    return (old.id, new.id)
