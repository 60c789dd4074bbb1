"""A participant goes on under another DID: towns merge, a domain is given up. Its contracts move where both agree.

What lives here: the three who take part. Who leaves signs that another one goes on with its contracts (`propose`); who
takes over signs the same and takes the contracts (`begin`); who has contracts with them is told, and a person there
decides (`agree`, `decline`). What does not: the statement (`certs.handover`), the calls (`connector.http.succession`),
ending what the one that leaves still has.

What was agreed stays as it was signed: a contract that has moved keeps its text, its hash and its letters, and says
under which DID each side stands in it; its policy is judged as if the successor were named there. INVARIANT: no
contract moves on anybody's word but that of the leaving side, or its region, together with the successor's, and only
when a person of the other side has agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from certs import handover, jwk
from certs.handover import Both, HandoverError, Succession
from certs.jwk import PublicKey
from certs.keys import NodeKeys
from connector.errors import DeliveryError, InputError, NodeError, RefusedError, UnknownError
from connector.pages import every
from connector.ports import Caller, Clock, Identity, Peer, Reading, Store, Transaction
from connector.protocol.messages import TransferState
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Agreement, Asset, Barred, Entry, Handover, Notice, Participant, SeenDocument, Signed
from connector.services.changes import Change, Changes
from connector.services.intake import admit
from connector.services.notices import Notices
from connector.services.peers import Peers, Sighting
from connector.services.proof.correspondence import letters
from connector.services.proof.settling import Settling
from connector.services.trust.handover import vouching_keys, words_of
from policies.model import Reason

ANNOUNCED, AGREED = "succession.announced", "succession.agreed"
"""Notices: to those who have contracts, and of one of them that it has agreed."""
WAITING = "succession.waiting"
"""Code of `Agreement.held` at the successor until the other side has agreed."""
PAGE = 20
MOST_USES = 1_000_000
DEADLINE = 30.0


class Taking(Struct, frozen=True, kw_only=True):
    """Body of `POST {url}/succession`, by the successor: its signature, and behind which contract to go on."""

    taking: Annotated[str, Meta(max_length=handover.MAX_STATEMENT)]
    after: Annotated[str, Meta(max_length=512)] = ""


class Moved(Struct, frozen=True, kw_only=True):
    """A contract with all that belongs to it. `uses` is how many have been counted. Of `asset` the successor believes
    what it is called: where its data are, it decides for itself."""

    contract: Agreement
    negotiation: Negotiation | None = None
    letters: tuple[Signed, ...] = ()
    asset: Asset | None = None
    uses: Annotated[int, Meta(ge=0, le=MOST_USES)] = 0


class Page(Struct, frozen=True, kw_only=True):
    """Answer to `Taking`: contracts in their order, the other sides of them, documents as they were seen, and whether
    there are more."""

    contracts: tuple[Moved, ...]
    peers: tuple[Participant, ...] = ()
    documents: tuple[SeenDocument, ...] = ()
    more: bool = False


class Successions:
    """Each of the three. `did` is our own; `changed` is told the DID after every commit that changes a participant."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        peer: Peer,
        identity: Identity,
        peers: Peers,
        notices: Notices,
        settling: Settling,
        changes: Changes,
        keys: NodeKeys,
        did: str,
        changed: Callable[[str], None],
    ) -> None:
        self._store, self._clock, self._peer, self._identity = store, clock, peer, identity
        self._peers, self._notices, self._settling, self._changes = peers, notices, settling, changes
        self._keys, self._did, self._changed = keys, did, changed
        notices.handlers[ANNOUNCED] = self._announced
        notices.handlers[AGREED] = self._was_agreed

    async def list(self) -> list[Handover]:
        """All successions that are known here, ours and others'."""
        return await self._store.read(lambda view: list(every(view, Handover)))

    # --- who leaves ---------------------------------------------------------------------------------------------------

    async def propose(self, operator: str, peer: str) -> Handover:
        """Say that a peer of ours goes on with our contracts; nothing moves before it has signed too.

        Raises `UnknownError` `peer.unknown`; `InputError` `succession.done`, and as `Peers.look`.
        """
        successor = await self._peers.get(peer)
        seen = await self._peers.look(successor.url, private=successor.private)
        if words_of(seen.keys) != successor.words:
            raise InputError("peer.keys_changed", name=successor.name, pinned=successor.words, found=seen.words)
        key, name = self._keys.signing()
        said = Succession(
            did=self._did, successor=successor.id, url=successor.url, keys=_named(seen.keys), at=self._clock.now()
        )
        both = Both(leaving=handover.sign_succession(key, f"{self._did}#{name}", said))

        def act(tx: Transaction) -> Handover:
            known = tx.get(Handover, self._did)
            if known is not None and known.state == "agreed":
                raise InputError("succession.done", successor=known.successor)
            made = _kept(said, both, "proposed", ours=True, at=said.at)
            tx.put(made)
            tx.record(Entry(event="succession.proposed", actor=operator, params=_told(said)))
            return made

        return await self._store.write(act)

    def published(self, view: Reading) -> str:
        """What everybody may read about our own succession; "" where there is none."""
        known = view.get(Handover, self._did)
        return "" if known is None else known.statement

    async def hand_over(self, caller: Caller, asked: Taking) -> Page:
        """The successor takes: note its signature, tell those who have contracts with us, and give them to it.

        Raises `RefusedError` `succession.not_you`; `UnauthenticatedError`.
        """

        def act(tx: Transaction) -> Page | NodeError:
            admit(tx, caller)
            known = tx.get(Handover, self._did)
            if known is None or known.successor != caller.id:
                return RefusedError("succession.not_you")
            if known.state != "agreed" and (wrong := self._taken(tx, known, asked.taking)) is not None:
                return wrong
            return _page(tx, asked.after)

        page = await self._store.write(act)
        if isinstance(page, NodeError):
            raise page
        return page

    def _taken(self, tx: Transaction, known: Handover, taking: str) -> NodeError | None:
        both = replace(_both(known), taking=taking)
        try:
            said = handover.succession(both, self._own_keys())
        except HandoverError as error:
            return RefusedError(error.code)
        tx.put(replace(known, state="agreed", statement=_text(both)))
        tx.record(Entry(event="succession.taken", actor=said.successor, params=_told(said)))
        params = {"leaving": both.leaving, "taking": both.taking}
        for id in sorted({one.peer for one in every(tx, Agreement, in_force=True)} - {said.successor}):
            self._notices.tell(tx, id, self._did, ANNOUNCED, params)
        return None

    def _own_keys(self) -> dict[str, PublicKey]:
        return {f"{self._did}#{one.name}": jwk.read(one.jwk) for one in self._keys.ring.of("token") if not one.revoked}

    # --- who takes over -----------------------------------------------------------------------------------------------

    async def begin(self, operator: str, peer: str) -> int:
        """Go on with the contracts of a peer that has said so; how many are here. May be called again.

        They are held until the other side of each has agreed. Raises `UnknownError`; `InputError` `succession.none`
        (it has not said so); `DeliveryError`; `RefusedError` as the peer refuses.
        """
        leaving = await self._peers.get(peer)
        said, both = await self._statement(leaving)
        key, name = self._keys.signing()
        own = f"{self._did}#{name}"
        signed = replace(both, taking=handover.sign_succession(key, own, said))
        count, after, more = 0, "", True
        while more:
            page = await self._ask(leaving, Taking(taking=signed.taking, after=after))
            await self._store.write(partial(self._take, operator=operator, said=said, both=signed, page=page))
            count += len(page.contracts)
            more, after = page.more and bool(page.contracts), page.contracts[-1].contract.id if page.contracts else ""
        self._changed("")
        return count

    async def _statement(self, leaving: Participant) -> tuple[Succession, Both]:
        """What the peer has said, by its own keys, about us. Raises `InputError`, `DeliveryError`."""
        url = f"{leaving.url.rstrip('/')}/succession"
        reply = await self._peer.send("GET", url, private=leaving.private, deadline=DEADLINE)
        try:
            both = msgspec.json.decode(reply.body, type=Both)
            may = {id: jwk.read(leaving.keys[id]) for id in leaving.tokens}
            said = handover.succession(both, may, taking=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, HandoverError, jwk.JwkError):
            raise InputError("succession.none", peer=leaving.name) from None
        shown = {f"{self._did}#{id}" for id in self._keys.published()}
        if (said.did, said.successor) != (leaving.id, self._did) or shown != {str(one["kid"]) for one in said.keys}:
            raise InputError("succession.none", peer=leaving.name)
        return said, both

    async def _ask(self, leaving: Participant, asked: Taking) -> Page:
        reply = await self._peer.send(
            "POST",
            f"{leaving.url.rstrip('/')}/succession",
            authorization=await self._identity.token(leaving.id),
            body=msgspec.json.encode(asked),
            private=leaving.private,
            deadline=DEADLINE,
        )
        if reply.status != 200:
            raise DeliveryError("succession.answer", peer=leaving.name, status=str(reply.status))
        try:
            return msgspec.json.decode(reply.body, type=Page)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise DeliveryError("succession.answer", peer=leaving.name, status="200") from None

    def _take(self, tx: Transaction, operator: str, said: Succession, both: Both, page: Page) -> None:
        if tx.get(Handover, said.did) is None:
            tx.put(_kept(said, both, "agreed", ours=True, at=self._clock.now(), by=operator))
            tx.record(Entry(event="succession.begun", actor=operator, params=_told(said)))
        for document in page.documents:
            # INVARIANT: what is here as evidence is never replaced by what somebody else sends.
            if document.id == sha256(document.body).hexdigest() and tx.get(SeenDocument, document.id) is None:
                tx.put(document)
        for peer in page.peers:
            self._take_peer(tx, said, peer, {one.contract.peer for one in page.contracts})
        for one in page.contracts:
            self._take_contract(tx, said, one)

    def _take_peer(self, tx: Transaction, said: Succession, peer: Participant, sides: set[str]) -> None:
        """The other side of a contract is known by the keys that the leaving side knew it by; what operators there have
        decided about it besides, they have not decided here."""
        if peer.id not in sides - {self._did} or tx.get(Participant, peer.id) is not None:
            return
        if tx.get(Barred, peer.id) is not None:
            return  # whom an operator here keeps out stays out
        leaving = tx.get(Participant, said.did)
        private = peer.private and leaving is not None and leaving.private
        kept = replace(peer, name=_free(tx, peer.name), added_by=said.did, private=private, facts={}, signs=0)
        tx.put(replace(kept, vouch=None))
        tx.record(Entry(event="peer.added", actor=said.did, params={"peer": peer.id, "words": peer.words}))

    def _take_contract(self, tx: Transaction, said: Succession, one: Moved) -> None:
        """A contract of the leaving side's is ours, held; one that is here already is left alone."""
        contract = one.contract
        if one.asset is not None and one.asset.id == contract.dataset:
            _take_asset(tx, said, one.asset)
        if tx.get(Agreement, contract.id) is not None or contract.peer == self._did:
            return
        held = Reason(WAITING, {"peer": contract.peer})
        tx.put(replace(contract, own=contract.own or said.did, held=contract.held or held))
        if one.negotiation is not None and one.negotiation.id == contract.negotiation:
            _take_letters(tx, one.negotiation, one.letters)
        for _ in range(one.uses - tx.drawn(f"uses:{contract.id}")):
            tx.draw(f"uses:{contract.id}")
        params = {"agreement": contract.id, "peer": contract.peer, "from": said.did, "to": said.successor}
        tx.record(Entry(event="contract.moved", actor=said.did, params=params))

    def _was_agreed(self, tx: Transaction, caller: Caller, notice: Notice) -> Mapping[str, str] | NodeError:
        """The other side of contracts has agreed: they go on with us."""
        known = tx.get(Handover, notice.about)
        if known is None or known.successor != self._did:
            return UnknownError("notice.about")
        for contract in tx.select(Agreement, peer=caller.id, in_force=True, limit=10_000):
            if contract.own == known.id and contract.held is not None and contract.held.code == WAITING:
                tx.put(replace(contract, held=None))
                tx.after(partial(self._changes.publish, Change("agreement", contract.id)))
                params = {"agreement": contract.id, "peer": caller.id}
                tx.record(Entry(event="contract.released", actor=caller.id, params=params))
        return {}

    # --- who has contracts with them ----------------------------------------------------------------------------------

    def _announced(self, tx: Transaction, caller: Caller, notice: Notice) -> Mapping[str, str] | NodeError:
        """A participant says that it goes on under another DID; a person decides."""
        both = Both(leaving=notice.params.get("leaving", ""), taking=notice.params.get("taking", ""))
        known = tx.get(Participant, notice.about)
        if known is None:
            return UnknownError("notice.about")
        try:
            said = handover.succession(both, _may_leave(tx, known))
        except HandoverError as error:
            return RefusedError(error.code)
        if said.did != known.id or caller.id not in (said.did, said.successor):
            return UnknownError("notice.about")
        before = tx.get(Handover, said.did)
        if before is None or before.state == "declined":
            tx.put(_kept(said, both, "proposed", ours=False, at=notice.created))
            tx.record(Entry(event="succession.announced", actor=caller.id, params=_told(said)))
        return {}

    async def agree(self, operator: str, old: str) -> Handover:
        """Go on with the successor: the contracts with `old` (name or DID) are its from now on, and it is a peer.

        Its keys are those that both have signed. Raises `UnknownError` `succession.unknown`; `InputError`
        `succession.keys` (it shows others now), `succession.decided`, `trust.barred`, and as `Peers.look`;
        `DeliveryError`.
        """
        known = await self._proposed(old)
        said = handover.succession(_both(known), await self._store.read(lambda view: _may(view, known.id)))
        leaving = await self._store.read(lambda view: view.get(Participant, known.id))
        private = leaving is not None and leaving.private
        seen = await self._peers.look(said.url, private=private)
        signed = {str(one["kid"]): jwk.thumbprint(one) for one in said.keys}
        if seen.did != said.successor or {id: jwk.thumbprint(key) for id, key in seen.keys.items()} != signed:
            raise InputError("succession.keys", successor=said.successor)
        done = await self._store.write(partial(self._move, operator=operator, said=said, seen=seen, private=private))
        self._changed(said.successor)
        return done

    async def decline(self, operator: str, old: str) -> Handover:
        """Do not go on with the successor: the contracts stay with `old`. Raises as `agree`."""
        known = await self._proposed(old)

        def act(tx: Transaction) -> Handover:
            kept = replace(known, state="declined", decided_by=operator)
            tx.put(kept)
            params = {"from": known.id, "to": known.successor}
            tx.record(Entry(event="succession.declined", actor=operator, params=params))
            return kept

        return await self._store.write(act)

    async def _proposed(self, old: str) -> Handover:
        def act(view: Reading) -> Handover | None:
            named = view.find(Participant, name=old)
            return view.get(Handover, old if named is None else named.id)

        known = await self._store.read(act)
        if known is None or known.ours:
            raise UnknownError("succession.unknown", peer=old[:256])
        if known.state != "proposed":
            raise InputError("succession.decided", state=known.state)
        return known

    def _move(self, tx: Transaction, operator: str, said: Succession, seen: Sighting, private: bool) -> Handover:
        known = tx.get(Handover, said.did)
        assert known is not None  # INVARIANT: successions are never deleted
        self._pin(tx, operator, said, seen, private)
        moved = [one for one in tx.select(Agreement, peer=said.did, limit=10_000) if one.in_force]
        for contract in moved:
            tx.put(replace(contract, peer=said.successor, named=contract.named or said.did))
            tx.after(partial(self._changes.publish, Change("agreement", contract.id)))
            params = {"agreement": contract.id, "peer": said.successor, "from": said.did, "to": said.successor}
            tx.record(Entry(event="contract.moved", actor=operator, params=params))
        for transfer in tx.select(Transfer, peer=said.did, limit=10_000):
            if not TRANSFER.is_terminal(transfer.state):
                self._settling.end(tx, transfer, TransferState.TERMINATED)
        params = {"contracts": str(len(moved))}
        self._notices.tell(tx, said.successor, said.did, AGREED, params, actor=operator)
        kept = replace(known, state="agreed", decided_by=operator)
        tx.put(kept)
        tx.record(Entry(event="succession.agreed", actor=operator, params={**_told(said), **params}))
        return kept

    def _pin(self, tx: Transaction, operator: str, said: Succession, seen: Sighting, private: bool) -> None:
        """The successor as a peer: its keys are those that the leaving side has named."""
        if tx.get(Barred, seen.did) is not None:
            raise InputError("trust.barred")
        digest = sha256(seen.document).hexdigest()
        tx.put(SeenDocument(id=digest, did=seen.did, body=seen.document, at=self._clock.now()))
        if tx.get(Participant, seen.did) is not None:
            return
        before = tx.get(Participant, said.did)
        tx.put(
            Participant(
                id=seen.did,
                name=_free(tx, "successor" if before is None else f"{before.name[:50]}-successor"),
                url=seen.url,
                base=seen.base,
                keys=seen.keys,
                tokens=seen.tokens,
                words=seen.words,
                added=self._clock.now(),
                added_by=operator,
                private=private,
                facts={} if before is None else before.facts,
                notices=seen.notices,
                document=digest,
            )
        )
        tx.record(Entry(event="peer.added", actor=operator, params={"peer": seen.did, "words": seen.words}))


