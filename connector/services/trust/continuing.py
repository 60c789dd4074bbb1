"""Whether participants are still who they were: looking at their documents, and what follows where keys are others.

What lives here: having documents and statements, keeping what was judged, holding contracts and letting them go on.
What does not: the judgement (`handover`), who may call (`connector.identity`), keys of ours.

INVARIANT: while nobody vouches for the keys that a participant shows, nothing is done with it: no call of its is
answered, nothing is sent to it, no data flows; its contracts are held and stay. A region is believed nothing meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import msgspec
import structlog
from msgspec.structs import replace

from certs import did as dids
from certs import handover, jwk
from certs.did import DidError, Document, Fetch
from certs.handover import Accepted, HandoverError
from certs.words import same
from connector.errors import InputError, NodeError, UnknownError
from connector.pages import every
from connector.ports import Caller, Clock, Documents, Reading, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.records import (
    Agreement,
    Entry,
    Notice,
    Participant,
    Reconciliation,
    Region,
    SeenDocument,
)
from connector.services.changes import Change, Changes
from connector.services.trust.handover import (
    CHANGED,
    Published,
    counting,
    judge_change,
    keep_statements,
    speaking,
    subject,
    vouching_keys,
    words_of,
)
from connector.services.trust.regions import known_region, known_words
from policies.model import Reason

log = structlog.get_logger()

LARGEST = 1_000_000
"""Bytes of a list of statements."""
AT_ONCE = 8


class Handovers:
    """Looks whether participants are still who they were. `changed` is told the DID after every commit that changes
    what is believed of one, before the call returns."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        documents: Documents,
        fetch: Fetch,
        changes: Changes,
        changed: Callable[[str], None],
    ) -> None:
        self._store, self._clock, self._documents, self._fetch = store, clock, documents, fetch
        self._changes, self._changed = changes, changed
        self._looking: dict[str, asyncio.Task[None]] = {}

    # --- looking ------------------------------------------------------------------------------------------------------

    async def look(self, id: str, *, fresh: bool = True) -> Participant | None:
        """Look at a participant's document now, and keep what follows; None where it is none.

        Raises `DidError`, `DeliveryError` and `BusyError` where the document cannot be had: then nothing has changed.
        """
        known = await self._store.read(lambda view: view.get(Participant, id))
        if known is None:
            return None
        return await self.taken(
            known, await self._documents.document(id, url=known.url, private=known.private, fresh=fresh)
        )

    async def taken(self, known: Participant, document: Document) -> Participant | None:
        """What is believed of a participant, now that its document is this; `changed` in it says if nothing is.

        Costs nothing where the document is the one that was seen before. Raises `StoreError`.
        """
        if known.changed is None and known.document == sha256(document.body).hexdigest():
            return known
        statements = await self._statements(known, document.pinned())
        kept = await self._store.write(lambda tx: self._judged(tx, known.id, document, statements))
        self._changed(known.id)
        return kept

    def heard(self, tx: Transaction, caller: Caller, notice: Notice) -> dict[str, str] | NodeError:
        """A participant says that its keys change: we look for ourselves once the transaction is committed."""
        if notice.about != caller.id:
            return UnknownError("notice.about")
        tx.after(lambda: self._look_soon(caller.id))
        return {}

    async def go_round(self) -> None:
        """Look at every participant, so that a domain that was taken over is noticed before something is sent there."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(id: str) -> None:
            async with turn:
                await self._quietly(id, fresh=False)

        peers = await self._store.read(lambda view: list(every(view, Participant)))
        await asyncio.gather(*(one(peer.id) for peer in peers))

    async def look_at_regions(self) -> None:
        """Look at every region that is believed: its keys too count only where they follow on those that are known."""
        for region in await self._store.read(lambda view: list(every(view, Region))):
            try:
                document = await self._documents.document(region.id, url=region.url, private=region.private)
                await self._region_taken(region, document)
            except (NodeError, DidError) as error:
                log.info("region.document_not_had", region=region.id, error=str(error))

    async def _region_taken(self, known: Region, document: Document) -> None:
        keys = counting(known, document)
        if known.changed is None and _same(known.keys, keys):
            return
        statements = await self._statements(known, keys)

        def act(tx: Transaction) -> None:
            now = tx.get(Region, known.id)
            if now is None:
                return
            judged = judge_change(now, document, statements, vouching_keys(tx, now))
            if isinstance(judged, Accepted):
                tx.put(_region_following(now, keys, judged.number))
                params = {"region": now.id, "title": now.title, "before": now.words, "words": words_of(keys)}
                tx.record(Entry(event="trust.keys_followed", actor=now.id, params=params))
            elif now.changed != judged:
                tx.put(replace(now, changed=judged))
                tx.record(
                    Entry(
                        event="trust.keys_changed",
                        actor=now.id,
                        params={"region": now.id, "title": now.title, **judged.params},
                    )
                )
                log.critical("trust.keys_changed", region=now.id, pinned=now.words, found=judged.params["found"])

        await self._store.write(act)
        self._changed("")

    async def close(self) -> None:
        """Look no more."""
        for task in tuple(self._looking.values()):
            task.cancel()
        await asyncio.gather(*self._looking.values(), return_exceptions=True)

    def _look_soon(self, id: str) -> None:
        if id not in self._looking:
            task = self._looking[id] = asyncio.get_running_loop().create_task(self._quietly(id, fresh=True))
            task.add_done_callback(lambda _: self._looking.pop(id, None))

    async def _quietly(self, id: str, *, fresh: bool) -> None:
        try:
            await self.look(id, fresh=fresh)
        except (NodeError, DidError) as error:
            log.info("peer.document_not_had", peer=id, error=str(error))

    # --- statements ---------------------------------------------------------------------------------------------------

    async def _statements(self, known: Participant | Region, found: Mapping[str, JsonObject]) -> list[str]:
        """What can be had about a change of keys: from the participant itself, and from the regions that may speak."""
        if _same(known.keys, found) and known.changed is None:
            return []
        regions = await self._store.read(lambda view: speaking(view, known))
        asked = [(f"{known.url.rstrip('/')}/keys", known.private)]
        asked += [(f"{one.url.rstrip('/')}/keys/{subject(known.id)}", one.private) for one in regions if one.url]
        told = await asyncio.gather(*(self.published(url, private) for url, private in asked))
        return [statement for one in told for statement in one]

    async def published(self, url: str, private: bool = False) -> tuple[str, ...]:
        """The statements that are published at a URL; none where they cannot be had."""
        try:
            body = await self._fetch.fetch(url, private=private, limit=LARGEST)
            return msgspec.json.decode(body, type=Published).statements
        except (NodeError, DidError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            log.info("keys.statements_not_had", url=url, error=str(error)[:200])
            return ()

    async def recalled(self, thumbprints: Sequence[str]) -> list[str]:
        """What participants and regions keep about our own keys, after a restore that is not settled with all of them;
        else nothing is asked."""
        if not await self._store.read(lambda view: view.count(Reconciliation, state="open")):
            return []
        near = await self._store.read(_places)
        urls = {(f"{url}/keys/{name}", private) for url, private in near for name in thumbprints}
        found = await asyncio.gather(*(self.published(url, private) for url, private in urls))
        return [statement for one in found for statement in one]

    # --- what follows -------------------------------------------------------------------------------------------------

    def _judged(self, tx: Transaction, id: str, document: Document, statements: Sequence[str]) -> Participant | None:
        known = tx.get(Participant, id)
        if known is None:
            return None
        judged = judge_change(known, document, statements, vouching_keys(tx, known))
        if isinstance(judged, Reason):
            return self._held(tx, known, judged)
        return self._goes_on(tx, known, document, judged, statements)

    def _held(self, tx: Transaction, known: Participant, why: Reason) -> Participant:
        """Nothing happens with this participant any more until somebody vouches or a person decides."""
        if known.changed == why:
            return known
        kept = replace(known, changed=why)
        tx.put(kept)
        count = 0
        for contract in _contracts(tx, known.id):
            if contract.held is None:
                tx.put(replace(contract, held=why))
                tx.after(_publishes(self._changes, contract.id))
                count += 1
        params = {"peer": known.id, **why.params, "contracts": str(count)}
        tx.record(Entry(event=CHANGED, actor=known.id, params=params))
        log.critical(CHANGED, peer=known.id, pinned=known.words, found=why.params["found"])
        return kept

    def _goes_on(
        self, tx: Transaction, known: Participant, document: Document, how: Accepted, statements: Sequence[str]
    ) -> Participant:
        """The keys of the document are the participant's from now on."""
        tx.put(_seen(document, self._clock.now()))
        kept = _following(known, document, how.number)
        if not _same(known.keys, kept.keys):
            params = {"peer": known.id, "name": known.name, "before": known.words, "words": kept.words}
            tx.record(Entry(event="peer.keys_followed", actor=known.id, params={**params, "by": " ".join(how.by)}))
            keep_statements(tx, known, statements, how.number, self._clock.now())
        self._release(tx, kept, known.id)
        tx.put(kept)
        return kept

    def _release(self, tx: Transaction, kept: Participant, actor: str) -> None:
        """Let the contracts go on that were held for the change of keys."""
        released = [one for one in _contracts(tx, kept.id) if one.held is not None and one.held.code == CHANGED]
        for contract in released:
            tx.put(replace(contract, held=None))
            tx.after(_publishes(self._changes, contract.id))
            tx.record(Entry(event="contract.released", actor=actor, params={"agreement": contract.id, "peer": kept.id}))

    # --- people -------------------------------------------------------------------------------------------------------

    async def accept(self, operator: str, peer: str, words: str) -> Participant:
        """A person has compared: the keys that `peer` (name or DID) shows now are its own.

        From now on they are pinned. Raises `UnknownError`, `InputError` `peer.words_form`, `peer.words` (it shows
        others), `peer.document`; `DeliveryError`.
        """
        known = await self._store.read(lambda view: _find(view, peer))
        told = known_words(words)
        document = await self._document(known)
        if not same(told, words_of(document.pinned())):
            raise InputError("peer.words", peer=known.id, told=told, found=words_of(document.pinned()))
        statements = await self.published(f"{known.url.rstrip('/')}/keys", known.private)

        def act(tx: Transaction) -> Participant:
            now = _find(tx, known.id)
            kept = replace(_following(now, document, _latest(known.id, statements, now.change)), pinned=True)
            tx.put(_seen(document, self._clock.now()))
            params = {"peer": known.id, "name": known.name, "before": now.words, "words": kept.words}
            tx.record(Entry(event="peer.keys_accepted", actor=operator, params=params))
            self._release(tx, kept, operator)
            tx.put(kept)
            return kept

        kept = await self._store.write(act)
        self._changed(kept.id)
        return kept

    async def accept_region(self, operator: str, region: str, words: str) -> Region:
        """A person has compared: the keys that a region (name or DID) shows now are its own. Raises as `accept`."""
        known = await self._store.read(lambda view: known_region(view, region))
        told, document = known_words(words), await self._document(known)
        keys = counting(known, document)
        if not same(told, words_of(keys)):
            raise InputError("peer.words", peer=known.id, told=told, found=words_of(keys))
        statements = await self.published(f"{known.url.rstrip('/')}/keys", known.private)

        def act(tx: Transaction) -> Region:
            now = known_region(tx, known.id)
            kept = _region_following(now, keys, _latest(known.id, statements, now.change))
            params = {"region": now.id, "title": now.title, "before": now.words, "words": kept.words}
            tx.record(Entry(event="trust.keys_accepted", actor=operator, params=params))
            tx.put(kept)
            return kept

        kept = await self._store.write(act)
        self._changed("")
        return kept

    async def _document(self, known: Participant | Region) -> Document:
        try:
            return await dids.resolve(self._fetch, known.url, private=known.private)
        except DidError as error:
            raise InputError("peer.document", url=known.url, why=error.code) from error


