"""What the node counts for its operator's monitoring: how much there is of everything, read when it is asked for.

What lives here: the list of figures and how each is had from the store. What does not: their text form (`telemetry`),
what happens often enough to be counted as it happens (there).

INVARIANT: bounded cardinality. Labels take values from fixed sets, but for peers' names, of which the first
`MOST_PEERS` that have something waiting are shown, the rest together as `others`. No figure names a person, a contract
or a purpose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from connector.ports import Clock, Reading, Store
from connector.protocol.messages import NegotiationState, TransferState
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Participant, Question, QuestionState
from connector.services.outbox import Standing

DAY = 86_400_000_000
SOON = (7, 30, 60)
"""Days within which contracts that end are counted."""
MOST_PEERS = 50
FRESH = 10.0
"""Seconds for which figures from the store are shown again."""
_PAGE = 500

FIGURES: Final[Mapping[str, str]] = {
    "negotiations": "Negotiations by state.",
    "transfers": "Transfers by state.",
    "contracts": "Contracts by standing: in_force, held, ended.",
    "contracts_expiring": "Contracts in force that end within so many days.",
    "questions_open": "Decisions that wait for people.",
    "peers": "Pinned peers.",
    "log_entries": "Entries of the audit log.",
    "outbox_waiting": "Messages that wait, by peer.",
    "outbox_oldest_seconds": "Age of the oldest message that waits, by peer.",
    "disk_free_bytes": "Bytes that can still be written where the node keeps its database.",
    "certificate_days": "Days that the certificate of the node's own listener is still valid.",
    "clock_ahead_seconds": "Seconds that this machine's clock is ahead of the peers', in the median.",
    "catalog_peers": "Peers whose catalogues are read, by state: read, failing, waiting.",
    "catalog_datasets": "Datasets that their catalogues have.",
    "catalog_oldest_seconds": "Time since the catalogue was seen that was seen longest ago.",
    "check_failing": "1 where a health check finds something wrong.",
}
"""Every figure, without the prefix `allmende_`, and what it means."""


class Figure(Struct, frozen=True):
    """One number with its labels."""

    name: str
    value: float
    labels: Mapping[str, str] = {}


class Figures:
    """Counts. `machine` gives what is known without the store: figures that cannot be had are left out."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        standing: Callable[[], Sequence[Standing]],
        machine: Callable[[], Iterator[Figure]],
    ) -> None:
        self._store, self._clock, self._standing, self._machine = store, clock, standing, machine
        self._counted: list[Figure] = []
        self._until = -1.0

    async def take(self) -> list[Figure]:
        """Every figure now. Raises `StoreError` where the store does not answer."""
        if self._clock.monotonic() >= self._until:
            counted = await self._store.read(lambda view: list(_counted(view)))
            self._counted = [*counted, *await self._contracts()]
            self._until = self._clock.monotonic() + FRESH
        waiting = self._standing()
        names = await self._store.read(lambda view: _names(view, waiting[:MOST_PEERS]))
        return [*self._counted, *_waiting(waiting, names, self._clock.now()), *self._machine()]

    async def _contracts(self) -> list[Figure]:
        """Standing and ends, in one way through the contracts in force, with a turn for others after each page."""
        held, ends, after = 0, list[int](), ""
        while page := await self._store.read(partial(_in_force, after=after)):
            held += sum(one.held is not None for one in page)
            ends += [min(end) for one in page if (end := [at for at in (one.ends, one.expires) if at is not None])]
            after = page[-1].id
            await asyncio.sleep(0)
        many = await self._store.read(lambda view: view.tally(Agreement, "in_force"))
        standing = {"in_force": many.get(1, 0) - held, "held": held, "ended": many.get(0, 0)}
        now = self._clock.now()
        soon = {days: sum(end - now <= days * DAY for end in ends) for days in SOON}
        return [
            *(Figure("contracts", count, {"standing": name}) for name, count in standing.items()),
            *(Figure("contracts_expiring", count, {"days": str(days)}) for days, count in soon.items()),
        ]


def _in_force(view: Reading, after: str) -> list[Agreement]:
    return view.select(Agreement, in_force=True, after=after, limit=_PAGE)


def _counted(view: Reading) -> Iterator[Figure]:
    negotiations, transfers = view.tally(Negotiation, "state"), view.tally(Transfer, "state")
    for state in NegotiationState:
        yield Figure("negotiations", negotiations.get(state, 0), {"state": state})
    for moving in TransferState:
        yield Figure("transfers", transfers.get(moving, 0), {"state": moving})
    yield Figure("questions_open", view.count(Question, state=QuestionState.OPEN))
    yield Figure("peers", view.count(Participant))
    head = view.head()
    yield Figure("log_entries", 0 if head is None else head.size)


def _names(view: Reading, waiting: Sequence[Standing]) -> dict[str, str]:
    known = {one.peer: view.get(Participant, one.peer) for one in waiting}
    return {did: peer.name for did, peer in known.items() if peer is not None}


def _waiting(waiting: Sequence[Standing], names: Mapping[str, str], now: int) -> Iterator[Figure]:
    """By peer; those without a name, and those too many, together."""
    many: dict[str, int] = {"others": 0}
    oldest: dict[str, float] = {"others": 0.0}
    for one in waiting:
        name = names.get(one.peer, "others")
        many[name] = many.get(name, 0) + one.waiting
        age = 0.0 if one.oldest is None else (now - one.oldest) / 1e6
        oldest[name] = max(oldest.get(name, 0.0), age)
    for name in many:
        yield Figure("outbox_waiting", many[name], {"peer": name})
        yield Figure("outbox_oldest_seconds", oldest[name], {"peer": name})
