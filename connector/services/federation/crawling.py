"""One crawl of one catalogue: what is asked in which order, what is believed of it, what becomes of it in the index.

What lives here: the two ways of reading, by manifest and page by page, and their bounds. What does not: the requests
(`asking`), what is in an answer (`datasets`), whose turn it is (`federation`, `catalog.federation.plan`).

INVARIANT: a crawl that does not come to its end changes nothing: neither does a partial answer delete what it does not
name, nor is half of a catalogue ever shown.
INVARIANT: bounded in datasets, bytes, answers and time, whatever the other side does; links are followed at its own
origin alone, and none twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from catalog.federation.manifest import Manifest
from catalog.federation.plan import Bounds
from catalog.index.engine import Index
from catalog.index.forms import Standing, Trust
from connector.errors import DeliveryError
from connector.ports import Clock
from connector.services.federation import asking
from connector.services.federation.apart import Reads
from connector.services.federation.asking import Asking
from connector.services.federation.datasets import Answer, Question
from connector.services.federation.laying import Beside, Laying
from connector.services.federation.targets import Target
from policies.model import Reason

ROUNDS: Final = 3
"""How often the manifest is asked for again because the catalogue has moved on meanwhile."""
BARREN: Final = 3
"""Pages in a row without anything new, after which there is taken to be no end."""


class Crawled(Struct, frozen=True):
    """How a crawl went: the standing after it, without its times; how many datasets are new, changed or gone; what is
    wrong although it came to its end."""

    standing: Standing
    changes: int = 0
    wrong: Reason | None = None


class Crawling:
    """`own` is this node's DID; `participants` gives those that it deals with itself."""

    def __init__(
        self,
        *,
        asks: Asking,
        reads: Reads,
        index: Index,
        beside: Beside,
        clock: Clock,
        participants: Callable[[], frozenset[str]],
        bounds: Bounds | None = None,
    ) -> None:
        self._asks, self._reads, self._index, self._beside = asks, reads, index, beside
        self._clock, self._participants, self._bounds = clock, participants, bounds or Bounds()

    async def crawl(self, target: Target, before: Standing) -> Crawled:
        """Read what has changed since `before`. Raises `DeliveryError`: nothing has changed here then."""
        try:
            async with asyncio.timeout(self._bounds.wait):
                endpoint = await self._asks.endpoint(target)
                if endpoint:
                    return await self._by_manifest(target, endpoint, before)
                return await self._by_pages(target, before)
        except TimeoutError:
            raise DeliveryError("catalog.too_long", seconds=str(round(self._bounds.wait))) from None

    # --- a node of ours -----------------------------------------------------------------------------------------------

    async def _by_manifest(self, target: Target, endpoint: str, before: Standing) -> Crawled:
        told = await self._asks.manifest(target, endpoint, "" if before.foreign else before.etag)
        if told is None:
            return Crawled(before)
        known = await self._beside(self._index.digests, target.participant)
        ways = [(0, Trust.SIGNED), (0, Trust.DOUBTFUL)]
        if before.root and known and told.manifest.sequence >= before.sequence:
            ways.insert(0, (before.sequence, Trust.SIGNED))
        for after, trust in ways:
            async with self._laying(target, known) as laying:
                # What was not signed until now, or is doubted, is written again, known or not.
                laying.known = laying.known if before.root and trust is Trust.SIGNED else b""
                if after == 0:
                    laying.begin_anew()
                reached = await self._feed(target, endpoint, after, trust, laying)
                found = told
                for _ in range(ROUNDS):
                    if reached == found.manifest.sequence:
                        break
                    again = await self._asks.manifest(target, endpoint, "")
                    found = again or found
                    reached = await self._feed(target, endpoint, reached, trust, laying)
                if after == 0:
                    laying.take_the_rest_for_gone()
                fits = found.manifest.fits(laying.digests())
                if fits or trust is Trust.DOUBTFUL:
                    standing = _after(before, target, endpoint, found.manifest, found.etag, fits)
                    wrong = None if fits else Reason("catalog.contradicts", {"peer": target.participant})
                    return Crawled(await laying.commit(standing), laying.changes, wrong)
        raise AssertionError

    def _laying(self, target: Target, known: Mapping[str, bytes]) -> Laying:
        return Laying(self._index, target.participant, known, beside=self._beside, clock=self._clock)

    async def _feed(self, target: Target, endpoint: str, after: int, trust: Trust, laying: Laying) -> int:
        """Read the feed to its end; to which number it came."""
        more = True
        while more:
            body = await self._asks.entries(target, endpoint, after)
            found = await self._read(
                target,
                laying,
                Question(
                    source=target.participant,
                    body=body,
                    now=self._clock.now(),
                    after=after,
                    trust=trust,
                    known=laying.known,
                ),
            )
            await laying.lay(found.found)
            after, more = found.sequence, found.more
        return after

    # --- any node -----------------------------------------------------------------------------------------------------

    async def _by_pages(self, target: Target, before: Standing) -> Crawled:
        known = await self._beside(self._index.digests, target.participant)
        open, seen, barren = [asking.first(target)], set[str](), 0
        async with self._laying(target, known) as laying:
            laying.begin_anew()
            while open:
                url = open.pop(0)
                if url in seen:
                    raise DeliveryError("catalog.loop")
                seen.add(url)
                body, following = await self._asks.page(target, url)
                found = await self._read(
                    target,
                    laying,
                    Question(
                        source=target.participant,
                        body=body,
                        now=self._clock.now(),
                        broker=target.broker,
                        known=laying.known,
                        participants=self._participants(),
                    ),
                )
                barren = 0 if await laying.lay(found.found) or not following else barren + 1
                if barren >= BARREN:
                    raise DeliveryError("catalog.loop")
                nested = [within for one in found.elsewhere if (within := asking.within(target, one))]
                laying.left_out += len(found.elsewhere) - len(nested)
                open = [*([following] if following else []), *open, *(one for one in nested if one not in seen)]
                if len(open) > self._bounds.catalogs:
                    raise DeliveryError("catalog.too_much", what="catalogs")
            laying.take_the_rest_for_gone()
            standing = replace(
                before, url=asking.first(target), foreign=True, sequence=0, etag="", root="", datasets=laying.count
            )
            return Crawled(await laying.commit(standing), laying.changes, laying.wrong())

    async def _read(self, target: Target, laying: Laying, question: Question) -> Answer:
        """What is in an answer, within the bounds. Raises `DeliveryError`."""
        laying.bytes += len(question.body)
        laying.pages += 1
        if laying.bytes > self._bounds.bytes or laying.pages > self._bounds.pages:
            raise DeliveryError("catalog.too_much", what="bytes")
        found = await self._reads.read(question)
        if found.wrong is not None:
            raise DeliveryError(found.wrong.code, **found.wrong.params)
        laying.left_out += found.left_out
        if laying.would_keep(found.found) > self._bounds.datasets:
            raise DeliveryError("catalog.too_much", what="datasets")
        return found


def _after(before: Standing, target: Target, endpoint: str, manifest: Manifest, etag: str, fits: bool) -> Standing:
    """Whoever does not show what it signs is read as a whole next time."""
    return replace(
        before,
        url=endpoint,
        foreign=False,
        sequence=manifest.sequence,
        etag=etag if fits else "",
        root=manifest.root if fits else "",
    )
