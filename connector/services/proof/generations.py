"""A log that goes on from an older state of itself, after a restore: what is marked, and how its heads are named.

What lives here: the marks that a restore leaves in the database, and what they mean for heads. What does not: copying
files (`connector.backup`), showing heads (`heads`), the comparison with peers that follows (`reconcile`).

Every head of a generation after the first has the generation's number in its origin, so a head of the new one never
contradicts one of the old one that a peer keeps. The number is the second of the restore, or one more than the last:
two restores from the same backup are two generations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from certs import checkpoint
from connector.pages import every
from connector.ports import Reading, Transaction
from connector.records import Agreement, Entry, Generation, Participant, Reconciliation
from policies.model import Reason

RESTORED = "contract.restored"
"""Code of `Agreement.held` while nobody has compared a contract with the peer since a restore."""


def generations(view: Reading) -> list[Generation]:
    """Every generation after the first, oldest first."""
    return view.select(Generation, limit=10_000)


def current(view: Reading) -> int:
    """The number of the generation that heads are signed in; 0 for the first."""
    return max((one.number for one in generations(view)), default=0)


def carried(known: Sequence[Generation], number: int) -> int | None:
    """How many leaves of generation `number` the log still has; None where it has them all (the current one)."""
    later = [one.size for one in known if one.number > number]
    return min(later) if later else None


def signer(did: str, public: bytes, sign: checkpoint.Sign, number: int) -> Callable[[int, bytes, int], str]:
    """What signs the heads of a generation, for the store."""

    def head(size: int, root: bytes, at: int) -> str:
        return checkpoint.signed(checkpoint.Checkpoint(checkpoint.origin(did, number), size, root), public, sign)

    return head


def following(known: Sequence[Generation], now: int) -> int:
    """The number of the next generation, at the instant `now`."""
    return max(now // 1_000_000, max((one.number for one in known), default=0) + 1)


def begin(tx: Transaction, number: int, backup: int, now: int) -> int:
    """Mark the database as restored from a backup of the instant `backup`; returns how many contracts are held.

    INVARIANT: from here on no contract is used and nothing is done with a peer before the two have compared.
    """
    head = tx.head()
    size, note = (0, "") if head is None else (head.size, head.note)
    tx.put(Generation(id=f"{number:015d}", number=number, size=size, note=note, at=now, backup=backup))
    held = Reason(RESTORED, {"backup": str(backup)})
    count = 0
    for agreement in every(tx, Agreement):
        if agreement.in_force and agreement.held is None:
            tx.put(replace(agreement, held=held))
            count += 1
    for peer in every(tx, Participant):
        tx.put(Reconciliation(id=peer.id, state="open", at=now))
    params = {"generation": str(number), "size": str(size), "backup": str(backup), "held": str(count)}
    tx.record(Entry(event="node.restored", actor="node", params=params))
    return count
