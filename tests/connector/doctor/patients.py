"""Nodes to be examined: made in a folder, run or stopped, with a proxy in front and a neighbour where it takes them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from connector import config, founding, node
from connector.config import Config
from connector.doctor.examination import of_directory
from connector.http.road import Road
from connector.node import Node
from connector.ports import Clock
from connector.system import SystemClock, SystemIds
from policies.model import Reason
from scripts.lib.ports import free_port
from tests.connector.doctor.fronts import Front, fronted
from tests.harness.authority import Authority, Pair


class Shifted(SystemClock):
    """The machine's clock, set wrong by some seconds."""

    def __init__(self, seconds: float) -> None:
        self._shift = round(seconds * 1e6)

    def now(self) -> int:
        """As the port says."""
        return super().now() + self._shift


class Patient:
    """A node in `folder / "node"`, at `https://localhost:PORT/city` behind a proxy unless told otherwise."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder, self.directory = folder, folder / "node"
        self.port, self.front_port = free_port(), free_port()
        self.authority = Authority(folder / "ca")
        self.url = url or f"https://localhost:{self.front_port}/city"
        self.environment = {"ALLMENDE_NETWORK__EXTRA_CA": str(self.authority.certificate)}
        lab = "localhost" in self.url or "127.0.0.1" in self.url
        founding.initialise(self.directory, self.url, public_port=self.port, management_port=0, lab=lab)
        self.clock: Clock = SystemClock()

    @property
    def config(self) -> Config:
        """The settings as they are now."""
        return config.load(self.directory, self.environment)

    def rewrite(self, old: str, new: str) -> None:
        """Change the settings file."""
        path = self.directory / "allmende.toml"
        text = path.read_text()
        assert old in text, text
        path.write_text(text.replace(old, new))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Node]:
        """The node itself, without a proxy."""
        made = node.build(self.config, clock=self.clock)
        made.road = Road(peer=made.client, context=made.client.context, patience=1.0)
        made.doctor._around._road = made.road
        made.reflection._patience = 0.5
        try:
            await made.start()
            yield made
        finally:
            await made.close()

    @asynccontextmanager
    async def served(self, front: Front | None = None, pair: Pair | None = None) -> AsyncIterator[Node]:
        """The node behind its proxy."""
        async with AsyncExitStack() as stack:
            made = await stack.enter_async_context(self.running())
            context = (pair or self.authority.issue()).context
            await stack.enter_async_context(fronted(front or Front(self.port), context, self.front_port))
            yield made

    async def ran(self) -> None:
        """Run once and stop, so that there is a database with a log."""
        async with self.running():
            pass

    async def stopped(self) -> list[str]:
        """The findings of the stopped node."""
        examined = await of_directory(self.directory, self.environment, clock=self.clock, ids=SystemIds())
        assert not examined.running
        return codes(examined.findings)

    def copy(self, to: str) -> Path:
        """The node's directory as it is now, elsewhere."""
        return Path(shutil.copytree(self.directory, self.folder / to))


def codes(findings: Any) -> list[str]:
    """What was found, in order."""
    assert all(isinstance(one, Reason) for one in findings)
    return [one.code for one in findings]


async def examined(made: Node) -> list[str]:
    """The findings of a running node."""
    done = await made.doctor.examine()
    assert done.running
    return codes(done.findings)


@asynccontextmanager
async def neighbour(folder: Path, made: Node, *, knows: bool = True) -> AsyncIterator[Node]:
    """Another node, pinned by the first as `utility`; it pins the first one as `city`."""
    directory, port = folder / "utility", free_port()
    if not directory.exists():
        founding.initialise(directory, f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
    environment = {"ALLMENDE_NETWORK__EXTRA_CA": str(folder / "ca" / "authority.pem")}
    other = node.build(config.load(directory, environment))
    await other.start()
    try:
        await made.peers.add("test", other.config.public_url, "utility", private=True)
        if knows:
            await other.peers.add("test", made.config.public_url, "city", private=True)
        yield other
    finally:
        await other.close()
