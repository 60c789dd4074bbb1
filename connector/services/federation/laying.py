"""What one crawl has found, laid aside in the index until it is shown at once.

What lives here: counting what was told of, what is gone, and whether that is all. What does not: the network
(`crawling`), how the index keeps it (`catalog.index`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from catalog.index.crawling import Crawl
from catalog.index.engine import Index
from catalog.index.file import FullError
from catalog.index.forms import Standing
from connector.errors import DeliveryError
from connector.ports import Clock
from connector.services.federation.datasets import Found
from policies.model import Reason

T = TypeVar("T")


class Beside(Protocol):
    """Calls something that blocks, where it does not hold up the event loop."""

    def __call__(self, act: Callable[..., T], /, *given: Any) -> Awaitable[T]: ...


class Laying:
    """What one crawl lays aside, until it is shown at once."""

    def __init__(self, index: Index, source: str, before: Mapping[str, bytes], *, beside: Beside, clock: Clock) -> None:
        self._index, self._source, self._beside, self._clock = index, source, beside, clock
        self._before, self._told, self._gone = dict(before), dict[str, bytes](), set[str]()
        self._kept = set(before)
        self.known = b"".join(before.values())
        self.bytes = self.pages = self.left_out = self.changes = 0

    async def __aenter__(self) -> Laying:
        self._crawl: Crawl = self._index.crawl(self._source)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(asyncio.ensure_future(self._beside(self._crawl.abort)))

    @property
    def count(self) -> int:
        """Datasets that it will have told of."""
        return len(self._told)

    def begin_anew(self) -> None:
        """All of it is told again: what was known before does not count until it is told of."""
        self._kept.clear()

    def would_keep(self, found: tuple[Found, ...]) -> int:
        """How many datasets of the source would be known with these: what is kept is bounded, not what one crawl
        has brought."""
        gone = {one.id for one in found if one.gone}
        fresh = {one.id for one in found if not one.gone}
        return len(self._kept) - len(gone & self._kept) + len(fresh - self._kept)

    def digests(self) -> dict[str, str]:
        """What will be known of the source, by id."""
        return {id: digest.hex() for id, digest in self._all().items()}

    def _all(self) -> dict[str, bytes]:
        return {id: digest for id, digest in {**self._before, **self._told}.items() if id not in self._gone}

    async def lay(self, found: tuple[Found, ...]) -> bool:
        """Lay datasets aside; was one of them not told of before?"""
        fresh = any(one.id not in self._told and not one.gone for one in found)
        for one in found:
            if one.gone:
                self._told.pop(one.id, None)
                self._kept.discard(one.id)
                self._gone.add(one.id)
            else:
                self._told[one.id] = one.digest
                self._kept.add(one.id)
                self._gone.discard(one.id)
        await self._beside(self._lay, found)
        return fresh

    def _lay(self, found: tuple[Found, ...]) -> None:
        now = self._clock.now()
        for one in found:
            if one.gone:
                self._crawl.gone(one.id, now)
            elif one.row is not None:
                self._crawl.lay(one.row)
        self.changes += sum(one.gone or one.row is not None for one in found)

    def take_the_rest_for_gone(self) -> None:
        """Everything was told of: what was not is there no longer."""
        now = self._clock.now()
        for id in self._before.keys() - self._told.keys() - self._gone:
            self._crawl.gone(id, now)
            self._gone.add(id)
            self.changes += 1

    def wrong(self) -> Reason | None:
        """What was left out."""
        return Reason("catalog.left_out", {"number": str(self.left_out)}) if self.left_out else None

    async def commit(self, standing: Standing) -> Standing:
        """Show all of it. Raises `DeliveryError` where that is more than is kept of one source, `IndexFileError`."""
        seen = replace(standing, seen=self._clock.now(), datasets=len(self._all()))
        self._crawl.standing(seen)
        try:
            await self._beside(self._crawl.commit)
        except FullError:
            raise DeliveryError("catalog.too_much", what="bytes") from None
        return seen
