"""How those stand whom a region vouches for: looked at again before the verdict on them ends.

What lives here: when a participant is looked at again, and what follows. What does not: admitting somebody
(`admission`), what credentials are worth (`checking`, `certs.trust`), keys that change (`handover`), what a refused
participant cannot do (`connector.identity`, `connector.data.gate`).

A verdict ends by itself: whoever is not judged again in time is refused, and serves again as soon as that is possible.
Those who call, or have transfers or contracts, are looked at before that, so that nobody waits. What was shown is kept:
the region is asked again, not the participant. A participant that was pinned stays one, whatever its credentials say;
they only add facts.

INVARIANT: per DID one look is under way; what it finds is told to all who wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from certs.did import DidError, Document
from certs.trust import Verdict
from connector.errors import NodeError
from connector.pages import every
from connector.ports import Clock, Documents, Reading, Store, Transaction
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Entry, Participant, Presented, Vouch
from connector.services.trust.checking import Checking
from policies.model import Reason

log = structlog.get_logger()

SECOND = 1_000_000
LOOKED_SECONDS = 15.0
"""How long after a look, at the earliest, there is another one only because somebody called."""
AT_ONCE = 16
MOST = 4_096
"""Looks and calls that are remembered."""
NOT_ALLOWED = frozenset({"issuer", "voucher", "type", "credentials", "membership"})
"""Links whose fault means: known, and not allowed. That of another one means that nothing is proved."""


class Hand(Protocol):
    """What becomes of a participant whose document is another (`handover`)."""

    async def taken(self, known: Participant, document: Document) -> Participant | None: ...


class Terms(Struct, frozen=True, kw_only=True):
    """Seconds: how long a verdict is used, a document, and how much longer while the document cannot be had."""

    recheck: float
    document: float
    stale: float


class Standing:
    """Looks again. `stands` is told a participant after every commit that only moves the ends of its verdict, `changed`
    its DID after every other one; `counted` an outcome: `lapsed` or `back`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        documents: Documents,
        checking: Checking,
        hand: Hand,
        terms: Terms,
        stands: Callable[[Participant], None],
        changed: Callable[[str], None],
        counted: Callable[[str], None],
    ) -> None:
        self._store, self._clock, self._documents = store, clock, documents
        self._checking, self._hand, self._terms = checking, hand, terms
        self._stands, self._changed, self._counted = stands, changed, counted
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._looked: dict[str, float] = {}
        self._active: dict[str, float] = {}
        self._rounds: set[asyncio.Task[None]] = set()

    def heard(self, did: str) -> None:
        """Somebody known has called."""
        self._active[did] = self._clock.monotonic()
        if len(self._active) > MOST:
            del self._active[next(iter(self._active))]

    # --- one participant ----------------------------------------------------------------------------------------------

    async def renew(self, did: str, *, lacking: str = "", fresh: bool = False) -> None:
        """Look at somebody known again: its document (`Documents.document`) and its credentials.

        What could not be found out is seen in the participant, whose verdict ends. Raises `StoreError`.
        """
        looked = self._looked.get(did)
        soon = looked is not None and self._clock.monotonic() - looked < min(LOOKED_SECONDS, self._terms.recheck / 4)
        task = self._looks.get(did)
        if task is None and soon and not (lacking or fresh):
            return
        if task is None:
            task = self._looks[did] = asyncio.get_running_loop().create_task(self._look(did, lacking, fresh, soon))
            task.add_done_callback(lambda _: self._looks.pop(did, None))
        await asyncio.shield(task)

    async def _look(self, did: str, lacking: str, fresh: bool, soon: bool) -> None:
        """INVARIANT: tokens that prove nothing have nobody judged, and nothing written, time and again."""
        if not soon:
            self._looked.pop(did, None)
            self._looked[did] = self._clock.monotonic()
            if len(self._looked) > MOST:
                del self._looked[next(iter(self._looked))]
        known = await self._store.read(lambda view: view.get(Participant, did))
        if known is not None:
            after, seen = await self._documented(known, lacking, fresh)
            if after is None or after.changed is not None or after.vouch is None:
                return
            if not soon or after != known:
                await self._judge(after, seen)

    async def _documented(self, known: Participant, lacking: str, fresh: bool) -> tuple[Participant | None, int]:
        """A participant as its document has it now, and when that was had; None where nothing of it may serve on."""
        try:
            document = await self._documents.document(
                known.id, url=known.url, private=known.private, lacking=lacking, fresh=fresh
            )
            return await self._hand.taken(known, document), document.at or self._clock.now()
        except (DidError, NodeError) as error:
            log.info("trust.document_not_had", peer=known.id, error=str(error)[:200])
            return (known if self._serves_on(known, error) else None), known.seen

    def _serves_on(self, known: Participant, error: Exception) -> bool:
        """May what is known of a document serve although it cannot be had now?"""
        if isinstance(error, DidError) and error.code != "did.document":
            return False
        bound = round((self._terms.document + self._terms.stale) * SECOND)
        return known.pinned or self._clock.now() < known.seen + bound

    async def _judge(self, known: Participant, seen: int) -> None:
        """What its credentials are worth now; everybody is told where that is something else than before."""
        presented = await self._store.read(lambda view: view.get(Presented, known.id))
        found = await self._checking.judged(known.id, presented.tokens if presented else ())
        vouch = vouch_of(found.verdict, self._clock.now(), shown=presented.at if presented else 0)
        kept, other = await self._store.write(lambda tx: stand(tx, known.id, vouch, seen))
        if kept is not None and other:
            self._counted("back" if vouch.refused is None else "lapsed")
            self._changed(kept.id)
        elif kept is not None:
            self._stands(kept)

    # --- all of them --------------------------------------------------------------------------------------------------

    async def look_ahead(self) -> None:
        """Look again at those whose verdict or document is past half of its time, where anything depends on it. To be
        called more often than that."""
        due = await self._store.read(lambda view: self._due(view, self._clock.now()))
        await self._each(due, lambda did: self.renew(did, fresh=True))

    def judge_soon(self) -> None:
        """Other regions are believed than before: whoever stands on one is judged now. Returns at once."""
        task = asyncio.get_running_loop().create_task(self._judge_all())
        self._rounds.add(task)
        task.add_done_callback(self._rounds.discard)

    async def _judge_all(self) -> None:
        await self._each([one.id for one in await self._store.read(_vouched)], self._judge_now)

    async def _judge_now(self, did: str) -> None:
        known = await self._store.read(lambda view: view.get(Participant, did))
        if known is not None and known.vouch is not None:
            await self._judge(known, known.seen)

    async def _each(self, dids: list[str], look: Callable[[str], Awaitable[None]]) -> None:
        async def one(did: str) -> None:
            async with self._turn:
                try:
                    await look(did)
                except NodeError as error:
                    log.warning("trust.not_looked", peer=did, code=error.reason.code)

        await asyncio.gather(*(one(did) for did in dids))

    def _due(self, view: Reading, now: int) -> list[str]:
        """Participants to look at, in the order of their ids."""
        judged = now + round(self._terms.recheck * SECOND / 2)
        seen = now - round(self._terms.document * SECOND / 2)
        past = [one.id for one in _vouched(view) if _end(one) <= judged or one.seen <= seen]
        return [did for did in past if self._matters(view, did)]

    def _matters(self, view: Reading, did: str) -> bool:
        """Has it called lately, is data flowing, is a contract in force?"""
        called = self._active.get(did)
        if called is not None and self._clock.monotonic() - called < 2 * self._terms.recheck:
            return True
        if view.find(Transfer, peer=did, state=TransferState.STARTED) is not None:
            return True
        return view.find(Agreement, peer=did, in_force=True) is not None

    async def close(self) -> None:
        """Look at nobody any more."""
        tasks = [*self._looks.values(), *self._rounds]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def vouch_of(verdict: Verdict, now: int, *, shown: int) -> Vouch:
    """A verdict as it is kept with a participant."""
    if verdict.trusted:
        return Vouch(
            region=verdict.region,
            checked=now,
            until=verdict.until,
            facts=verdict.facts,
            scopes=verdict.scopes,
            shown=shown,
        )
    why = verdict.reason
    refused = Reason("trust.no_credentials") if why is None else Reason(why.code, dict(why.params))
    proved = why is None or why.what in NOT_ALLOWED
    return Vouch(region="", checked=now, until=verdict.until, refused=refused, proved=proved, shown=shown)


