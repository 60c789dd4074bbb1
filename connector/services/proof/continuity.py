"""Is this node still the one that its peers have dealt with? Asked after every start, before anything is done with one.

What lives here: asking peers what they keep of our log, stopping where it is not borne out (a database that went back),
and letting nothing pass to or from a peer with which a restored node has not compared itself yet. What does not: heads
and proofs (`heads`), the comparison (`reconcile`).

A database that went back looks like any other; only somebody outside can tell. So at the start all peers are asked at
once, and a peer that calls, or is to be sent something, is asked before. What waits for the answer waits for
`PATIENCE` seconds at most: a peer that cannot be reached just now hinders nobody, or a town whose neighbours are all
away could not work. It is asked again when it is dealt with next, and with every exchange of heads.

INVARIANT: from the first head that is not borne out nothing is written any more, so nobody is bound, no data is given
and no head is signed that would contradict one that is out. Reading goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from connector.errors import BusyError, DeliveryError, NodeError, StoreError
from connector.pages import every
from connector.ports import Clock, Reading, Store
from connector.records import Participant, Reconciliation
from connector.services.proof.heads import Heads
from policies.model import Reason

log = structlog.get_logger()

PATIENCE = 3.0
"""Seconds that anything waits for a peer to say what it keeps of us."""

AGAIN = 30.0
"""Seconds after which a peer that did not answer is waited for again."""

Compare = Callable[[Participant], Awaitable[bool]]
"""Compare with a peer after a restore; True where that is done. Raises `NodeError` where it is to be tried again."""


class Continuity:
    """Asks peers and remembers for this run of the process. `stop` makes the store refuse every write."""

    def __init__(
        self, *, store: Store, heads: Heads, clock: Clock, stop: Callable[[Reason], None], compare: Compare
    ) -> None:
        self._store, self._heads, self._clock = store, heads, clock
        self._stop, self._compare = stop, compare
        self._sure: set[str] = set()
        self._silent: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._open: set[str] = set()
        self.broken: Reason | None = None
        """Why this database is not the one that the peers know; None where nothing is known against it."""

    # --- what others call ---------------------------------------------------------------------------------------------

    async def sure(self, peer: str) -> None:
        """Return as soon as something may be done with `peer`.

        Raises `StoreError` where this node went back, `BusyError` where it was restored and the two have not compared.
        """
        if peer in self._sure and self.broken is None and not self._open:
            return
        if peer not in self._sure and self._silent.get(peer, -AGAIN) <= self._clock.monotonic() - AGAIN:
            await asyncio.shield(self._ask(peer))
        if self.broken is not None:
            raise StoreError(self.broken.code, **self.broken.params)
        if peer in self._open:
            raise BusyError("node.restored", peers=str(len(self._open)))

    def contradicted(self, found: Reason) -> None:
        """A peer keeps a head of ours that this log does not bear out."""
        if self.broken is None:
            self.broken = Reason("node.rolled_back", {"cause": found.code, "kept": "", "found": "", **found.params})
            log.critical("node.rolled_back", **found.params)
            self._stop(self.broken)

    def forget(self, peer: str) -> None:
        """A peer was added, changed or removed: it is asked anew when it is dealt with."""
        self._sure.discard(peer)
        self._silent.pop(peer, None)
        self._open.discard(peer)

    def trouble(self) -> Reason | None:
        """For health: a restored node that has not compared itself with every peer yet."""
        return Reason("node.restored", {"peers": str(len(self._open))}) if self._open else None

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Know what is open since a restore, and ask every peer, without waiting for the answers."""
        self._open = set(await self._store.read(_open))
        for peer in await self._store.read(_peers):
            self._ask(peer.id)

    async def close(self) -> None:
        """Ask no more."""
        for task in tuple(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def go_on(self) -> None:
        """Try again to compare with the peers that are open; to be called now and then."""
        for peer in await self._store.read(_peers):
            if peer.id in self._open and self.broken is None:
                await self._settle(peer)

    def _ask(self, peer: str) -> asyncio.Task[None]:
        """The one asking of a peer that is under way."""
        if (task := self._asking.get(peer)) is None:
            task = self._asking[peer] = asyncio.get_running_loop().create_task(self._asked(peer))
            task.add_done_callback(lambda _: self._asking.pop(peer, None))
        return task

    async def _asked(self, peer: str) -> None:
        participant, compared = await self._store.read(
            lambda view: (view.get(Participant, peer), view.get(Reconciliation, peer))
        )
        if participant is None:
            return
        if compared is not None and compared.state == "open":
            self._open.add(peer)
        try:
            await self._heads.confirm(participant, deadline=PATIENCE)
        except DeliveryError as error:
            if not _answered(error):
                self._silent[peer] = self._clock.monotonic()
                return
        # What is no answer about heads comes from a node that keeps none: it cannot say anything against us.
        self._sure.add(peer)
        if peer in self._open and self.broken is None:
            await self._settle(participant)

    async def _settle(self, peer: Participant) -> None:
        try:
            if await self._compare(peer):
                self._open.discard(peer.id)
        except NodeError as error:
            log.info("node.not_reconciled", peer=peer.id, code=error.reason.code)


def _answered(error: DeliveryError) -> bool:
    """Was there an answer of a peer, rather than none at all, or one of something in between?"""
    code, status = error.reason.code, error.reason.params.get("status", "")
    return code == "head.unproved" or (code == "head.answer" and status.startswith("4") and status != "429")


def _open(view: Reading) -> list[str]:
    return [one.id for one in every(view, Reconciliation) if one.state == "open"]


def _peers(view: Reading) -> list[Participant]:
    return list(every(view, Participant))
