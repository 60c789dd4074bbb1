"""Tree heads between neighbours: each shows its own to the others and keeps theirs.

What lives here: pushing our head with a proof that it extends what the peer keeps, taking and judging a peer's, asking
what a peer keeps of ours. What does not: the log itself (`connector.store`), looking it through (`audit`), what follows
where ours is not borne out (`continuity`).
Source: C2SP tlog-witness (add-checkpoint: old size, consistency proof, head; 409 with the kept size, 422 for a proof
that does not hold), without cosignatures; RFC 9162, 2.1.4.

INVARIANT: showing heads writes no audit entry, or two nodes would answer each other's heads for ever. A conflict does,
on the side that sees it, with the signed statement of the other one in it; and so does a new generation.
INVARIANT: no head of ours is shown to a peer before the one that it keeps is known to be borne out by our log.

A new generation (`generations`) need not extend all of the head that is kept: it says with which head of the old one it
goes on, and its proof is from there. The old head stays kept beside the new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta, Struct
from msgspec.structs import replace

from certs import checkpoint, jwk, tree
from certs.checkpoint import Checkpoint, CheckpointError
from connector.errors import DeliveryError, RefusedError
from connector.ports import Caller, Clock, Identity, Peer, Reading, Reply, Store, Transaction
from connector.protocol.messages import JsonObject
from connector.records import Entry, Generation, Head, Participant
from connector.services.intake import admit, note_refusal
from connector.services.proof.generations import carried, current, generations
from policies.model import Reason

DEADLINE = 10.0
"""Seconds for one request about heads."""

_AUDIT = re.compile(r"[^#]*#audit(?:-[0-9]+)?")

Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]


Note = Annotated[str, Meta(max_length=checkpoint.MAX_NOTE)]


class Beginning(Struct, frozen=True, kw_only=True):
    """From which head of an older generation the generation `number` goes on; no note where that log was empty."""

    number: Annotated[int, Meta(ge=1)]
    note: Note = ""


class HeadOffer(Struct, frozen=True, kw_only=True):
    """Body of `POST {url}/heads`: a signed head, and the proof that it extends the head of `old_size` leaves.

    Hashes are in base64. `begins` says where the generations after the first begin, oldest first. `old_size` is the
    size of the head that the receiver keeps, or of the part of it that the sender's generation still has; 0, with an
    empty proof, where the sender does not know.
    """

    note: Note
    old_size: Annotated[int, Meta(ge=0)] = 0
    proof: Annotated[tuple[Hash, ...], Meta(max_length=64)] = ()
    begins: Annotated[tuple[Beginning, ...], Meta(max_length=64)] = ()


class Kept(Struct, frozen=True, kw_only=True):
    """Answer to `POST` and `GET {url}/heads`: what is kept of the caller's heads; size 0 and no note for none."""

    size: int = 0
    note: Annotated[str, Meta(max_length=checkpoint.MAX_NOTE)] = ""


class Shown(Struct, frozen=True):
    """A head of ours that a peer keeps, proved by our own signature, and its generation."""

    checkpoint: Checkpoint
    generation: int


class Taken(Struct, frozen=True):
    """How an offered head was taken: HTTP status (200, 409, 422), and what is kept now."""

    status: int
    body: Kept


