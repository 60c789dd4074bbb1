"""Reading the catalogues of others, again and again: whose turn it is, how each went, and what people may ask.

What lives here: the crawls under way, what is known of each participant, hints. What does not: one crawl (`crawling`),
periods and back-off (`catalog.federation.plan`), who there is (`targets`), this node's own catalogue (`own`).

What was read is not passed on: other nodes are shown this node's own datasets and no others, whatever their terms say.
So nothing that somebody was shown in confidence can be had here, and nobody has to trust this node for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import structlog
from msgspec import Struct
from msgspec.structs import replace

from catalog.federation import plan
from catalog.federation.plan import SECOND, Periods
from catalog.index.engine import Index
from catalog.index.file import IndexFileError
from catalog.index.forms import Standing
from connector.errors import InputError, NodeError, StoreError
from connector.ports import Clock, Store
from connector.services.federation.crawling import Crawled, Crawling
from connector.services.federation.lanes import Lanes
from connector.services.federation.laying import Beside
from connector.services.federation.targets import Target, targets
from policies.model import Reason

T = TypeVar("T")
log = structlog.get_logger()
AT_ONCE: Final = 32
"""Crawls that are begun, of which few go on (`lanes`)."""
LOOKED: Final = 15.0
"""Seconds for which it is believed that participants are who they were, unless somebody says otherwise (`moved`)."""
WRITTEN: Final = 60.0
"""Seconds after which it is written down that somebody who has nothing new was asked again."""
DAY: Final = 86_400 * SECOND
TOMBSTONES: Final = 30 * DAY
SILENT: Final = DAY
"""After how long somebody who does not answer is worth a word."""


class Known(Struct, frozen=True, kw_only=True):
    """A participant and its catalogue, as people ask for it. `going`: it is being read now. `open`: it has failed so
    often that it is hardly asked any more."""

    target: Target
    standing: Standing
    going: bool
    open: bool


class Federation:
    """`own` is this node's DID; `stale` the days for which is shown what was not seen again; `draw` gives numbers from
    0 to 1; without `on` nobody is read."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        index: Index,
        crawling: Crawling,
        beside: Beside,
        own: str,
        periods: Periods,
        stale: float,
        draw: Callable[[], float],
        on: bool = True,
    ) -> None:
        self._store, self._clock, self._index, self._crawling = store, clock, index, crawling
        self._begun = clock.now()
        self._beside, self._own, self._periods, self._stale = beside, own, periods, stale
        self._draw, self._on = draw, on
        self._targets: Mapping[str, Target] = {}
        self._standings: dict[str, Standing] = {}
        self._going: dict[str, asyncio.Task[Standing]] = {}
        self._written: dict[str, int] = {}
        self._lanes = Lanes()
        self._loaded = -1
        self._until = -1.0

    # --- what goes on -------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Begin the crawls whose time has come, and forget those who are gone. Returns at once."""
        if not self._on:
            return
        await self._look()
        now = self._clock.now()
        ready = [one for one in self._targets if one not in self._going and plan.due(self._standing(one), now)]
        ready.sort(key=lambda one: self._standing(one).next)
        for participant in ready[: max(0, AT_ONCE - len(self._going))]:
            self._begin(self._targets[participant])

    async def sweep(self) -> None:
        """Take out what was not seen for long. Raises `StoreError`."""
        stale = round(self._stale * DAY)
        await self._indexed(self._index.sweep, self._clock.now(), stale, TOMBSTONES)

    def hint(self, participant: str) -> None:
        """It says that its catalogue has changed. Costs nothing, however often somebody says so."""
        if participant in self._targets:
            found = plan.hinted(self._standing(participant), self._clock.now(), self._periods)
            self._standings[participant] = found

    def moved(self) -> None:
        """Somebody has come or gone, or may be spoken to again or no longer."""
        self._until = -1.0

    async def crawl(self, peer: str) -> Known:
        """Read the catalogue of `peer` (name or DID) now, or wait for whoever does. Raises `InputError` `peer.unknown`,
        `catalog.off`; that it went wrong is in the standing."""
        if not self._on:
            raise InputError("catalog.off")
        await self._look()
        target = self._found(peer)
        await asyncio.shield(self._going.get(target.participant) or self._begin(target))
        return self._known(target)

    async def known(self) -> list[Known]:
        """Everybody whose catalogue is read, by name."""
        await self._look()
        return [self._known(one) for one in sorted(self._targets.values(), key=lambda one: one.name)]

    @property
    def participants(self) -> frozenset[str]:
        """Those whose catalogues are read."""
        return frozenset(self._targets)

    def silent(self) -> list[Known]:
        """Those who have not answered for a day, or since this node runs."""
        now = self._clock.now()
        every = (self._known(one) for one in self._targets.values())
        failing = (one for one in every if one.standing.failures)
        return [one for one in failing if now - max(one.standing.seen or 0, self._begun) > SILENT]

    def figures(self) -> list[tuple[str, float, dict[str, str]]]:
        """For monitoring: name, value, labels."""
        every = [self._standing(one) for one in self._targets]
        now = self._clock.now()
        ages = [(now - one.seen) / SECOND for one in every if one.seen is not None]
        return [
            ("catalog_peers", sum(not one.failures and one.seen is not None for one in every), {"state": "read"}),
            ("catalog_peers", sum(one.failures > 0 for one in every), {"state": "failing"}),
            ("catalog_peers", sum(not one.failures and one.seen is None for one in every), {"state": "waiting"}),
            ("catalog_datasets", sum(one.datasets for one in every), {}),
            ("catalog_oldest_seconds", max(ages, default=0.0), {}),
        ]

    def trouble(self) -> Reason | None:
        """What is wrong, for the node's health."""
        found = self.silent()
        if not found:
            return None
        names = ", ".join(one.target.name for one in found[:3])
        return Reason("catalog.silent", {"number": str(len(found)), "names": names})

    async def close(self) -> None:
        """Stop where each one is: what is not over has changed nothing."""
        going = list(self._going.values())
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    # --- one crawl ----------------------------------------------------------------------------------------------------

    def _begin(self, target: Target) -> asyncio.Task[Standing]:
        task = asyncio.get_running_loop().create_task(self._go(target))
        self._going[target.participant] = task
        task.add_done_callback(lambda _: self._going.pop(target.participant, None))
        return task

    async def _go(self, target: Target) -> Standing:
        """One crawl, and what is known of the participant after it. Never raises, but where it is cancelled."""
        async with self._lanes.turn():
            before, begun = self._standing(target.participant), self._clock.monotonic()
            try:
                crawled = await self._crawling.crawl(target, before)
            except (NodeError, IndexFileError) as error:
                reason = error.reason if isinstance(error, NodeError) else Reason("catalog.index")
                return await self._note(self._after_failure(target, reason))
            except Exception:
                log.exception("catalog.crawl_broken", peer=target.participant)
                return await self._note(self._after_failure(target, Reason("catalog.broken")))
            return await self._note(self._after(target, crawled, self._clock.monotonic() - begun))

    def _after(self, target: Target, crawled: Crawled, took: float) -> Standing:
        now, changed = self._clock.now(), crawled.changes > 0
        if crawled.wrong is not None and crawled.wrong.code == "catalog.contradicts":
            found = plan.failed(crawled.standing, now, crawled.wrong, jitter=self._draw(), periods=self._periods)
            found = replace(found, seen=now, changed=now if changed else found.changed)
        else:
            found = plan.asked(crawled.standing, now, took, changed=changed, jitter=self._draw(), periods=self._periods)
            if crawled.wrong is not None:
                found = replace(found, reason=crawled.wrong.code, params=dict(crawled.wrong.params))
        if changed:
            log.info("catalog.crawled", peer=target.participant, changes=crawled.changes, seconds=round(took, 2))
        return found

    def _after_failure(self, target: Target, reason: Reason) -> Standing:
        before = self._standing(target.participant)
        log.info("catalog.crawl_failed", peer=target.participant, code=reason.code, failures=before.failures + 1)
        return plan.failed(before, self._clock.now(), reason, jitter=self._draw(), periods=self._periods)

    async def _note(self, found: Standing) -> Standing:
        """Keep it; on disk where there is something new to say."""
        before, self._standings[found.participant] = self._standing(found.participant), found
        now = self._clock.now()
        quiet = (before.failures, before.reason, before.changed) == (found.failures, found.reason, found.changed)
        if quiet and now - self._written.get(found.participant, 0) < WRITTEN * SECOND:
            return found
        self._written[found.participant] = now
        try:
            await self._beside(self._write, found)
        except IndexFileError:
            log.warning("catalog.index_unwritable")
        return found

    def _write(self, found: Standing) -> None:
        with self._index.crawl(found.participant) as crawl:
            crawl.standing(found)

    # --- what is known ------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Who there is now. Whoever is gone is forgotten, and an index that was lost is filled again."""
        if self._loaded != self._index.lost:
            self._loaded = self._index.lost
            self._standings = {one.participant: one for one in await self._indexed(self._index.standings)}
        if self._clock.monotonic() < self._until:
            return
        self._until = self._clock.monotonic() + LOOKED
        now = self._clock.now()
        self._targets, waiting = await self._store.read(lambda view: targets(view, now))
        for participant in self._standings.keys() - self._targets.keys() - self._going.keys() - waiting - {self._own}:
            del self._standings[participant]
            await self._indexed(self._index.forget, participant)
            log.info("catalog.forgotten", peer=participant)

    async def _indexed(self, act: Callable[..., T], *given: Any) -> T:
        try:
            return await self._beside(act, *given)
        except IndexFileError:
            raise StoreError("catalog.index") from None

    def _standing(self, participant: str) -> Standing:
        return self._standings.get(participant) or Standing(participant=participant)

    def _found(self, peer: str) -> Target:
        for one in self._targets.values():
            if peer in (one.participant, one.name):
                return one
        raise InputError("peer.unknown", id=peer[:256])

    def _known(self, target: Target) -> Known:
        standing = self._standing(target.participant)
        return Known(
            target=target,
            standing=standing,
            going=target.participant in self._going,
            open=plan.open(standing, self._periods),
        )
