"""The test's own internet: what it records is what happens, and nothing leaves the machine."""

from __future__ import annotations

import pytest

from connector.errors import DeliveryError
from tests.hostile.trust.world import Scene


async def test_what_a_node_fetches_is_recorded_and_served_here(world: Scene) -> None:
    found = await world.city.client.fetch("https://mallory.example/.well-known/did.json")
    assert b"did:web:mallory.example" in found
    assert world.net.asked == ["mallory.example"]
    assert [port for _, port in world.net.called] == [443]
    assert world.net.paths("mallory.example") == ["/.well-known/did.json"]


@pytest.mark.parametrize("url", ["https://nobody.example/", "https://8.8.8.8/", "https://mallory.example:8443/"])
async def test_nothing_else_is_reached(world: Scene, url: str) -> None:
    with pytest.raises(DeliveryError, match=r"peer\.unreachable"):
        await world.city.client.fetch(url)
    assert not world.net.quiet


async def test_a_question_of_the_test_is_none_of_the_node(world: Scene) -> None:
    assert (await world.ask(None)).status == 401
    assert world.net.quiet
