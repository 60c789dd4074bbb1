"""The provider's side of a push: what is to be delivered is delivered, part by part, once, whatever happens on the way.

What lives here: reading what leaves in parts, each judged by the gate like an access of its own; retries, the rest that
a peer gets, the end of a delivery and the beginning of the next. What does not: the form of a request
(`data.delivery.parcels`), the consumer's side (`data.delivery.receiving`), moving a transfer (`services.transfers`).
Source: Data Plane Signaling Profiles, HTTP Transfer Profile (push); RFC 9110, 14.4 (Content-Range); RFC 9530.

How far it got is on disk after each part that was acknowledged, so a kill or a suspension costs at most one part that
is sent again, and the consumer knows it by its number. One delivery is one use, drawn with its first part: the others
resume it. A content that changes in between begins another delivery, which is another use. Rows have no version: those
that were acknowledged are made again, and it goes on behind them where they are the same.

A delivery that is to happen once completes its transfer; one that is asked for again and again begins anew at its time,
as long as the transfer runs, and is left out where nothing has changed since. Rows with a time are delivered by it:
those that came since the last delivery (`data.delivery.increments`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from connector.data.answering.answers import ChangedError
from connector.data.delivery.opening import Opened, identity
from connector.data.delivery.parcels import Answer, Courier, Parcel, Verdict
from connector.data.gate import AccessRefusedError, Ask, Gate, MovedError
from connector.data.silos.breaker import Breaker
from connector.errors import InputError, NodeError, RefusedError, SourceError, TransitionError, UnknownError
from connector.ports import Clock, Content, Fault, Store, Transaction, no_fault
from connector.protocol import transfer
from connector.protocol.messages import TransferState
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Asset, Delivery, Entry
from connector.services.changes import Change, Changes
from connector.services.processes import Done
from policies import instants
from policies.model import Reason

log = structlog.get_logger()
SECOND = 1_000_000
PART = 2 << 20
"""Bytes of a part."""
AT_ONCE, OF_ONE = 16, 2
"""Deliveries under way at a time, in all and to one peer: who is slow holds up nobody but himself."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds between two attempts."""
REFUSALS = 5
"""How often in a row the other side may refuse before it is believed."""
GIVE_UP = 14 * 86_400.0
"""Seconds without progress after which a transfer is ended."""
LOOK = 60.0
"""Seconds after which somebody who waits for a transfer to go on looks by himself."""


class Moves(Protocol):
    """What is asked of whoever moves transfers (`services.transfers`; for flows of others `signaling.ending`)."""

    def stepped(self, tx: Transaction, process: Any, given: Any, actor: str) -> Done: ...

    async def decide(self, pid: str, act: Callable[[Transaction, Any], Done]) -> Any: ...


Open = Callable[[Delivery, Asset], Awaitable[Opened]]
"""What leaves by a delivery. Raises `NodeError`."""


class Limits(Struct, frozen=True):
    """What may be set: bytes of a part, seconds until it is given up."""

    part: int = PART
    give_up: float = GIVE_UP


class _HeldError(Exception):
    """The transfer does not run at the moment."""


class _OverError(Exception):
    """The transfer has ended."""


