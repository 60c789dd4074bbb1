"""Contracts: the agreements that stand, as people look at them, and whether one stands at an instant.

What lives here: listing and finding, whether one stands, when its terms end. What does not: making one
(`services.negotiations`), ending one (`services.life.endings`), judging an access under one (`data.gate`).
"""

from __future__ import annotations

from typing import Any

from connector.errors import InputError, MessageError
from connector.pages import every
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol import codec
from connector.protocol.machine import Role
from connector.records import Agreement
from policies import horizon, instants, notice, parse
from policies.model import Policy, PolicyError, PolicyKind, Reason

PAGE = 500


def ended(agreement: Agreement, now: int) -> Reason | None:
    """Why a contract was ended, or None where nobody has ended it by `now`; that its terms end is another matter."""
    if not agreement.in_force:
        return agreement.ended or Reason("agreement.ended")
    if agreement.ends is not None and now >= agreement.ends:
        return agreement.ending or Reason("agreement.ended")
    return None


def over(agreement: Agreement, now: int) -> Reason | None:
    """Why a contract is at its end, or None while it is not."""
    if (why := ended(agreement, now)) is not None or agreement.expires is None or now < agreement.expires:
        return why
    return Reason("contract.expired", {"until": instants.stamp(agreement.expires)})


def standing(agreement: Agreement, now: int) -> Reason | None:
    """Why nothing may happen under a contract at `now`, or None where it may: it is over, or held by a person."""
    return over(agreement, now) or agreement.held


def note_hold(tx: Transaction, agreement: Agreement) -> None:
    """A person holds a contract; see `stopped`."""
    tx.draw(_holds(agreement.peer, agreement.dataset))


def stopped(view: Reading, peer: str, dataset: str) -> bool:
    """Has a person stopped giving this dataset to this peer, by holding a contract about it that is in force?

    Contracts are only looked through where there ever was a hold, which is seldom.
    """
    if not view.drawn(_holds(peer, dataset)):
        return False
    standing = every(view, Agreement, peer=peer, dataset=dataset, in_force=True)
    return any(one.held is not None and one.role == Role.PROVIDER for one in standing)


def _holds(peer: str, dataset: str) -> str:
    return f"holds:{peer} {dataset}"


def damaged(agreement: Agreement) -> Reason | None:
    """Why a contract as it was sent is not what is kept as its hash, or None where it is; disks do not notice."""
    try:
        found = codec.digest(codec.agreement_of(agreement.message))
    except MessageError:
        found = ""
    return None if found == agreement.hash else Reason("agreement.damaged", {"agreement": agreement.id})


def end_of(agreement: Agreement) -> int | None:
    """The instant at which a contract in force will end, as far as that is certain."""
    return min((at for at in (agreement.ends, agreement.expires) if at is not None), default=None)


def policy_of(agreement: Agreement) -> Policy:
    """The terms of a contract. Raises `PolicyError`."""
    return parse.from_dsp(agreement.document, PolicyKind.AGREEMENT)


def terms_end(agreement: Agreement) -> int | None:
    """The instant from which the terms permit nothing any more; None where they name no end, or cannot be read."""
    # Most contracts name no time at all, and need not be read to see it. An escaped letter could hide the name.
    if b"dateTime" not in agreement.message and b"\\u" not in agreement.message:
        return None
    try:
        return horizon.end(policy_of(agreement))
    except PolicyError:
        return None


def earliest_end(agreement: Agreement, at: int) -> int | None:
    """The first instant at which notice given at `at` can end a contract; None where its terms know no notice."""
    try:
        period = policy_of(agreement).notice
    except PolicyError:
        return None
    return None if period is None else notice.end_after(at, period)


class Contracts:
    """Agreements of this node, in both roles."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def now(self) -> int:
        """The instant at which one looks."""
        return self._clock.now()

    async def select(self, *, after: str = "", limit: int = 100, **where: Any) -> list[Agreement]:
        """Agreements in the order of their ids, beginning behind `after`."""
        return await self._store.read(lambda view: view.select(Agreement, after=after, limit=limit, **where))

    async def expiring(self, before: int, *, after: str = "", limit: int = 100, **where: Any) -> list[Agreement]:
        """Agreements in force that will have ended at the instant `before`, in the order of their ids."""

        found: list[Agreement] = []
        while len(found) < limit and (page := await self.select(after=after, limit=PAGE, in_force=True, **where)):
            found += [one for one in page if (end := end_of(one)) is not None and end <= before]
            after = page[-1].id
        return found[:limit]

    async def get(self, id: str) -> Agreement:
        """Raises `InputError` where there is none."""
        found = await self._store.read(lambda view: view.get(Agreement, id))
        if found is None:
            raise InputError("agreement.unknown", id=id)
        return found