# --- parts ------------------------------------------------------------------------------------------------------------


def _may_leave(view: Reading, known: Participant) -> dict[str, PublicKey]:
    """Who may say that a participant goes on elsewhere: itself, or the region that speaks for it."""
    own = {id: jwk.read(known.keys[id]) for id in known.tokens}
    return {**vouching_keys(view, known), **({} if known.changed is not None else own)}


def _may(view: Reading, id: str) -> dict[str, PublicKey]:
    known = view.get(Participant, id)
    return {} if known is None else _may_leave(view, known)


def _page(view: Reading, after: str) -> Page:
    """Some contracts in force, with what belongs to them."""
    found = view.select(Agreement, in_force=True, after=after, limit=PAGE + 1)
    moved = tuple(_moved(view, one) for one in found[:PAGE])
    wanted = {letter.document for one in moved for letter in one.letters} - {""}
    documents = (view.get(SeenDocument, id) for id in sorted(wanted))
    peers = (view.get(Participant, id) for id in sorted({one.contract.peer for one in moved}))
    return Page(
        contracts=moved,
        peers=tuple(one for one in peers if one is not None),
        documents=tuple(one for one in documents if one is not None),
        more=len(found) > PAGE,
    )


def _moved(view: Reading, contract: Agreement) -> Moved:
    return Moved(
        contract=contract,
        negotiation=view.get(Negotiation, contract.negotiation),
        letters=tuple(letters(view, contract.negotiation)),
        asset=view.get(Asset, contract.dataset),
        uses=view.drawn(f"uses:{contract.id}"),
    )


