"""Two nodes on a bad network: nothing stuck, nothing divergent, nothing acknowledged and forgotten."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connector.errors import NodeError
from connector.node import Node
from connector.protocol import negotiation, transfer
from connector.protocol.messages import JsonObject
from connector.records import Outside, PublishedOffer
from policies.model import Reason
from tests.harness.invariants import forgotten, taken, violations
from tests.harness.network import FAIR, OPERATOR, CrashError, Network, Weather
from tests.harness.virtual import run

STORM = Weather(loss=0.15, repeat=0.2, delay=3.0, crash=0.01)
PURPOSE: JsonObject = {
    "leftOperand": "odrl:purpose",
    "operator": "eq",
    "rightOperand": "https://example.org/purpose/planning",
}
GONE = (NodeError, CrashError, KeyError)
"""What an operator's command may meet while nodes come and go."""


async def shared(node: Node, directory: Path, name: str, outside: Outside) -> PublishedOffer:
    """A small file of this node, published for one purpose."""
    file = directory / f"{name}.csv"
    file.write_text("a,b\n1,2\n")
    await node.offers.add_asset(OPERATOR, name=name, title=name, kind="file", settings={"path": str(file)})
    terms = {"@type": "Offer", "@id": "urn:terms", "permission": [{"action": "use", "constraint": [PURPOSE]}]}
    await node.offers.add_policy(OPERATOR, name, terms)
    return await node.offers.publish(OPERATOR, name, name, outside)


def asked(offer: PublishedOffer, *, within: bool) -> JsonObject:
    """The published terms as a request, or with their constraint left out."""
    terms = {**offer.document, "target": offer.asset}
    return terms if within else {**terms, "permission": [{"action": "use"}]}


async def broken(network: Network) -> list[str]:
    """Every invariant that does not hold."""
    snapshots, stores = [], {}
    for node in network.nodes.values():
        verdict = await node.audit.verify()
        snapshots.append(await taken(node.did, node.store, (reason.code for reason in verdict.findings)))
    for name, node in network.nodes.items():
        stores[name] = (node.did, node.store)
    return violations(*snapshots) + await forgotten(network.acknowledged, stores)


class Operators:
    """People who do sensible and senseless things at both nodes."""

    def __init__(self, network: Network, offers: dict[str, PublishedOffer], seed: int) -> None:
        self._network, self._offers, self._random = network, offers, random.Random(seed)

    async def act(self) -> None:
        """One thing, somewhere."""
        name = self._random.choice(("city", "town"))
        do = self._random.choice((self.ask, self.ask, self.offer, self.answer, self.begin, self.move))
        try:
            await do(name)
        except GONE:
            return

    async def ask(self, name: str) -> None:
        """Request terms within or outside the other one's offer."""
        other = "town" if name == "city" else "city"
        terms = asked(self._offers[other], within=self._random.random() < 0.7)
        did = f"did:web:{other}.example"
        await self._network.nodes[name].negotiations.request(OPERATOR, did, self._offers[other].asset, terms)

    async def offer(self, name: str) -> None:
        """Offer without being asked."""
        did = f"did:web:{'town' if name == 'city' else 'city'}.example"
        await self._network.nodes[name].negotiations.offer(OPERATOR, did, self._offers[name].id)

    async def answer(self, name: str) -> None:
        """Accept what is offered, or end some negotiation."""
        node = self._network.nodes[name]
        offered = await node.negotiations.select(state="OFFERED", role="consumer")
        if offered and self._random.random() < 0.8:
            await node.negotiations.command(OPERATOR, self._random.choice(offered).id, negotiation.Accept())
        elif every := await node.negotiations.select():
            end = negotiation.Terminate(Reason("operator"))
            await node.negotiations.command(OPERATOR, self._random.choice(every).id, end)

    async def begin(self, name: str) -> None:
        """Ask for data under a contract."""
        node = self._network.nodes[name]
        if contracts := await node.contracts.select(role="consumer", in_force=True):
            await node.transfers.request(OPERATOR, self._random.choice(contracts).id)

    async def move(self, name: str) -> None:
        """Suspend, resume, complete or end some transfer, whether or not it makes sense."""
        node = self._network.nodes[name]
        if every := await node.transfers.select():
            why = Reason("operator")
            commands = (transfer.Suspend(why), transfer.Start(), transfer.Complete(), transfer.Terminate(why))
            await node.transfers.command(OPERATOR, self._random.choice(every).id, self._random.choice(commands))

    async def finish(self) -> None:
        """Accept or end whatever still waits for a person."""
        for node in self._network.nodes.values():
            for one in await node.negotiations.select(limit=1000):
                if one.state in ("REQUESTED", "OFFERED") and one.pending is None and one.ending is None:
                    try:
                        await node.negotiations.command(OPERATOR, one.id, negotiation.Terminate(Reason("operator")))
                    except NodeError:
                        continue


