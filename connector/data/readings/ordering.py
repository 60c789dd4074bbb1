"""What devices are told: made of the transfers that run, their agreements and what operators want, numbered, signed.

What lives here: the content of orders, their numbers, waiting until they change. What does not: the document
(`orders`), signing (handed in), acting by them (`edge_node`), who is calling
(`services.edge.door`), which transfers are a device's (`services.edge.sendings`).

INVARIANT: a delivery stands in the orders only while its transfer is started or suspended under a contract that is not
over; whatever is about to stop one says `suspended` already. Orders are never followed by a lower number: a device that
knows a higher one, since this node went back to a backup, gets one above it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from certs.keys import SealError
from connector.data.agreed import Agreements
from connector.data.known import Known
from connector.data.readings import standing
from connector.data.readings.orders import Delivery, Orders, Release, StatusBits
from connector.errors import MessageError, RefusedError
from connector.ports import Caller, Clock, Facts, Reading, Store, Transaction
from connector.protocol.messages import TransferState
from connector.protocol.transfer import Move, Transfer
from connector.records import (
    Agreement,
    Device,
    Endpoint,
    Entry,
    Member,
    Participant,
    PolicyVersion,
    Sending,
)
from connector.services.changes import Change, Changes
from connector.services.edge.fleet import KIND
from connector.services.edge.sendings import asset_of
from connector.services.intake import admit
from connector.services.life.contracts import end_of, over

SECOND = 1_000_000
S = TransferState
LONGEST = 55.0
"""Seconds that a device may wait for its orders to change."""
LINES = 4
"""Questions of one device that wait at a time; further ones are answered at once."""
FRESH = 3_600 * SECOND
"""A copy that is older is signed anew, though nothing in it has changed: what it was decided by may be stale soon."""
LIVELY = 60 * SECOND
"""How often at most it is noted that a device was there."""
MOST = 2_000
"""Deliveries of one device."""
LARGEST_STATUS = 8_192
"""Bytes of what a device says of itself."""
_LARGEST_NUMBER = 1 << 53
_AHEAD = 1 << 20
"""How far the orders of a device may be ahead of ours, since this node went back to a backup."""
Number = Annotated[int, Meta(ge=0, le=_LARGEST_NUMBER)]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What a device asks with: the number of the orders that it has and when they were issued (0: unknown), for how
    many seconds it waits for others, and what it says of itself."""

    after: Number = 0
    issued: Number = 0
    wait: Annotated[float, Meta(ge=0)] = LONGEST
    status: dict[str, Any] = {}


class Content(Struct, frozen=True, kw_only=True):
    """What orders say, but for when and to whom."""

    collection: Mapping[str, Mapping[str, Any]] = {}
    deliveries: tuple[Delivery, ...] = ()
    agreements: tuple[str, ...] = ()
    lists: Mapping[str, StatusBits] = {}
    release: Release | None = None
    retired: bool = False

    def digest(self) -> str:
        """SHA-256 of it, in hex: another one stands for other orders. When a list was seen last changes nothing."""
        bits = {url: one.bits for url, one in self.lists.items()}
        return sha256(msgspec.json.encode((replace(self, lists={}), bits), order="sorted")).hexdigest()