class Heads:
    """Our head at the neighbours, and theirs here. `did` is our own, `publics` gives the raw keys that sign our
    heads or have done so.

    `contradicted` is told where a peer keeps a head of ours that our log does not bear out.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        peer: Peer,
        identity: Identity,
        did: str,
        publics: Callable[[], Sequence[bytes]],
        verify: checkpoint.Verify = checkpoint.ed25519,
        contradicted: Callable[[Reason], None] = lambda found: None,
    ) -> None:
        self._contradicted = contradicted
        self._store, self._clock, self._peer, self._identity = store, clock, peer, identity
        self._did, self._publics, self._verify = did, publics, verify
        self._shown: dict[str, Shown | None] = {}

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
        new, generation = self._theirs(tx.get(Participant, did), did, offer.note)
        old = tx.get(Head, did)
        if old is not None and generation != old.generation:
            return self._other_generation(tx, caller, offer, old, new, generation)
        size, root = (0, tree.EMPTY) if old is None else (old.size, old.root)
        if (new.size, new.root) == (size, root):
            return Taken(200, _kept(old))
        if new.size < size and old is not None and caller.expires <= old.shown:
            return Taken(409, _kept(old))  # it was sent before the one that is kept, and came late
        if new.size <= size:
            return self._conflicting(tx, 409, old, new, offer.note, did)
        if offer.old_size != size:
            return Taken(409, _kept(old))
        if not tree.verify_consistency(size, new.size, root, new.root, offer.proof):
            return self._conflicting(tx, 422, old, new, offer.note, did)
        return self._keep(tx, caller, old, new, offer.note, generation)

    def _other_generation(
        self, tx: Transaction, caller: Caller, offer: HeadOffer, old: Head, new: Checkpoint, generation: int
    ) -> Taken:
        """The peer's log goes on from an older state of itself: how far does it still have what was kept?"""
        if generation < old.generation:
            late = caller.expires <= old.shown
            return Taken(409, _kept(old)) if late else self._conflicting(tx, 409, old, new, offer.note, caller.id)
        from_here = self._still_has(tx, caller.id, offer, old, generation)
        if from_here is None:
            return self._conflicting(tx, 422, old, new, offer.note, caller.id)
        size, root = from_here
        if offer.old_size != size:
            return Taken(409, _kept(old))
        if not tree.verify_consistency(size, new.size, root, new.root, offer.proof):
            return self._conflicting(tx, 422, old, new, offer.note, caller.id)
        tx.put(replace(old, id=f"{old.id} {old.generation}"))
        params = {
            "generation": str(generation),
            "kept": str(old.size),
            "carried": str(size),
            "lost": str(old.size - size),
            "note": offer.note,
        }
        tx.record(Entry(event="head.generation", actor=caller.id, params=params))
        return self._keep(tx, caller, old, new, offer.note, generation)

    def _still_has(
        self, tx: Transaction, did: str, offer: HeadOffer, old: Head, generation: int
    ) -> tuple[int, bytes] | None:
        """Size and root of the part of a kept head that a later generation has; None where its beginnings say nothing.

        A beginning is a head that the peer has signed, so it cannot say later that it meant another one.
        """
        numbers = [one.number for one in offer.begins]
        if numbers != sorted(set(numbers)) or not numbers or numbers[-1] != generation:
            return None
        part = (old.size, old.root)
        for one in offer.begins:
            if one.number <= old.generation:
                continue
            if not one.note:
                return 0, tree.EMPTY
            begin, of = self._theirs(tx.get(Participant, did), did, one.note)
            if of >= one.number:
                return None
            part = min(part, (begin.size, begin.root), key=lambda had: had[0])
        return part

    def _keep(
        self, tx: Transaction, caller: Caller, old: Head | None, new: Checkpoint, note: str, generation: int
    ) -> Taken:
        at, shown = self._clock.now(), max(caller.expires, 0 if old is None else old.shown)
        head = Head(id=caller.id, size=new.size, root=new.root, at=at, note=note, shown=shown, generation=generation)
        tx.put(head)
        return Taken(200, _kept(head))

    def _theirs(self, who: Participant | None, did: str, note: str) -> tuple[Checkpoint, int]:
        """The checkpoint in a peer's note, proved by a believed key, and its generation. Raises `RefusedError`."""
        publics = () if who is None else audit_keys(who)
        if not publics:
            raise RefusedError("head.no_key", peer=did)
        try:
            return checkpoint.opened_any(note, did, publics, self._verify)
        except CheckpointError as error:
            raise RefusedError("head.unverified", peer=did, cause=error.code) from None

    def _conflicting(
        self, tx: Transaction, status: int, old: Head | None, new: Checkpoint, note: str, peer: str
    ) -> Taken:
        """Refuse a head that contradicts the kept one. Both signed statements stay, also where the peer is removed."""
        kept = _kept(old)
        params = {"kept": str(kept.size), "offered": str(new.size), "note": note, "kept_note": kept.note}
        tx.record(Entry(event="head.conflict", actor=peer, params=params))
        return Taken(status, kept)

    # --- ours ---------------------------------------------------------------------------------------------------------

    async def offer(self, kept: Shown | None) -> HeadOffer | None:
        """Our head for a peer that keeps this one of ours; None while our log is empty."""

        def act(view: Reading) -> HeadOffer | None:
            head, known = view.head(), generations(view)
            if head is None:
                return None
            old = 0 if kept is None else part(known, kept)
            proof = tree.consistency_proof(view.node, old, head.size) if old <= head.size else []
            begins = tuple(Beginning(number=one.number, note=one.note) for one in known)
            # The mark of a generation and the head that began it are written in one transaction.
            return HeadOffer(note=head.note, old_size=old, proof=tuple(proof), begins=begins)

        return await self._store.read(act)

    async def push(self, to: Participant) -> Reason | None:
        """Show our head to a peer. None where the peer keeps it now; else how it contradicts what the peer keeps.

        Raises `DeliveryError` where the peer is not reached or does not prove what it says.
        """
        if to.id not in self._shown and (found := await self.confirm(to)) is not None:
            return found
        for _ in range(2):  # the second time with what the first answer told
            offer = await self.offer(self._shown[to.id])
            if offer is None:
                return None
            reply = await self._ask(to, "POST", msgspec.json.encode(offer))
            if (found := await self._judge(to, self._ours(to, reply))) is not None or reply.status == 200:
                return found
        raise DeliveryError("head.refused", peer=to.id)

    async def confirm(self, to: Participant, deadline: float = DEADLINE) -> Reason | None:
        """Ask a peer what it keeps of ours. None where our log bears that out; else how it does not.

        Raises `DeliveryError` as `kept_of_us`.
        """
        return await self._judge(to, await self.kept_of_us(to, deadline))

    async def _judge(self, peer: Participant, kept: Shown | None) -> Reason | None:
        found = None if kept is None else await self._store.read(partial(judged, peer=peer.id, kept=kept))
        if found is None:
            self._shown[peer.id] = kept
        else:
            self._contradicted(found)
        return found

    async def kept_of_us(self, peer: Participant, deadline: float = DEADLINE) -> Shown | None:
        """The head of ours that a peer keeps, proved by our own signature; None where it keeps none.

        Raises `DeliveryError`.
        """
        return self._ours(peer, await self._ask(peer, "GET", deadline=deadline))

    async def _ask(
        self, peer: Participant, method: str, body: bytes | None = None, deadline: float = DEADLINE
    ) -> Reply:
        token = await self._identity.token(peer.id, owed=True)
        url = f"{peer.url.rstrip('/')}/heads"
        return await self._peer.send(
            method, url, authorization=token, body=body, private=peer.private, deadline=deadline
        )

    def _ours(self, peer: Participant, reply: Reply) -> Shown | None:
        """Our own head in a peer's answer. INVARIANT: without our signature a peer's word proves nothing."""
        if reply.status not in (200, 409, 422):
            raise DeliveryError("head.answer", peer=peer.id, status=str(reply.status))
        try:
            kept = msgspec.json.decode(reply.body, type=Kept)
            return (
                Shown(*checkpoint.opened_any(kept.note, self._did, self._publics(), self._verify))
                if kept.note
                else None
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, CheckpointError):
            raise DeliveryError("head.unproved", peer=peer.id) from None