async def story(directory: Path, seed: int, weather: Weather, acts: int) -> tuple[list[str], int, int]:
    """Two nodes, this many acts in this weather, then fair weather: what is broken, crashes, acknowledged messages."""
    network = Network(directory, seed)
    try:
        city, town = await network.add("city"), await network.add("town")
        await network.introduce("city", "town")
        offers = {
            "city": await shared(city, directory, "trees", Outside.COUNTER),
            "town": await shared(town, directory, "roads", Outside.COUNTER),
        }
        network.weather = weather
        operators = Operators(network, offers, seed)
        for _ in range(acts):
            await operators.act()
            await asyncio.sleep(random.Random(seed).uniform(0, 2))
        network.weather = FAIR
        assert await network.settled(600), "outboxes did not run empty"
        await operators.finish()
        assert await network.settled(600), "outboxes did not run empty"
        return await broken(network), network.crashes, len(network.acknowledged)
    finally:
        await network.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_leaves_nothing_stuck_or_divergent(tmp_path: Path, seed: int) -> None:
    """Loss, repeats, delays, crashes; after the storm every invariant holds."""
    with capture_logs():
        found, crashes, acknowledged = run(lambda: story(tmp_path, seed, STORM, 40))
    assert found == []
    assert acknowledged > 20
    assert crashes > 0


@pytest.mark.long("storms")
@pytest.mark.parametrize("seed", range(100, 400))
def test_many_storms(tmp_path: Path, seed: int) -> None:
    """The same for many seeds."""
    with capture_logs():
        found, _, _ = run(lambda: story(tmp_path, seed, STORM, 80))
    assert found == []


def test_fair_weather_finalizes_everything_within_the_terms(tmp_path: Path) -> None:
    """Ten requests within the terms: ten contracts on both sides, and the audits agree."""

    async def main() -> list[str]:
        network = Network(tmp_path, 1)
        try:
            city, town = await network.add("city"), await network.add("town")
            await network.introduce("city", "town")
            offer = await shared(city, tmp_path, "trees", Outside.COUNTER)
            for _ in range(10):
                await town.negotiations.request(OPERATOR, city.did, offer.asset, asked(offer, within=True))
            assert await network.settled(60)
            assert [len(await node.contracts.select(in_force=True)) for node in (city, town)] == [10, 10]
            return await broken(network)
        finally:
            await network.close()

    assert run(main) == []


def test_the_checker_sees_a_divergence(tmp_path: Path) -> None:
    """A record changed behind a node's back is a violation: the checker can fail."""

    async def main() -> list[str]:
        network = Network(tmp_path, 2)
        try:
            city, town = await network.add("city"), await network.add("town")
            await network.introduce("city", "town")
            offer = await shared(city, tmp_path, "trees", Outside.COUNTER)
            begun = await town.negotiations.request(OPERATOR, city.did, offer.asset, asked(offer, within=True))
            assert await network.settled(60)
            await town.store.write(lambda tx: tx.delete(type(begun), begun.id))
            return await broken(network)
        finally:
            await network.close()

    found = run(main)
    assert {text[:2] for text in found} == {"I1", "I2"}