def stand(tx: Transaction, did: str, vouch: Vouch, seen: int) -> tuple[Participant | None, bool]:
    """A participant under a new verdict, and whether that changes what it may do. None where it is none."""
    known = tx.get(Participant, did)
    if known is None:
        return None, False
    kept = replace(known, vouch=vouch, seen=max(seen, known.seen))
    tx.put(kept)
    before, refused = known.vouch, vouch.refused
    if before is not None and _said(before) == _said(vouch):
        return kept, False
    if before is None or (before.refused is None) != (refused is None):
        params = {"peer": did, "name": kept.name, "region": vouch.region or ("" if before is None else before.region)}
        if refused is not None:
            params["reason"] = refused.code
        tx.record(Entry(event="peer.vouched" if refused is None else "peer.refused", actor="node", params=params))
    return kept, True


def _said(vouch: Vouch) -> tuple[object, ...]:
    """What a verdict lets a participant do."""
    refused = None if vouch.refused is None else vouch.refused.code
    return refused, vouch.region, vouch.facts, vouch.scopes


def _vouched(view: Reading) -> list[Participant]:
    """Every participant that was judged and whose keys are not in doubt."""
    return [one for one in every(view, Participant) if one.vouch is not None and one.changed is None]


def _end(one: Participant) -> int:
    return 0 if one.vouch is None else one.vouch.until
