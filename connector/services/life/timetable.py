"""Carrying ends out when they are due, and warning of them before.

What lives here: the watch over all contracts in force. What does not: the order of what is due (`agenda`), what makes
an end certain (`endings`), the cut of a running stream (`data.gate` sees an end that is due by itself).
"""

from __future__ import annotations

from collections.abc import Awaitable

import structlog
from msgspec.structs import replace

from connector.errors import OurError
from connector.ports import Clock, Store, Transaction
from connector.records import Agreement, Entry
from connector.services.changes import Change, Changes
from connector.services.life.agenda import Agenda
from connector.services.life.contracts import end_of, over, terms_end
from connector.services.life.ends import DAY, Ends
from connector.services.transfers import Transfers
from policies import instants

log = structlog.get_logger()

TERMINATIONS = 50
"""Transfers that are terminated in one transaction."""
AGAIN = 60 * 1_000_000
"""After how long something that could not be done is tried again, in microseconds."""


class Timetable:
    """Sees to it that contracts end. It looks again at a contract whenever that has changed."""

    def __init__(self, *, store: Store, clock: Clock, transfers: Transfers, changes: Changes, ends: Ends) -> None:
        self._store, self._clock, self._transfers, self._ends = store, clock, transfers, ends
        self.agenda = Agenda(clock)
        changes.subscribe(self._changed)

    async def run(self) -> None:
        """Do what is due about contracts, for ever. A start looks through every contract in force once."""
        while not await self._done(self._gather(), ""):
            await self._clock.sleep(AGAIN / 1_000_000)
        while True:
            for id in self.agenda.due():
                if not await self._done(self.look(id), id):
                    self.agenda.set(id, self._clock.now() + AGAIN)
            await self.agenda.wait()

    async def _done(self, work: Awaitable[None], id: str) -> bool:
        """Whether something could be done. A defect about one contract must not keep the others from their ends."""
        try:
            await work
        except OurError as error:
            log.warning("contract.not_seen_to", agreement=id, code=error.reason.code)
        except Exception:
            log.exception("contract.not_seen_to", agreement=id)
        else:
            return True
        return False

    async def _gather(self) -> None:
        after = ""
        while page := await self._page(after):
            await self._clock.sleep(0)  # others have their turn
            for a in page:
                self.agenda.set(a.id, self._ends.next(a))
                if a.expires is None and terms_end(a) is not None:
                    self.agenda.set(a.id, self._clock.now())
            after = page[-1].id

    async def _page(self, after: str) -> list[Agreement]:
        return await self._store.read(lambda view: view.select(Agreement, after=after, limit=100, in_force=True))

    def _changed(self, change: Change) -> None:
        if change.kind == "agreement":
            self.agenda.set(change.id, self._clock.now())

    async def look(self, id: str) -> None:
        """Do what is due about one contract, and note when to look again."""
        a = await self._store.read(lambda view: view.get(Agreement, id))
        if a is None or not a.in_force:
            self.agenda.set(id, None)
            return
        if a.expires is None and (expires := terms_end(a)) is not None:
            a = await self._store.write(lambda tx: _with_expiry(tx, id, expires))
        now = self._clock.now()
        if over(a, now) is not None:
            a = await self._store.write(lambda tx: self._close(tx, id))
        elif self._ends.passed(a, now) > a.warned:
            a = await self._store.write(lambda tx: self._warn(tx, id))
        self.agenda.set(id, self._ends.next(a) if a.in_force else None)

    def _warn(self, tx: Transaction, id: str) -> Agreement:
        """One warning, however many days were slept through; none for a contract that was made within them."""
        a, now = self._ends.in_force(tx, id), self._clock.now()
        end, passed = end_of(a), self._ends.passed(a, now)
        if end is None or passed <= a.warned:
            return a
        after = replace(a, warned=passed)
        tx.put(after)
        if self._ends.passed(a, a.concluded) < passed:
            left = str(-(-(end - now) // DAY))
            params = {"agreement": id, "peer": a.peer, "ends": instants.stamp(end), "days": left}
            tx.record(Entry(event="contract.warning", actor="node", params=params))
        return after

    def _close(self, tx: Transaction, id: str) -> Agreement:
        """Terminate what runs under a contract that is over, part by part; with the last part it is closed.

        Until then it counts as in force, so that a node that is started again goes on with it; nothing may happen under
        it any more, since everybody asks `over`.
        """
        a = tx.get(Agreement, id)
        assert a is not None
        why = over(a, self._clock.now())
        if not a.in_force or why is None:
            return a
        if not self._transfers.end_under(tx, id, why, TERMINATIONS):
            return a
        closed = replace(a, in_force=False, ended=why, closed=end_of(a), asked="", proposed="")
        return self._ends.keep(tx, closed, "contract.ended", "node", reason=why.code, **why.params)


def _with_expiry(tx: Transaction, id: str, expires: int) -> Agreement:
    a = tx.get(Agreement, id)
    assert a is not None
    after = replace(a, expires=expires)
    tx.put(after)
    return after
