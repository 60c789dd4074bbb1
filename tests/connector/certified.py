"""A whole node that keeps a region, served over TLS on loopback; clients with and without certificates.

What lives here: starting it, requests over real connections. What does not: what is asked.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from connector import founding, node
from connector.config import load
from connector.node import Node
from connector.ports import Clock
from connector.system import SystemClock
from scripts.lib.ports import free_port
from tests.harness.authority import Authority

NAME = "Region Elbland"


class Region:
    """The node, its address, and what its own TLS certificate is judged by."""

    def __init__(self, one: Node, url: str, authority: Path, folder: Path) -> None:
        self.node, self.url, self.authority, self.folder = one, url, authority, folder

    async def code(self, role: str = "device", title: str = "Zählpunkt Brücke") -> str:
        """A one-time code."""
        assert self.node.trust.services.region is not None
        return (await self.node.trust.services.region.members.invite("admin", "", title=title, role=role)).code

    def context(self, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What a client connects with; `own` is a certificate (chain) and its key."""
        made = ssl.create_default_context(cafile=str(self.authority))
        if own is not None:
            made.load_cert_chain(*own)
        return made

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        own: tuple[Path, Path] | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request on a connection of its own."""
        connector = aiohttp.TCPConnector(ssl=self.context(own))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, self.url + path, data=body, headers=headers) as answer,
        ):
            return answer.status, answer.headers, await answer.read()


@asynccontextmanager
async def region(folder: Path, *, clock: Clock | None = None, **settings: Any) -> AsyncIterator[Region]:
    """A node with a region, running. `settings` are environment variables without their prefix."""
    authority = Authority(folder / "web")
    pair = authority.issue("localhost", "127.0.0.1")
    port = free_port()
    url, directory = f"https://localhost:{port}", folder / "node"
    founding.initialise(directory, url, public_port=port, management_port=free_port(), lab=True)
    founding.found_region(directory, NAME, now=(clock or SystemClock()).now(), credentials=None)
    environment = {
        "ALLMENDE_PUBLIC__TLS_CERTIFICATE": str(pair.certificate),
        "ALLMENDE_PUBLIC__TLS_KEY": str(pair.key),
        "ALLMENDE_NETWORK__EXTRA_CA": str(authority.certificate),
        **{f"ALLMENDE_{name.upper()}": value for name, value in settings.items()},
    }
    one = node.build(load(directory, environment), clock=clock)
    await one.start()
    try:
        yield Region(one, url, authority.certificate, folder)
    finally:
        await one.close()