def audit_keys(participant: Participant) -> tuple[bytes, ...]:
    """The raw Ed25519 keys that a participant may sign its heads with (key ids ending in `#audit`, `#audit-2` …)."""
    return tuple(raw for id, key in participant.keys.items() if _AUDIT.fullmatch(id) and (raw := _raw(key)) is not None)


def _raw(key: JsonObject) -> bytes | None:
    try:
        read = jwk.read(key)
    except jwk.JwkError:
        return None
    return read.key.public_bytes_raw() if isinstance(read.key, Ed25519PublicKey) else None


def part(known: Sequence[Generation], kept: Shown) -> int:
    """How many leaves of a head of ours that a peer keeps our log still has, as far as we know."""
    limit = carried(known, kept.generation)
    return kept.checkpoint.size if limit is None else min(kept.checkpoint.size, limit)


def judged(view: Reading, peer: str, kept: Shown) -> Reason | None:
    """Does our log bear out a head of ours that a peer keeps? None if so.

    What a restore has lost is no contradiction. `audit.tail_missing`: our log is shorter now; `audit.rebuilt`: it is
    another one; `audit.generation`: the peer has seen a later generation of it.
    """
    head, known = view.head(), generations(view)
    found = kept.checkpoint.size
    if kept.generation > current(view):
        return Reason("audit.generation", {"peer": peer, "kept": str(found)})
    size, still = 0 if head is None else head.size, part(known, kept)
    if still > size:
        return Reason("audit.tail_missing", {"peer": peer, "kept": str(found), "found": str(size)})
    if still == found and tree.root(view.node, still) != kept.checkpoint.root:
        return Reason("audit.rebuilt", {"peer": peer, "kept": str(found)})
    return None


def _kept(head: Head | None) -> Kept:
    return Kept() if head is None else Kept(size=head.size, note=head.note)
