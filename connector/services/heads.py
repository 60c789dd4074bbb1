"""Tree heads between neighbours: each shows its own to the others and keeps theirs.

What lives here: pushing our head with a proof that it extends what the peer keeps, taking and judging a peer's, asking
what a peer keeps of ours. What does not: the log itself (`connector.store`), looking it through (`audit`).
Source: C2SP tlog-witness (add-checkpoint: old size, consistency proof, head; 409 with the kept size, 422 for a proof
that does not hold), without cosignatures; RFC 9162, 2.1.4.

INVARIANT: showing heads writes no audit entry, or two nodes would answer each other's heads for ever. A conflict does,
on both sides, with the signed statement of the other one in it.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta, Struct

from certs import checkpoint, jwk, tree
from certs.checkpoint import Checkpoint, CheckpointError
from connector.errors import DeliveryError, RefusedError
from connector.ports import Caller, Clock, Identity, Peer, Reading, Reply, Store, Transaction
from connector.records import Entry, Head, Participant
from connector.services.intake import admit, note_refusal
from policies.model import Reason

DEADLINE = 10.0
"""Seconds for one request about heads."""

Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]


class HeadOffer(Struct, frozen=True, kw_only=True):
    """Body of `POST {url}/heads`: a signed head, and the proof that it extends the head of `old_size` leaves.

    Hashes are in base64. `old_size` 0, with an empty proof, where the sender does not know what the receiver keeps.
    """

    note: Annotated[str, Meta(max_length=checkpoint.MAX_NOTE)]
    old_size: Annotated[int, Meta(ge=0)] = 0
    proof: Annotated[tuple[Hash, ...], Meta(max_length=64)] = ()


class Kept(Struct, frozen=True, kw_only=True):
    """Answer to `POST` and `GET {url}/heads`: what is kept of the caller's heads; size 0 and no note for none."""

    size: int = 0
    note: Annotated[str, Meta(max_length=checkpoint.MAX_NOTE)] = ""


class Taken(Struct, frozen=True):
    """How an offered head was taken: HTTP status (200, 409, 422), and what is kept now."""

    status: int
    body: Kept