def _take_asset(tx: Transaction, said: Succession, asset: Asset) -> None:
    """What a contract is about, where the successor shares something under the same name: that is it from now on.

    INVARIANT: where data are is never taken from another node: its paths would open our own files.
    """
    own = tx.find(Asset, name=asset.name)
    if own is None or tx.get(Asset, asset.id) is not None:
        return
    number = 2
    while tx.find(Asset, name=(name := f"{asset.name}-{number}")) is not None:
        number += 1
    tx.put(replace(own, id=asset.id, name=name, created_by=said.did))


def _take_letters(tx: Transaction, negotiation: Negotiation, letters: tuple[Signed, ...]) -> None:
    """How a contract came about, where nothing of it is here yet."""
    if tx.get(Negotiation, negotiation.id) is not None:
        return
    tx.put(negotiation)
    for letter in letters:
        ours = letter.process == negotiation.id and letter.id.startswith(f"{negotiation.id}#")
        if ours and tx.get(Signed, letter.id) is None:
            tx.put(letter)


def _named(keys: Mapping[str, jwk.Jwk]) -> tuple[jwk.Jwk, ...]:
    return tuple(handover.named(id, key) for id, key in keys.items())


def _kept(said: Succession, both: Both, state: str, *, ours: bool, at: int, by: str = "") -> Handover:
    return Handover(
        id=said.did, successor=said.successor, state=state, statement=_text(both), at=at, ours=ours, decided_by=by
    )


def _text(both: Both) -> str:
    return msgspec.json.encode(both).decode()


def _both(known: Handover) -> Both:
    return msgspec.json.decode(known.statement, type=Both)


def _told(said: Succession) -> dict[str, str]:
    return {"from": said.did, "to": said.successor}


def _free(view: Reading, name: str) -> str:
    number, free = 1, name
    while view.find(Participant, name=free) is not None:
        number += 1
        free = f"{name}-{number}"
    return free