class Delivering:
    """Delivers under the transfers in which this node provides and pushes."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        gate: Gate,
        changes: Changes,
        transfers: Moves,
        courier: Courier,
        open: Open,
        jitter: Callable[[], float],
        limits: Limits | None = None,
        fault: Fault = no_fault,
    ) -> None:
        self._store, self._clock, self._gate, self._changes = store, clock, gate, changes
        self._transfers, self._courier, self._open, self._jitter = transfers, courier, open, jitter
        self._limits, self._fault = limits or Limits(), fault
        self._seats = asyncio.Semaphore(AT_ONCE)
        self._peers: dict[str, asyncio.Semaphore] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._breakers: dict[str, Breaker] = {}
        self._deaf: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Take up what was not finished, and listen for transfers that start."""
        self._deaf = self._changes.subscribe(self._heard)
        after = ""
        while found := await self._store.read(lambda view: view.select(Delivery, after=after, state="open")):  # noqa: B023
            for one in found:
                self._take_up(one.id)
            after = found[-1].id

    async def close(self) -> None:
        """Stop where each one is; the next start goes on."""
        self._deaf()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _heard(self, change: Change) -> None:
        if change.kind != "transfer":
            return
        if (event := self._woken.get(change.id)) is not None:
            event.set()
        elif change.state == TransferState.STARTED:
            self._take_up(change.id)

    def _take_up(self, pid: str) -> None:
        if pid not in self._tasks:
            task = self._tasks[pid] = asyncio.get_running_loop().create_task(self._carry_on(pid))
            task.add_done_callback(lambda _: self._tasks.pop(pid, None))

    # --- one transfer -------------------------------------------------------------------------------------------------

    async def _carry_on(self, pid: str) -> None:
        """Deliver under one transfer until nothing is left to be delivered."""
        self._woken[pid] = asyncio.Event()
        attempts = _Attempts(self._clock.monotonic())
        try:
            while await self._goes_on(pid, attempts):
                pass
        finally:
            del self._woken[pid]

    async def _goes_on(self, pid: str, attempts: _Attempts) -> bool:
        """One attempt; False when nothing is left. INVARIANT: a store that is busy ends no delivery."""
        try:
            if not await self._is_open(pid):
                return False
            try:
                await self._attempt(pid, attempts)
            except _OverError:
                await self._over(pid)
                return False
        except NodeError as error:
            log.warning("push.unkept", code=error.reason.code)
            await self._clock.sleep(LOOK)
        return True

    async def _attempt(self, pid: str, attempts: _Attempts) -> None:
        """Go as far as it goes, and wait for as long as it takes until there is sense in going on. Raises
        `_OverError`."""
        try:
            await self._advance(pid, attempts)
        except _OverError:
            raise
        except _HeldError:
            await self._wait(pid, LOOK)
        except AccessRefusedError as error:
            await self._refused(pid, error.reasons[0])
        except MovedError:
            return
        except NodeError as error:
            seconds = error.reason.params.get("seconds", "")
            await self._again(pid, attempts, error.reason, float(seconds) if seconds.isdecimal() else 0.0)
        except Exception as error:
            # A defect must neither end a delivery for good nor run in circles.
            log.exception("push.broken", error=type(error).__name__)
            await self._again(pid, attempts, Reason("internal"))

    async def _advance(self, pid: str, attempts: _Attempts) -> None:
        """Send part after part. Raises `NodeError` where one did not arrive, `_HeldError`, `_OverError`."""
        now = await self._standing(pid)
        if now.every == 0 and now.delivered:
            await self._complete(pid)
        elif now.due > self._clock.now():
            await self._wait(pid, (now.due - self._clock.now()) / SECOND)
        else:
            await self._carried(now, attempts)

    async def _carried(self, now: Delivery, attempts: _Attempts) -> None:
        """In its turn."""
        async with self._peers.setdefault(now.peer, asyncio.Semaphore(OF_ONE)), self._seats:
            await self._carry(now, attempts)

    async def _carry(self, now: Delivery, attempts: _Attempts) -> None:
        """All the parts that are left. Raises as `_advance`."""
        pid, asset = now.id, await self._gate.asset(now.id)
        if asset is None:
            raise UnknownError("asset.withdrawn")
        try:
            opened = await self._open(now, asset)
            try:
                await self._carry_opened(now, opened, attempts)
            finally:
                await opened.close()
        except ChangedError:
            await self._keep(_anew(await self._standing(pid)))
            raise

    async def _carry_opened(self, now: Delivery, opened: Opened, attempts: _Attempts) -> None:
        content = opened.content
        now = await self._beginning(now, opened)
        if now.every and now.part == 0 and (now.etag == now.delivered or opened.is_nothing):
            await self._postpone(now)
            return
        async with aclosing(_parts(content, now.offset, self._limits.part, opened.before)) as parts:
            async for parcel in parts:
                now = await self._sent(now, parcel, content, opened.ask)
                attempts.progress(self._clock.monotonic())

    async def _standing(self, pid: str) -> Delivery:
        """The delivery of a transfer that runs. Raises `_HeldError`, `_OverError`."""
        found, moved = await self._store.read(lambda view: (view.get(Delivery, pid), view.get(Transfer, pid)))
        if found is None or moved is None or TRANSFER.is_terminal(moved.state):
            raise _OverError
        if moved.state != TransferState.STARTED or moved.pending is not None or moved.ending is not None:
            raise _HeldError
        return found

    async def _beginning(self, now: Delivery, opened: Opened) -> Delivery:
        """The delivery of this very content: the one that is under way, or a new one where it is another by now, or
        where nobody can say that it is the same."""
        content = opened.content
        name = identity(content)
        if now.etag == name and (content.sha256 is not None or now.part == 0 or opened.before is not None):
            return now
        fresh = replace(
            _anew(now),
            etag=name,
            asof=opened.asof,
            until=opened.until,
            size=content.size,
            sha256=content.sha256 or b"",
            begun=self._clock.now(),
        )
        await self._keep(fresh)
        return fresh

    async def _sent(self, now: Delivery, parcel: Parcel, content: Content, ask: Ask) -> Delivery:
        """One part, judged, sent and acknowledged. Raises `NodeError`."""
        planned = {"delivery": str(now.number), "part": str(now.part), "bytes": str(len(parcel.data))}
        breaker = self._breakers.setdefault(now.peer, Breaker(self._clock))
        turn = breaker.enter()
        try:
            await self._admitted(now.id, replace(ask, planned={**ask.planned, **planned}))
            answer = await self._courier.send(now, parcel, content)
        except BaseException:
            breaker.left(turn)
            raise
        (breaker.failed if answer.verdict is Verdict.AWAY and answer.status != 403 else breaker.worked)(turn)
        self._fault("push.sent")
        if answer.verdict is Verdict.ANEW:
            await self._keep(replace(_anew(now), since=0))
        if answer.verdict is not Verdict.TAKEN:
            raise _refusal(answer)
        return await self._taken(now, parcel)

    async def _admitted(self, pid: str, ask: Ask) -> None:
        try:
            await self._gate.admit(self._gate.credential(pid), pid, ask)
        except AccessRefusedError as error:
            if error.reason.code == "transfer.state":
                raise _HeldError from None
            raise

    async def _taken(self, now: Delivery, parcel: Parcel) -> Delivery:
        """A part was acknowledged: how far it got, on disk; with the last one also what follows."""
        size = len(parcel.data)
        after = replace(
            now, part=now.part + 1, offset=now.offset + size, bytes=now.bytes + size, told=parcel.told, reason=None
        )  # fmt: skip
        entry = None
        if parcel.last:
            at = self._clock.now()
            params = {"transfer": now.id, "delivery": str(now.number), "bytes": str(after.offset)}
            params |= {"until": instants.stamp(now.until)} if now.until else {}
            entry = Entry(event="push.delivered", actor="node", params={**params, "sha256": parcel.whole.hex()})
            due = max(at, now.begun + now.every) if now.every else 0
            after = replace(
                _anew(after), delivered=now.etag, finished=at, due=due, done=now.done + 1, since=now.until or now.since
            )
        await self._keep(after, entry)
        self._fault("push.acknowledged")
        return after

    # --- when it does not go on ---------------------------------------------------------------------------------------

    async def _again(self, pid: str, attempts: _Attempts, why: Reason, seconds: float = 0.0) -> None:
        """Rest a while. Raises `_OverError` where it has no sense any more."""
        attempts.failed(refused=why.code == "push.refused")
        silent = self._clock.monotonic() - attempts.since > self._limits.give_up
        if attempts.refusals >= REFUSALS or silent:
            await self._end(pid, why)
            raise _OverError
        await self._note(pid, why)
        rest = seconds or min(FIRST_WAIT * 2 ** min(attempts.tries - 1, 20), LONGEST_WAIT)
        await self._clock.sleep(rest * self._jitter())

    async def _refused(self, pid: str, why: Reason) -> None:
        """The gate refuses: what is delivered once cannot be delivered; what comes again is asked again at its time."""
        try:
            now = await self._standing(pid)
        except _HeldError:
            return
        if now.every == 0:
            await self._end(pid, why)
            raise _OverError
        await self._keep(replace(now, due=self._clock.now() + now.every, reason=why))

    async def _postpone(self, now: Delivery) -> None:
        """Nothing has changed since the last delivery."""
        await self._keep(replace(now, etag="", asof=0, until=0, due=self._clock.now() + now.every))

    async def _complete(self, pid: str) -> None:
        def act(tx: Transaction, process: Transfer) -> Done:
            _close(tx, pid)
            return self._transfers.stepped(tx, process, transfer.Complete(), "node")

        try:
            await self._transfers.decide(pid, act)
        except TransitionError:
            raise _HeldError from None
        raise _OverError

    async def _end(self, pid: str, why: Reason) -> None:
        def act(tx: Transaction, process: Transfer) -> Done:
            _close(tx, pid)
            params = {"transfer": pid, "reason": why.code}
            tx.record(Entry(event="push.ended", actor="node", params=params))
            return self._transfers.stepped(tx, process, transfer.Terminate(why), "node")

        try:
            await self._transfers.decide(pid, act)
        except (TransitionError, InputError) as error:
            log.info("push.not_ended", code=error.reason.code)

    async def _over(self, pid: str) -> None:
        await self._store.write(lambda tx: _close(tx, pid))

    async def _is_open(self, pid: str) -> bool:
        found = await self._store.read(lambda view: view.get(Delivery, pid))
        return found is not None and found.state == "open"

    async def _keep(self, now: Delivery, entry: Entry | None = None) -> None:
        def act(tx: Transaction) -> None:
            tx.put(now)
            if entry is not None:
                tx.record(entry)

        await self._store.write(act)

    async def _note(self, pid: str, why: Reason) -> None:
        def act(tx: Transaction) -> None:
            found = tx.get(Delivery, pid)
            if found is not None and found.reason != why:
                tx.put(replace(found, reason=why))

        await self._store.write(act)

    async def _wait(self, pid: str, seconds: float) -> None:
        """Until the transfer moves, or for so long."""
        event = self._woken[pid]
        event.clear()
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        moved = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({sleeping, moved}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            moved.cancel()


class _Attempts:
    """How often in a row it did not work, and since when."""

    def __init__(self, now: float) -> None:
        self.tries, self.refusals, self.since = 0, 0, now

    def failed(self, *, refused: bool) -> None:
        self.tries += 1
        self.refusals = self.refusals + 1 if refused else 0

    def progress(self, now: float) -> None:
        self.tries, self.refusals, self.since = 0, 0, now


def _anew(now: Delivery) -> Delivery:
    """The same before anything was sent. INVARIANT: whatever may have reached the other side under a number stays what
    it was."""
    number = now.number + 1 if now.etag else now.number
    return replace(now, number=number, part=0, offset=0, etag="", told=b"", asof=0, until=0)


def _close(tx: Transaction, pid: str) -> None:
    found = tx.get(Delivery, pid)
    if found is not None and found.state != "over":
        tx.put(replace(found, state="over"))


def _refusal(answer: Answer) -> NodeError:
    if answer.verdict is Verdict.REFUSED:
        return RefusedError("push.refused", status=str(answer.status))
    return SourceError("push.unanswered", status=str(answer.status), seconds=str(answer.seconds or "-"))


async def _parts(content: Content, offset: int, size: int, before: Any = None) -> AsyncGenerator[Parcel, None]:
    """The content from an offset on in parts, the last one known as such; a content without bytes is one part. `before`
    is the hash of what is in front of it, once its first piece is there."""
    whole = before if before is not None else hashlib.sha256() if offset == 0 else None
    waiting: Parcel | None = None
    async with aclosing(_pieces(content, offset, size)) as pieces:
        async for data in pieces:
            if waiting is not None:
                yield waiting
            if whole is not None:
                whole.update(data)
            waiting = Parcel(data, offset, told=whole.digest() if whole is not None else b"")
            offset += len(data)
    digest = content.sha256 or (whole.digest() if whole is not None else b"")
    yield replace(waiting or Parcel(b"", offset), last=True, whole=digest, size=offset)


async def _pieces(content: Content, offset: int, size: int) -> AsyncGenerator[bytes, None]:
    """Bytes of exactly `size`, the last ones fewer. Raises what the source does where it ends early."""
    gathered = bytearray()
    async for data in content.chunks(offset, None):
        gathered += data
        while len(gathered) >= size:
            yield bytes(gathered[:size])
            del gathered[:size]
    if gathered:
        yield bytes(gathered)