class Ordering:
    """Orders of the devices of the node `own`. `unseal` opens where data go to, `sign` makes the message of a document;
    orders count for `stale` seconds."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        changes: Changes,
        own: str,
        facts: Facts,
        unseal: Callable[[bytes, bytes], bytes],
        sign: Callable[[bytes], bytes],
        stale: int = 7 * 86_400,
    ) -> None:
        self._store, self._clock, self._changes = store, clock, changes
        self._agreements, self._known = Agreements(), Known(facts)
        self._own, self._unseal, self._sign, self._stale = own, unseal, sign, stale
        self._waiting: dict[str, int] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._deaf: Callable[[], None] = lambda: None
        self._closing = False

    def start(self) -> None:
        """Listen for what changes orders."""
        self._deaf = self._changes.subscribe(self._heard)

    async def close(self) -> None:
        """Listen no more; whoever waits is answered."""
        self._deaf()
        self._deaf, self._closing = lambda: None, True
        for device in tuple(self._waiting):
            self._changes.publish(Change(KIND, device))
        for task in tuple(self._looking):
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def answer(self, caller: Caller, asked: Asked) -> bytes | None:
        """The signed orders of a device as soon as they are others than those that it has, or those need a later date;
        None where they do not change while it waits. Its token is used up. Raises `RefusedError` `edge.unknown`."""
        device, content = await self._store.write(lambda tx: self._entered(tx, caller, asked))
        waits = self._waiting.get(caller.id, 0) < LINES
        if not self._is_news(device, asked) and waits and await self._changed(device, min(asked.wait, LONGEST)):
            device, content = await self._store.write(lambda tx: self._settled(tx, _device(tx, caller.id), asked.after))
        if not self._is_news(device, asked) and asked.issued:
            return None
        return self._sign(msgspec.json.encode(self._orders(device, content)))

    def _is_news(self, device: Device, asked: Asked) -> bool:
        aged = bool(asked.issued) and self._clock.now() - asked.issued > FRESH
        return device.number != asked.after or aged

    async def _changed(self, device: Device, wait: float) -> bool:
        """Wait until the orders of a device would be others, for so long at most; whether they would be."""
        changed = False

        async def ready() -> bool:
            nonlocal changed
            made = await self._store.read(lambda view: self._content(view, _device(view, device.id)))
            changed = made.digest() != device.digest
            return changed or self._closing

        self._waiting[device.id] = self._waiting.get(device.id, 0) + 1
        try:
            await self._changes.until(KIND, device.id, ready, wait)
        finally:
            self._waiting[device.id] -= 1
            if not self._waiting[device.id]:
                del self._waiting[device.id]
        return changed

    def _orders(self, device: Device, content: Content) -> Orders:
        return Orders(
            number=device.number,
            node=self._own,
            device=device.id,
            issued=self._clock.now(),
            stale=self._stale,
            collection=content.collection,
            deliveries=content.deliveries,
            agreements=content.agreements,
            lists=content.lists,
            release=content.release,
            retired=content.retired,
        )

    # --- in transactions ----------------------------------------------------------------------------------------------

    def _entered(self, tx: Transaction, caller: Caller, asked: Asked) -> tuple[Device, Content]:
        """Use up the token, note what the device says, and see what it is to be told."""
        admit(tx, caller)
        device, now = _device(tx, caller.id), self._clock.now()
        if asked.after > device.number + _AHEAD:
            raise MessageError("edge.number", after=str(asked.after), number=str(device.number))
        if now - device.seen >= LIVELY or asked.after != device.told or asked.status != device.status:
            device = replace(device, seen=now, told=asked.after, status=asked.status)
            tx.put(device)
        return self._settled(tx, device, asked.after)

    def _settled(self, tx: Transaction, device: Device, after: int) -> tuple[Device, Content]:
        """A device with the number of its present orders, and what they say."""
        for sending, moved in self._running(tx, device):
            if not sending.begun and not _waits(moved):
                self._begin(tx, sending, moved)
        content = self._content(tx, device)
        digest = content.digest()
        if digest != device.digest or after > device.number:
            number = max(device.number, after) + 1
            device = replace(device, number=number, digest=digest, agreements=content.agreements)
            tx.put(device)
        return device, content

    def _begin(self, tx: Transaction, sending: Sending, moved: Transfer) -> None:
        """A device is told to deliver for the first time: that is one use, however long it goes on and whatever
        becomes of the link, and it stands in the log as an access does."""
        agreement = tx.get(Agreement, moved.agreement)
        if agreement is None or over(agreement, self._clock.now()) is not None:
            return
        try:
            counts = self._agreements.read(agreement).counts
        except RefusedError:
            return
        use = tx.draw(f"uses:{agreement.id}") if counts else 0
        tx.put(replace(sending, begun=self._clock.now(), use=use))
        about = {"transfer": moved.id, "agreement": agreement.id, "hash": agreement.hash, "device": sending.device}
        about |= {"series": sending.series, **({"use": str(use)} if use else {})}
        tx.record(Entry(event="edge.delivering", actor=moved.peer, params=about))

    def _content(self, view: Reading, device: Device) -> Content:
        if device.retired is not None:
            return Content(retired=True)
        moved = self._running(view, device)
        made = [(found, t.peer) for sending, t in moved if (found := self._delivery(view, sending, t)) is not None]
        release = device.release
        return Content(
            collection={series: _policy(view, policy) for series, policy in sorted(device.collection.items())},
            deliveries=tuple(found for found, _ in made),
            agreements=self._lasting(view, {*device.agreements, *(found.agreement for found, _ in made)}),
            lists=standing.lists(view, {peer for _, peer in made}),
            release=Release(version=release.version, url=release.url, sha256=release.sha256) if release else None,
        )

    def _lasting(self, view: Reading, agreements: Collection[str]) -> tuple[str, ...]:
        """Those that are not over: under them there may be another transfer."""
        now = self._clock.now()
        found = (view.get(Agreement, id) for id in sorted(agreements))
        return tuple(one.id for one in found if one is not None and over(one, now) is None)

    def _running(self, view: Reading, device: Device) -> list[tuple[Sending, Transfer]]:
        """The transfers of a device that were started and have not ended. One whose place is suspended has none."""
        member = view.get(Member, device.id)
        if member is None or member.state != "active":
            return []
        sendings = view.select(Sending, device=device.id, limit=MOST)
        found = ((one, view.get(Transfer, one.id)) for one in sendings)
        return [(one, t) for one, t in found if t is not None and t.state in (S.STARTED, S.SUSPENDED)]

    def _delivery(self, view: Reading, sending: Sending, moved: Transfer) -> Delivery | None:
        """What a device is told of one transfer; None where nothing may happen under it any more."""
        agreement, endpoint = view.get(Agreement, moved.agreement), view.get(Endpoint, moved.id)
        peer, now = view.get(Participant, moved.peer), self._clock.now()
        if agreement is None or endpoint is None or peer is None or asset_of(view, moved.dataset) is None:
            return None
        if over(agreement, now) is not None:
            return None
        try:
            agreed = self._agreements.read(agreement)
            secret = self._unseal(endpoint.secret, moved.id.encode())
        except (RefusedError, SealError):
            return None  # Fail closed: what this node cannot read, its device is not asked to follow.
        properties = msgspec.json.decode(secret, type=dict[str, str])
        waits = _waits(moved) or agreement.held is not None or peer.barred(now) is not None
        return Delivery(
            id=moved.id,
            agreement=agreement.id,
            consumer=agreement.named or moved.peer,
            series=sending.series,
            policy=agreement.document,
            url=endpoint.url,
            token=_bare(properties.get("authorization", "")),
            concluded=agreement.concluded,
            use=sending.use,
            facts=dict(self._known.of(view, moved.peer, agreed, {}, now)),
            ends=end_of(agreement) or 0,
            suspended=waits,
            standing=tuple(standing.bits(view, moved.peer)),
            keys=tuple(peer.keys[id] for id in sorted(peer.keys)),
            private=peer.private,
        )

    # --- waking -------------------------------------------------------------------------------------------------------

    def _heard(self, change: Change) -> None:
        """A transfer wakes its device, a contract or participant all that wait: they see for themselves."""
        if not self._waiting:
            return
        if change.kind == "transfer":
            task = asyncio.get_running_loop().create_task(self._wake(change.id))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        elif change.kind in ("agreement", "participant"):
            for device in tuple(self._waiting):
                self._changes.publish(Change(KIND, device))

    async def _wake(self, transfer: str) -> None:
        sending = await self._store.read(lambda view: view.get(Sending, transfer))
        if sending is not None:
            self._changes.publish(Change(KIND, sending.device))


def _device(view: Reading, did: str) -> Device:
    found = view.get(Device, did)
    if found is None:
        raise RefusedError("edge.unknown", name=did[:256])
    return found


def _policy(view: Reading, version: str) -> Mapping[str, Any]:
    """INVARIANT: duties at collection never end because a record cannot be found: what is empty cannot be followed,
    and a device stores nothing of such a series."""
    found = view.get(PolicyVersion, version)
    return found.document if found is not None else {}


def _waits(moved: Transfer) -> bool:
    """As at the gate: a start of ours that is under way is enough, an end or suspension of ours holds at once."""
    runs = moved.pending == Move.START or (moved.state == S.STARTED and moved.pending is None)
    return not runs or moved.ending is not None


def _bare(authorization: str) -> str:
    return authorization[7:] if authorization[:7].lower() == "bearer " else authorization
