"""What tests of readers of web services share: what a reader is made with, and the hooks of the contract's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest

from connector.data.ports import Around, Reader
from connector.data.queries import holding
from connector.data.queries.model import Condition, Pushed, Query, Selection, Shape, Work
from connector.data.silos import secrets
from connector.errors import SourceError
from connector.http.client import HttpPeer
from connector.records import Silo
from connector.system import SystemClock
from policies.transforms import Schema
from tests.harness.proxy import Proxy
from tests.ports.reader import WRONG, ReaderContract, decoded, whole
from tests.servers.meddling import Meddler


@asynccontextmanager
async def around() -> AsyncIterator[Around]:
    """What a reader is made with: a client that may go to loopback."""
    peer = HttpPeer(inner=True)
    try:
        yield Around(clock=SystemClock(), peer=peer, secret=secrets.reading(None))
    finally:
        await peer.close()


def silo_of(kind: str, url: str, **settings: Any) -> Silo:
    """A silo."""
    return Silo(id="geo", kind=kind, settings={"url": url, **settings}, created=0, created_by="test")


class WebReaderContract(ReaderContract):
    """The contract's hooks for a real web service with a meddler before it; `silo` goes through the meddler."""

    meddler: Meddler

    @pytest.fixture(autouse=True)
    async def _between(self, meddler: Meddler) -> None:
        self.meddler = meddler

    async def overload(self, status: int, retry_after: str) -> None:
        self.meddler.refusals.append((status, {"Retry-After": retry_after}))

    async def skew(self, seconds: float) -> None:
        self.meddler.ahead = seconds

    async def asked(self) -> list[str]:
        told, self.meddler.asked = self.meddler.asked, []
        return told

    async def busy(self) -> int:
        return await self.meddler.idle()

    def proxied(self) -> AbstractAsyncContextManager[tuple[Proxy, Silo]]:
        return self._proxied()

    @asynccontextmanager
    async def _proxied(self) -> AsyncIterator[tuple[Proxy, Silo]]:
        proxy = Proxy(self.meddler.port)
        await proxy.start()
        try:
            yield proxy, self.through(proxy.port)
        finally:
            await proxy.close()

    @pytest.mark.parametrize("reset", [False, True])
    async def test_a_body_that_is_cut_never_looks_whole(
        self, reader: Reader, silo: Silo, selection: Selection, reset: bool
    ) -> None:
        """As the contract's, for answers in pages: each page is cut."""
        async with self.proxied() as (proxy, behind):
            shape = await reader.describe(behind, selection)
            proxy.faults.reset = reset
            for cut in (1, 150, 2_000, 10_000):
                proxy.faults.cut_reply = cut
                with pytest.raises(SourceError) as caught:
                    await whole(reader, behind, selection, shape)
                assert caught.value.reason.code in WRONG
            proxy.faults.cut_reply = None
            assert await whole(reader, behind, selection, shape)

    def through(self, port: int) -> Silo:
        """The silo behind another port of loopback."""
        raise NotImplementedError


async def rows(reader: Any, silo: Silo, selection: Selection, shape: Shape, where: Condition | None) -> list[Any]:
    """What a reader gives for a condition pushed down, before anything is done at the node."""
    split = reader.split(silo, shape, Work(query=Query(where=where)))
    pushed: Pushed = msgspec.structs.replace(split.pushed, fields=tuple(one.name for one in shape.fields))
    body = await whole(reader, silo, selection, shape, pushed)
    return decoded(shape, body, pushed.fields)


def kept(shape: Shape, given: Sequence[Any], condition: Condition) -> list[Any]:
    """Of flat rows those that a condition holds of, in the order of their text."""
    flat = msgspec.structs.replace(shape, features=False)
    holds = holding.holds(condition, flat, Schema(tree=True))
    return sorted((row for row in given if holds(row)), key=repr)