class Heads:
    """Our head at the neighbours, and theirs here. `did` is our own, `public` the raw key that signs our heads."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        peer: Peer,
        identity: Identity,
        did: str,
        public: bytes,
        verify: checkpoint.Verify = checkpoint.ed25519,
    ) -> None:
        self._store, self._clock, self._peer, self._identity = store, clock, peer, identity
        self._did, self._public, self._verify = did, public, verify
        self._shown: dict[str, int] = {}
        self._conflicts: dict[str, Reason] = {}

    # --- theirs -------------------------------------------------------------------------------------------------------

    async def take(self, caller: Caller, offer: HeadOffer) -> Taken:
        """Keep a peer's head if it extends the one that is kept; the kept one is the answer in any case.

        Raises `RefusedError`: `head.no_key` (none is pinned), `head.unverified` (not its log, or not its signature);
        `UnauthenticatedError` for a token used before.
        """

        def act(tx: Transaction) -> Taken | RefusedError:
            admit(tx, caller)
            try:
                return self._taken(tx, caller, offer)
            except RefusedError as error:
                note_refusal(tx, caller, "heads", error)
                return error

        taken = await self._store.write(act)
        if isinstance(taken, RefusedError):
            raise taken
        return taken

    async def held(self, caller: Caller) -> Kept:
        """What is kept of the caller's heads."""

        def act(tx: Transaction) -> Kept:
            admit(tx, caller)
            return _kept(tx.get(Head, caller.id))

        return await self._store.write(act)

    def _taken(self, tx: Transaction, caller: Caller, offer: HeadOffer) -> Taken:
        did = caller.id
        new = self._theirs(tx.get(Participant, did), did, offer.note)
        old = tx.get(Head, did)
        size, root = (0, tree.EMPTY) if old is None else (old.size, old.root)
        if (new.size, new.root) == (size, root):
            return Taken(200, _kept(old))
        if new.size < size and old is not None and caller.expires <= old.shown:
            return Taken(409, _kept(old))  # it was sent before the one that is kept, and came late
        if new.size <= size:
            return self._conflicting(tx, 409, old, new, offer.note)
        if offer.old_size != size:
            return Taken(409, _kept(old))
        if not tree.verify_consistency(size, new.size, root, new.root, offer.proof):
            return self._conflicting(tx, 422, old, new, offer.note)
        at, shown = self._clock.now(), max(caller.expires, 0 if old is None else old.shown)
        head = Head(id=did, size=new.size, root=new.root, at=at, note=offer.note, shown=shown)
        tx.put(head)
        return Taken(200, _kept(head))

    def _theirs(self, who: Participant | None, did: str, note: str) -> Checkpoint:
        """The checkpoint in a peer's note, proved by its pinned key. Raises `RefusedError`."""
        public = None if who is None else audit_key(who)
        if public is None:
            raise RefusedError("head.no_key", peer=did)
        try:
            return checkpoint.opened(note, did, public, self._verify)
        except CheckpointError as error:
            raise RefusedError("head.unverified", peer=did, cause=error.code) from None

    def _conflicting(self, tx: Transaction, status: int, old: Head | None, new: Checkpoint, note: str) -> Taken:
        """Refuse a head that contradicts the kept one. Both signed statements stay: one kept, one in the audit."""
        kept = _kept(old)
        params = {"kept": str(kept.size), "offered": str(new.size), "note": note}
        tx.record(Entry(event="head.conflict", actor=new.origin, params=params))
        return Taken(status, kept)

    # --- ours ---------------------------------------------------------------------------------------------------------

    async def offer(self, old_size: int) -> HeadOffer | None:
        """Our head for a peer that keeps the one of `old_size` leaves; None while our log is empty."""

        def act(view: Reading) -> HeadOffer | None:
            head = view.head()
            if head is None:
                return None
            known = old_size if old_size <= head.size else 0
            proof = tree.consistency_proof(view.node, known, head.size)
            return HeadOffer(note=head.note, old_size=known, proof=tuple(proof))

        return await self._store.read(act)

    async def push(self, to: Participant) -> Reason | None:
        """Show our head to a peer. None where the peer keeps it now; else how it contradicts what the peer keeps.

        A contradiction is recorded once, and nothing more is shown to that peer until the node is started again.
        Raises `DeliveryError` where the peer is not reached or does not prove what it says.
        """
        if to.id in self._conflicts:
            return self._conflicts[to.id]
        for last in (False, True):  # the second time with the size that the first answer told
            offer = await self.offer(self._shown.get(to.id, 0))
            if offer is None:
                return None
            reply = await self._ask(to, "POST", msgspec.json.encode(offer))
            kept = self._ours(to, reply)
            size = 0 if kept is None else kept.size
            self._shown[to.id] = size
            if reply.status == 200:
                return None
            found = None if kept is None else await self._store.read(partial(judged, peer=to.id, kept=kept))
            # A longer log of ours is shown once more, with a proof that cannot hold, so that the peer sees it too.
            if found is not None and (last or size >= offered_size(offer)):
                return await self._contradicted(to, found, reply)
        raise DeliveryError("head.refused", peer=to.id)

    async def kept_of_us(self, peer: Participant) -> Checkpoint | None:
        """The head of ours that a peer keeps, proved by our own signature; None where it keeps none.

        Raises `DeliveryError`.
        """
        return self._ours(peer, await self._ask(peer, "GET"))

    async def _ask(self, peer: Participant, method: str, body: bytes | None = None) -> Reply:
        token = await self._identity.token(peer.id)
        url = f"{peer.url.rstrip('/')}/heads"
        return await self._peer.send(
            method, url, authorization=token, body=body, private=peer.private, deadline=DEADLINE
        )

    def _ours(self, peer: Participant, reply: Reply) -> Checkpoint | None:
        """Our own head in a peer's answer. INVARIANT: without our signature a peer's word proves nothing."""
        if reply.status not in (200, 409, 422):
            raise DeliveryError("head.answer", peer=peer.id, status=str(reply.status))
        try:
            kept = msgspec.json.decode(reply.body, type=Kept)
            return checkpoint.opened(kept.note, self._did, self._public, self._verify) if kept.note else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, CheckpointError):
            raise DeliveryError("head.unproved", peer=peer.id) from None

    async def _contradicted(self, peer: Participant, found: Reason, reply: Reply) -> Reason:
        """Record that a peer keeps a head of ours that our log does not bear out."""
        note = msgspec.json.decode(reply.body, type=Kept).note
        entry = Entry(event="head.conflict", actor=peer.id, params={"code": found.code, **found.params, "note": note})
        await self._store.write(lambda tx: tx.record(entry))
        self._conflicts[peer.id] = found
        return found


def audit_key(participant: Participant) -> bytes | None:
    """The raw Ed25519 key that a participant signs its heads with, as pinned (key id ending in `#audit`)."""
    for key_id, key in participant.keys.items():
        if key_id.endswith("#audit"):
            try:
                read = jwk.read(key)
            except jwk.JwkError:
                return None
            return read.key.public_bytes_raw() if isinstance(read.key, Ed25519PublicKey) else None
    return None


def offered_size(offer: HeadOffer) -> int:
    """How many leaves the head in an offer of ours covers."""
    return checkpoint.parse(offer.note.partition("\n\n")[0] + "\n").size


def judged(view: Reading, peer: str, kept: Checkpoint) -> Reason | None:
    """Does our log bear out a head of ours that a peer keeps? None if so.

    `audit.tail_missing`: our log is shorter now; `audit.rebuilt`: it is another one.
    """
    head = view.head()
    size = 0 if head is None else head.size
    if kept.size > size:
        return Reason("audit.tail_missing", {"peer": peer, "kept": str(kept.size), "found": str(size)})
    if tree.root(view.node, kept.size) != kept.root:
        return Reason("audit.rebuilt", {"peer": peer, "kept": str(kept.size)})
    return None


def _kept(head: Head | None) -> Kept:
    return Kept() if head is None else Kept(size=head.size, note=head.note)
