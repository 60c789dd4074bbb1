"""Those whom nobody here has looked at: who is admitted on a region's word.

What lives here: asking a stranger for its credentials and making a participant of it. What does not: proof of the DID
(`connector.identity.dcp`), what credentials are worth (`checking`, `certs.trust`), how long that stands (`standing`).
Source: DCP 1.0.1, Verifiable Presentation Protocol, as verifier.

INVARIANT: per DID one admission is under way; what it finds is told to all who wait. So many are under way in all, so
many wait, and a refusal is told again for a while without asking anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from hashlib import sha256
from typing import Any

import structlog
from msgspec.structs import replace

from certs import did as dids
from certs import jwk
from certs.did import DidError, Document
from certs.trust import MEMBERSHIP, Link, Verdict
from certs.words import fingerprint
from connector.errors import BusyError, NodeError, PeerError, RefusedError, UnauthenticatedError
from connector.ports import Clock, Documents, Reading, Store, Transaction
from connector.records import Barred, Entry, Participant, Presented, Region, SeenDocument
from connector.services.trust.asking import Asking
from connector.services.trust.checking import Checking, Found
from connector.services.trust.places import allowed_inside, at_home, root_of
from connector.services.trust.regions import MOST as MOST_REGIONS
from connector.services.trust.regions import short_name
from connector.services.trust.standing import NOT_ALLOWED, Standing, stand, vouch_of
from policies.model import Reason

log = structlog.get_logger()

SECOND = 1_000_000
AT_ONCE, WAITING = 16, 256
"""Admissions under way, and those that may wait for their turn."""
REFUSED_SECONDS = 30.0
SHOWN_SECONDS = 86_400.0
"""How old what somebody known has shown may be before it is asked again when it calls."""
MOST = 4_096
"""Refusals, and questions, that are remembered."""
MOST_PARTICIPANTS = 20_000
"""Participants of a node; nobody more is admitted on a region's word."""


