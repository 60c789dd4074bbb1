"""Directories of nodes that know each other and share something, made once and copied for every run."""

from __future__ import annotations

import asyncio
import shutil
from functools import partial
from pathlib import Path

from connector import founding, node
from connector.records import Agreement, Approval, Outside, PublishedOffer, Right
from connector.services.peers import Peers
from policies import render
from policies.terms import Terms, to_policy
from tests.connector.services.world import settled
from tests.harness import virtual
from tests.harness.frames import at_once
from tests.simulation.hosts import Host, network
from tests.simulation.network import Network, Wire

PURPOSE = "PublicBenefit"
OFFERS = {outside: Terms(purposes=(PURPOSE,), count=100) for outside in Outside}
"""Every node offers one dataset per setting for requests outside the terms, named after the setting. What `ask` says
it says within the terms too: there no frame contract lets a node bind itself."""
PEOPLE = ("anna", "berta")
"""Who may approve at every node."""


class Prepared:
    """Template directories in `folder`, for nodes of these names."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.names = names
        self._folder = folder / "-".join(names)
        self._folder.mkdir()
        self._data = self._folder / "data.csv"
        self._data.write_text("place,count\nbridge,3\n")
        for name in names:
            founding.initialise(
                self._folder / name, f"https://{name}.example", public_port=0, management_port=1, lab=False
            )
        virtual.run(self._make)

    async def _make(self) -> None:
        async with network("prepared") as made:
            hosts = {name: Host(made, name, self._folder / name) for name in self.names}
            for host in hosts.values():
                await host.boot()
            for name in self.names:
                for other in self.names:
                    if other != name:
                        await hosts[name].do(partial(self._pin, made, name, other))
                await hosts[name].do(self._publish)
            for name in self.names:
                for other in self.names:
                    if other != name:
                        await self._contract(hosts[name], hosts[other])
        assert not made.trouble

    async def _pin(self, made: Network, name: str, other: str, one: node.Node) -> None:
        peers = Peers(
            store=one.store,
            fetch=Wire(made, name),
            clock=one.clock,
            own=one.did,
            changed=lambda _did: one.outbox.forget(),
        )
        await peers.add("mayor", f"https://{other}.example", other)

    async def _publish(self, one: node.Node) -> None:
        for name in PEOPLE:
            await one.operators.add("mayor", name, Right.APPROVER)
        for outside, terms in OFFERS.items():
            await one.offers.add_asset(
                "mayor", name=outside, title=outside, kind="file", settings={"path": str(self._data)}
            )
            await one.policies.add("mayor", outside, render.to_dsp(to_policy("urn:x:policy", terms)))
            framed = await at_once(one.frames)
            rule = Approval() if outside is Outside.ASK else framed
            await one.offers.publish("mayor", outside, outside, outside, rule)

    async def _contract(self, consumer: Host, provider: Host) -> None:
        """A contract in force, and a transfer under it that has started."""
        did, service = provider.node.did, consumer.node.negotiations
        published = await provider.node.store.read(lambda view: view.select(PublishedOffer))
        offer = next(one for one in published if one.outside is Outside.COUNTER)
        n = await service.request("mayor", did, offer.asset, {**offer.document, "target": offer.asset})
        await settled(service, n.id, ("FINALIZED",))
        [contract] = await consumer.node.store.read(lambda view: view.select(Agreement, negotiation=n.id))
        t = await consumer.node.transfers.request("mayor", contract.id)
        await settled(consumer.node.transfers, t.id, ("STARTED",))
        await asyncio.sleep(1)

    def copy(self, to: Path) -> None:
        """Fresh directories for a run."""
        for name in self.names:
            shutil.copytree(self._folder / name, to / name)
