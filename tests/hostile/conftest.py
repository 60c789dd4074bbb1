"""One listening node, and neighbours with and without permission for private addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connector.node import Node
from connector.records import PublishedOffer
from tests.hostile.actors import Neighbour, a_city, neighbour, published


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Node]:
    """The node under attack."""
    async with a_city(tmp_path) as made:
        yield made


@pytest.fixture
async def offer(city: Node, tmp_path: Path) -> PublishedOffer:
    """What it offers."""
    return await published(city, tmp_path)


@pytest.fixture
async def mallory(city: Node) -> AsyncIterator[Neighbour]:
    """A neighbour whom the operator allowed no private addresses."""
    async with neighbour(city, private=False) as made:
        yield made


@pytest.fixture
async def friend(city: Node) -> AsyncIterator[Neighbour]:
    """A neighbour on this machine, allowed by the operator."""
    async with neighbour(city, private=True) as made:
        yield made
