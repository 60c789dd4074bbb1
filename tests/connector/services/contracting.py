"""Two neighbours with a contract between them, for tests of what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from connector.ports import Transaction
from connector.protocol.transfer import Transfer
from connector.records import Agreement
from connector.services.changes import Change
from connector.services.outbox import Limits
from policies.terms import Terms
from tests.connector.services.world import FINAL, Neighbour, neighbours, settled

HOUR, DAY = 3600.0, 86_400.0
SECOND = 1_000_000


class Pair:
    """The city provides, the utility consumes. `id` is the contract's."""

    def __init__(self, city: Neighbour, utility: Neighbour, id: str) -> None:
        self.city, self.utility, self.id = city, utility, id
        self.tasks = [asyncio.get_running_loop().create_task(one.endings.run()) for one in (city, utility)]

    async def at(self, one: Neighbour) -> Agreement:
        """The contract as one of the two keeps it."""
        found = await one.store.read(lambda view: view.get(Agreement, self.id))
        assert found is not None
        return found

    async def both(self) -> tuple[Agreement, Agreement]:
        """As the city and as the utility keep it."""
        return await self.at(self.city), await self.at(self.utility)

    async def until(self, one: Neighbour, ready: Callable[[Agreement], object], seconds: float = HOUR) -> Agreement:
        """The contract as one of the two keeps it, as soon as it is so."""
        async with asyncio.timeout(seconds):
            while not ready(found := await self.at(one)):
                await asyncio.sleep(min(1.0, seconds / 100))
        return found

    async def change(self, one: Neighbour, change: Callable[[Agreement], Agreement]) -> None:
        """Put the contract into a state that would take long to reach."""

        def act(tx: Transaction) -> None:
            kept = tx.get(Agreement, self.id)
            assert kept is not None
            tx.put(change(kept))
            tx.after(lambda: one.changes.publish(Change("agreement", self.id)))

        await one.store.write(act)

    async def transfer(self) -> Transfer:
        """A transfer that runs."""
        asked = await self.utility.transfers.request("jo", self.id)
        return await settled(self.utility.transfers, asked.id, ("STARTED", "TERMINATED"))

    async def events(self, one: Neighbour) -> list[str]:
        """What the audit says of contracts and notices, in order."""
        found = [msgspec.json.decode(entry.body)["event"] for entry in await one.audit()]
        return [event for event in found if event.startswith(("contract.", "notice."))]


async def contracted(folder: Path, terms: Terms, *, limits: Limits | None = None, notices: bool = True) -> Pair:
    """Two neighbours with a contract on these terms; `notices`: each knows that the other takes them."""
    city, utility = await neighbours(folder, limits)
    if not notices:
        await city.knows(utility, notices=False)
        await utility.knows(city, notices=False)
    offer = await city.publish(terms)
    n = await utility.negotiations.request("jo", city.did, offer.asset, await utility.terms_of(city, offer))
    n = await settled(utility.negotiations, n.id, FINAL)
    await settled(city.negotiations, n.peer_pid, FINAL)
    [agreement] = await utility.store.read(lambda view: view.select(Agreement))
    return Pair(city, utility, agreement.id)
