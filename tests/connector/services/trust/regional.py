"""Whole nodes of which some keep regions, on virtual time: founded, invited and joined as people do it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from connector import founding
from connector.http.endpoints import RegionServices
from connector.node import Node
from connector.services.trust.joining import Progress
from connector.services.trust.regions import Belief
from tests.connector.vouched import World, world


class Regional:
    """A world with regions in it."""

    def __init__(self, made: World) -> None:
        self.world = made

    async def region(self, name: str, title: str) -> Node:
        """A node that keeps a region."""
        folder = self.world.folder / name
        founding.initialise(folder, url(name), public_port=0, management_port=0, lab=False)
        founding.found_region(folder, title, now=self.world.clock.now(), credentials=None)
        return await self.world.node(name)

    async def code(self, keeper: Node, title: str = "Gemeinde Nord", **more: Any) -> str:
        """A one-time code for a place."""
        return (await kept(keeper).members.invite("admin", "", title=title, **more)).code

    async def join(self, who: Node, keeper: Node, code: str | None = None) -> Progress:
        """Join to the end, as the command does it."""
        code = code or await self.code(keeper, who.did.rpartition(":")[2].partition(".")[0])
        for _ in range(8):
            done = await who.trust.services.joining.go_on("admin", keeper.config.public_url, code)
            if done.joined:
                return done
        raise AssertionError(done)

    async def believe(self, who: Node, keeper: Node, **belief: Any) -> None:
        """Believe a region, its words compared."""
        standing = await kept(keeper).overview.look()
        await who.trust.services.regions.add(
            "admin", keeper.config.public_url, "", words=standing.words, belief=Belief(**belief)
        )
        await who.trust.services.vouched.refresh()


def url(name: str) -> str:
    return f"https://{name}.example"


def kept(keeper: Node) -> RegionServices:
    """The region that a node keeps."""
    found = keeper.trust.services.region
    assert found is not None
    return found


async def events(who: Node) -> list[str]:
    """What a node's log says has happened, in order."""
    return [msgspec.json.decode(one.body)["event"] for one in await who.store.read(lambda view: view.log(limit=1000))]


def regional(folder: Path, act: Callable[[Regional], Coroutine[Any, Any, None]]) -> None:
    """Run `act` among regions, on virtual time."""
    world(folder, lambda made: act(Regional(made)))
