"""A certificate for every name of the test's internet, made once, and a node among honest and dishonest parties."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.harness.authority import Authority, Pair
from tests.hostile.trust.world import Scene, scene

PEOPLE = ("city", "region", "elsewhere", "mallory", "trent", "victim", "delegate", "private", "rebinding", "mixed")


class Names:
    """The authority that the node is told to trust, and a certificate for all names."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.pair: Pair = self.authority.issue(*(f"{name}.example" for name in PEOPLE), "*.many.example", "localhost")


@pytest.fixture(scope="session")
def names(tmp_path_factory: pytest.TempPathFactory) -> Names:
    """Made once: keys cost time."""
    return Names(tmp_path_factory.mktemp("names"))


@pytest.fixture
async def world(tmp_path: Path, names: Names) -> AsyncIterator[Scene]:
    """A node that trusts the region, and everybody."""
    async with scene(tmp_path, names.pair, names.authority.certificate) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, names: Names) -> AsyncIterator[Scene]:
    """A node for all tests of a module."""
    async with scene(tmp_path_factory.mktemp("shared"), names.pair, names.authority.certificate) as made:
        yield made
