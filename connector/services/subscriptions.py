"""Subscriptions: that what comes under a contract is put somewhere, kept until the contract ends.

What lives here: making, pausing, resuming and removing one, and what was put by it. What does not: fetching and putting
(`connector.data.consuming.subscribing`), what a sink's settings mean (it is handed in as `check`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from connector.errors import InputError
from connector.ports import Clock, Ids, Reading, Store, Transaction
from connector.protocol.machine import Role
from connector.records import Agreement, Entry, Subscription
from connector.services.changes import Change, Changes
from connector.services.life.contracts import over
from policies.model import Reason

RUNNING, PAUSED, ENDED = "running", "paused", "ended"
KIND = "subscription"
MOST = 1_000
"""Subscriptions of one node."""


class Subscriptions:
    """The subscriptions of this node. `check` says what is wrong with a sink's kind and settings."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        changes: Changes,
        check: Callable[[str, Mapping[str, Any]], Sequence[str]],
    ) -> None:
        self._store, self._clock, self._ids, self._changes, self._check = store, clock, ids, changes, check

    async def make(
        self,
        operator: str,
        contract: str,
        into: str,
        settings: Mapping[str, Any],
        *,
        query: str = "",
        purpose: str | None = None,
        spatial: str | None = None,
        stated: str = "",
    ) -> Subscription:
        """Begin one. Raises `InputError` for settings that are wrong, a contract that does not stand, or one in which
        this node is not the consumer."""
        if wrong := self._check(into, settings):
            raise InputError("subscription.sink", into=into, problem="; ".join(wrong))
        made = Subscription(
            id=self._ids.pid(),
            contract=contract,
            into=into,
            settings=dict(settings),
            created=self._clock.now(),
            created_by=operator,
            query=query,
            purpose=purpose,
            spatial=spatial,
            stated=stated,
        )

        def act(tx: Transaction) -> None:
            agreement = tx.get(Agreement, contract)
            if agreement is None:
                raise InputError("agreement.unknown", id=contract)
            if agreement.role != Role.CONSUMER:
                raise InputError("agreement.provided", id=contract)
            if (why := over(agreement, self._clock.now())) is not None:
                raise InputError(why.code, **why.params)
            if tx.count(Subscription) >= MOST:
                raise InputError("subscription.many", most=str(MOST))
            tx.put(made)
            tx.record(Entry(event="subscription.made", actor=operator, params={**_about(made), "into": into}))
            self._tell(tx, made)

        await self._store.write(act)
        return made

    async def get(self, id: str) -> Subscription:
        """One of them. Raises `InputError`."""
        return await self._store.read(lambda view: _get(view, id))

    async def select(self, *, after: str = "", limit: int = 100, **which: Any) -> list[Subscription]:
        """Subscriptions in the order of their making."""
        return await self._store.read(lambda view: view.select(Subscription, after=after, limit=limit, **which))

    async def pause(self, operator: str, id: str) -> Subscription:
        """Put nothing for the time being; what comes meanwhile is fetched later, as far as the provider has it."""
        return await self._turn(operator, id, RUNNING, PAUSED, "subscription.paused")

    async def resume(self, operator: str, id: str) -> Subscription:
        """Go on behind what was put last. Raises `InputError` where it is not paused."""
        return await self._turn(operator, id, PAUSED, RUNNING, "subscription.resumed")

    async def _turn(self, operator: str, id: str, before: str, after: str, event: str) -> Subscription:
        def act(tx: Transaction) -> Subscription:
            found = _get(tx, id)
            if found.state != before:
                raise InputError("subscription.state", id=id, state=found.state)
            turned = replace(found, state=after, reason=None, moved=self._clock.now())
            tx.put(turned)
            tx.record(Entry(event=event, actor=operator, params=_about(turned)))
            self._tell(tx, turned)
            return turned

        return await self._store.write(act)

    async def remove(self, operator: str, id: str) -> None:
        """Forget one. What it has put somewhere stays there."""

        def act(tx: Transaction) -> None:
            found = _get(tx, id)
            tx.delete(Subscription, id)
            tx.record(Entry(event="subscription.removed", actor=operator, params=_about(found)))
            self._tell(tx, found)

        await self._store.write(act)

    # --- what the runner notes ----------------------------------------------------------------------------------------

    async def put(self, id: str, number: int, watermark: str, rows: int, gaps: int) -> None:
        """Rows are there for good, or the watermark alone has moved. A number that was noted before changes nothing but
        the watermark."""

        def act(tx: Transaction) -> None:
            found = tx.get(Subscription, id)
            if found is not None and number >= found.number:
                now = self._clock.now()
                tx.put(
                    replace(
                        found,
                        number=number,
                        watermark=watermark,
                        rows=found.rows + rows,
                        gaps=found.gaps + gaps,
                        moved=now if rows else found.moved,
                        reason=None,
                    )
                )

        await self._store.write(act)

    async def note(self, id: str, why: Reason) -> bool:
        """Nothing comes, and this is why. Where the contract is over the subscription ends with it; returns whether it
        has."""

        def act(tx: Transaction) -> bool:
            found = tx.get(Subscription, id)
            if found is None or found.state != RUNNING:
                return True
            agreement = tx.get(Agreement, found.contract)
            end = over(agreement, self._clock.now()) if agreement is not None else Reason("agreement.unknown")
            done = why if why.code == "live.done" else end
            if done is not None:
                tx.put(replace(found, state=ENDED, reason=done, moved=self._clock.now()))
                params = {**_about(found), "reason": done.code, "rows": str(found.rows)}
                tx.record(Entry(event="subscription.ended", actor="node", params=params))
            elif found.reason != why:
                tx.put(replace(found, reason=why))
            return done is not None

        return await self._store.write(act)

    def _tell(self, tx: Transaction, one: Subscription) -> None:
        tx.after(lambda: self._changes.publish(Change(KIND, one.id, state=one.state)))


def _get(view: Reading, id: str) -> Subscription:
    found = view.get(Subscription, id)
    if found is None:
        raise InputError("subscription.unknown", id=id)
    return found


def _about(one: Subscription) -> dict[str, str]:
    return {"subscription": one.id, "agreement": one.contract}