class Admission:
    """See `identity.dcp.Parties`. `lab`: this is a laboratory node. `changed` is told the DID after every commit that
    changes what a participant may do; `counted` an outcome: `admitted` or `refused`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        documents: Documents,
        asking: Asking,
        checking: Checking,
        standing: Standing,
        lab: bool,
        changed: Callable[[str], None],
        counted: Callable[[str], None],
    ) -> None:
        self._store, self._clock, self._documents = store, clock, documents
        self._asking, self._checking, self._standing, self._lab = asking, checking, standing, lab
        self._changed, self._counted = changed, counted
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, tuple[float, PeerError]] = {}
        self._asked: dict[str, float] = {}

    async def renew(self, did: str, *, lacking: str = "", fresh: bool = False) -> None:
        """See `identity.dcp.Parties.renew`."""
        await self._standing.renew(did, lacking=lacking, fresh=fresh)

    def heard(self, did: str, grant: str) -> None:
        """See `identity.dcp.Parties.heard`. Once a day somebody known is asked what it has to show now."""
        self._standing.heard(did)
        asked = self._asked.get(did)
        due = asked is None or self._clock.monotonic() - asked >= SHOWN_SECONDS
        if grant and due and did not in self._under_way and len(self._under_way) < AT_ONCE:
            self._note_asked(did)
            self._begin(did, self._ask_again(did, grant))

    async def admit(self, document: Document, grant: str) -> None:
        """See `identity.dcp.Parties.admit`."""
        did = document.id
        since, error = self._refused.get(did, (0.0, None))
        if error is not None and self._clock.monotonic() - since < REFUSED_SECONDS:
            raise type(error)(error.reason.code, **error.reason.params)
        task = self._under_way.get(did) or self._begin(did, self._admit(document, grant))
        await asyncio.shield(task)

    def refused(self, did: str) -> Reason | None:
        """Why a stranger was refused when it called last, as long as that is remembered."""
        known = self._refused.get(did)
        return None if known is None else known[1].reason

    def forget(self) -> None:
        """Other regions are believed than before: whoever was refused is looked at again."""
        self._refused.clear()

    async def close(self) -> None:
        """Ask nobody any more."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- one admission ------------------------------------------------------------------------------------------------

    def _begin(self, did: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The one admission of a DID. Raises `BusyError` where there are too many of all."""
        if len(self._under_way) >= AT_ONCE + WAITING:
            work.close()
            raise BusyError("trust.busy", under_way=str(len(self._under_way)))
        task = self._under_way[did] = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda done: self._over(did, done))
        return task

    def _over(self, did: str, done: asyncio.Task[None]) -> None:
        """An admission has ended. Those who wait for it, if anybody still does, are told how."""
        self._under_way.pop(did, None)
        error = None if done.cancelled() else done.exception()
        if isinstance(error, PeerError):
            self._refused.pop(did, None)
            self._refused[did] = (self._clock.monotonic(), error)
            if len(self._refused) > MOST:
                del self._refused[next(iter(self._refused))]
            self._counted("refused")
            log.info("trust.refused", code=error.reason.code)

    async def _admit(self, document: Document, grant: str) -> None:
        async with self._turn:
            tokens = await self._asking.ask(document, grant, private=await self._private(document.id))
            found = await self._checking.judged(document.id, tokens)
        if not found.verdict.trusted:
            raise refusal(found.verdict)
        kept, other = await self._store.write(lambda tx: self._take(tx, document, tokens, found))
        self._refused.pop(document.id, None)
        self._note_asked(document.id)
        if other:
            self._counted("admitted")
            self._changed(kept.id)

    async def _ask_again(self, did: str, grant: str) -> None:
        """What somebody known shows now takes the place of what it has shown; a refusal takes nothing away."""
        known = await self._store.read(lambda view: view.get(Participant, did))
        if known is None:
            return
        try:
            await self._admit(await self._documents.document(did, url=known.url, private=known.private), grant)
        except (DidError, NodeError) as error:
            log.info("trust.nothing_new", peer=did, error=str(error)[:200])

    def _note_asked(self, did: str) -> None:
        self._asked.pop(did, None)
        self._asked[did] = self._clock.monotonic()
        if len(self._asked) > MOST:
            del self._asked[next(iter(self._asked))]

    async def _private(self, did: str) -> bool:
        """May its Credential Service be in a private network: as that was allowed for itself, or for a region."""
        known, inside = await self._store.read(lambda view: (view.get(Participant, did), _inside(view)))
        return inside if known is None else known.private

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _take(
        self, tx: Transaction, document: Document, tokens: Sequence[str], found: Found
    ) -> tuple[Participant, bool]:
        """The participant as it stands from now on with what it has shown, and whether that is something new."""
        # INVARIANT: whom an operator has removed, also a moment ago, no region brings back.
        if tx.get(Barred, document.id) is not None:
            raise RefusedError("trust.barred")
        now = self._clock.now()
        ends = min(one.ends for one in found.credentials)
        tx.put(Presented(id=document.id, tokens=tuple(tokens), at=now, until=ends))
        vouch = vouch_of(found.verdict, now, shown=now)
        if tx.get(Participant, document.id) is not None:
            stood, other = stand(tx, document.id, vouch, now)
            assert stood is not None
            return stood, other
        if tx.count(Participant) >= MOST_PARTICIPANTS:
            raise BusyError("trust.many", participants=str(MOST_PARTICIPANTS))
        kept = replace(self._new(tx, document, found, now), vouch=vouch, seen=now)
        tx.put(kept)
        tx.put(SeenDocument(id=kept.document, did=kept.id, body=document.body, at=now))
        params = {"peer": kept.id, "name": kept.name, "region": vouch.region, "words": kept.words}
        tx.record(Entry(event="peer.admitted", actor=kept.id, params=params))
        return kept, True

    def _new(self, view: Reading, document: Document, found: Found, now: int) -> Participant:
        """A participant made of its document and of what its region calls it."""
        region = found.believed.regions[found.verdict.region]
        keys, url = document.pinned(), dids.root(root_of(document.id))
        private = allowed_inside(url, region.private, self._lab)
        base = document.services.get("CatalogService", "").removesuffix("/catalog")
        return Participant(
            id=document.id,
            name=_free_name(view, short_name(_title(found), url)),
            url=url,
            base=base if self._lab or not private or at_home(document.id, base) else "",
            keys=keys,
            tokens=document.tokens,
            words=fingerprint(jwk.thumbprint(key) for key in keys.values()),
            added=now,
            added_by=region.id,
            private=private,
            document=sha256(document.body).hexdigest(),
            notices=document.notices if document.notices.startswith(url + "/") else "",
            credentials=document.services.get("CredentialService", ""),
            pinned=False,
        )


def refusal(verdict: Verdict) -> PeerError:
    """What somebody is answered who is not trusted: not proved, or proved and not allowed."""
    why = verdict.reason or Link("credentials", False, "trust.no_credentials")
    kind = RefusedError if why.what in NOT_ALLOWED else UnauthenticatedError
    return kind(why.code, **why.params)


def _inside(view: Reading) -> bool:
    return any(one.private for one in view.select(Region, limit=MOST_REGIONS))


def _title(found: Found) -> str:
    """What the region calls its member, "" where it does not say."""
    for one in found.credentials:
        name = one.claims.get("name")
        if one.issuer == found.verdict.region and MEMBERSHIP in one.types and isinstance(name, str):
            return name
    return ""


def _free_name(view: Reading, name: str) -> str:
    """A name that no participant has."""
    number, free = 1, name
    while view.find(Participant, name=free) is not None:
        number += 1
        free = f"{name}-{number}"
    return free