# --- parts ------------------------------------------------------------------------------------------------------------


def _following(known: Participant, document: Document, number: int) -> Participant:
    """A participant with the keys and places of its document."""
    notices = document.notices if document.notices.startswith(f"{known.url.rstrip('/')}/") else known.notices
    return replace(
        known,
        keys=document.pinned(),
        tokens=document.tokens,
        words=words_of(document.pinned()),
        document=sha256(document.body).hexdigest(),
        notices=notices,
        changed=None,
        change=number,
    )


def _region_following(known: Region, keys: Mapping[str, JsonObject], number: int) -> Region:
    return replace(known, keys=keys, words=words_of(keys), changed=None, change=number)


def _seen(document: Document, at: int) -> SeenDocument:
    return SeenDocument(id=sha256(document.body).hexdigest(), did=document.id, body=document.body, at=at)


def _contracts(view: Reading, peer: str) -> list[Agreement]:
    """The contracts with a participant that are in force."""
    return list(every(view, Agreement, peer=peer, in_force=True))


def _places(view: Reading) -> set[tuple[str, bool]]:
    """Where participants and regions are, and whether private addresses are allowed there."""
    found = [(one.url, one.private) for one in every(view, Participant)]
    found += [(one.url, one.private) for one in every(view, Region)]
    return {(url.rstrip("/"), private) for url, private in found if url}


def _publishes(changes: Changes, id: str) -> Callable[[], None]:
    return lambda: changes.publish(Change("agreement", id))


def _latest(id: str, statements: Sequence[str], number: int) -> int:
    """The highest number among a participant's statements: none of them can take it back to older keys."""
    for statement in statements:
        try:
            change = handover.read_change(statement)
        except HandoverError:
            continue
        number = max(number, change.number) if change.did == id else number
    return number


def _same(keys: Mapping[str, JsonObject], found: Mapping[str, JsonObject]) -> bool:
    """The same keys under the same ids."""
    return {id: jwk.thumbprint(key) for id, key in keys.items()} == {
        id: jwk.thumbprint(key) for id, key in found.items()
    }


def _find(view: Reading, peer: str) -> Participant:
    found = view.get(Participant, peer) if peer.startswith("did:") else view.find(Participant, name=peer)
    if found is None:
        raise UnknownError("peer.unknown", peer=peer[:256])
    return found
