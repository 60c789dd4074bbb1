"""The outbox: what has been committed is sent, again and again, until the peer has it or definitely refuses.

What lives here: one queue per peer, so that a slow or dead peer never slows another; back-off with jitter and a cap;
what an answer means. What does not: what follows from it (`Processes.settle`), HTTP (`connector.http.client`).

A process has at most one message under way, so messages of one peer may go side by side without overtaking each other
inside a process. The store holds the truth; memory holds a bounded part of each queue, and what is beyond is read when
there is room. After a failure a queue sends one message at a time until one gets through.
Source: Dataspace Protocol 2025-1, HTTPS bindings: any 2xx is an acknowledgement, any 4xx an error.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from connector.errors import BusyError, DeliveryError, NodeError, OurError
from connector.ports import Clock, Fault, Identity, Peer, Reply, Store, Sure, Transaction, at_once
from connector.protocol import codec
from connector.protocol.machine import Acknowledged, Rejected
from connector.protocol.messages import ContractNegotiation, TransferProcess
from connector.protocol.negotiation import NEGOTIATION
from connector.protocol.reasons import heard
from connector.protocol.transfer import TRANSFER
from connector.records import Outgoing, Participant
from connector.services.processes import Done
from policies.model import Reason

_MACHINES: Mapping[str, type[ContractNegotiation | TransferProcess]] = {
    NEGOTIATION.name: ContractNegotiation,
    TRANSFER.name: TransferProcess,
}
"""What acknowledges a message, by the name of its process."""

_ENDS = frozenset({"terminate", "complete", "suspend"})
"""Moves that take something away from the peer and tell it nothing but that."""

AGAIN = 1.0
"""Seconds between two ends of a back-off that a call of the peer brings about."""


class Settling(Protocol):
    """A service whose messages are sent here."""

    def settle(self, tx: Transaction, item: Outgoing, given: Any) -> Done: ...

    def committed(self, done: Done) -> None: ...


class Replied(Struct, frozen=True):
    """Input for what is neither negotiation nor transfer: the peer has answered with 2xx, and this is the answer."""

    body: bytes


Keep = Callable[[Transaction, Outgoing, bytes, Mapping[str, str], int], None]
"""What a message is kept by once the peer has it: its bytes, the fields that it was signed with (none where these were
lost with the answer), the instant."""


def _forgotten(tx: Transaction, item: Outgoing, body: bytes, fields: Mapping[str, str], at: int) -> None:
    """The `Keep` that keeps nothing."""


class Limits(Struct, frozen=True):
    """How patient the outbox is. Times in seconds.

    A message that the peer refuses (4xx) is tried `refusals` times with `refused_wait` doubling, since the peer may not
    be there yet; one that does not get through is tried until it is `give_up` old.
    """

    waiting: int = 10_000
    in_memory: int = 512
    in_flight: int = 32
    first_wait: float = 0.5
    longest_wait: float = 60.0
    refusals: int = 6
    refused_wait: float = 0.25
    give_up: float = 14 * 86_400.0
    deadline: float = 20.0


class Standing(Struct, frozen=True):
    """A peer's queue as an operator sees it; `oldest` is microseconds UTC, `reason` why it waits."""

    peer: str
    waiting: int
    in_flight: int
    oldest: int | None
    attempts: int
    reason: Reason | None


class _Queue:
    """What is known in memory about one peer's messages."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.ready: deque[Outgoing] = deque()
        self.in_flight: dict[str, Outgoing] = {}
        self.resting: dict[str, Outgoing] = {}
        self.refusals: dict[str, int] = {}
        self.tries: dict[str, int] = {}
        self.gone: set[str] = set()
        self.signed: dict[str, tuple[bytes, Mapping[str, str]]] = {}
        self.participant: Participant | None = None
        self.waiting = 0
        self.more = False
        self.refilling = False
        self.failures = 0
        self.backing_off = False
        self.reached = -math.inf
        self.turn = 0
        self.reason: Reason | None = None

    def known(self) -> int:
        return len(self.ready) + len(self.in_flight) + len(self.resting)

    def ids(self) -> Iterable[str]:
        return (*self.in_flight, *self.resting, *(item.id for item in self.ready))

    def forget(self, id: str) -> None:
        self.refusals.pop(id, None)
        self.tries.pop(id, None)
        self.signed.pop(id, None)

    def oldest(self) -> int | None:
        items = [*self.in_flight.values(), *self.resting.values(), *self.ready]
        return min((item.created for item in items), default=None)


class Outbox:
    """Sends what services have committed. `services` maps a process kind to the one that is told the outcome."""

    def __init__(
        self,
        *,
        store: Store,
        peer: Peer,
        identity: Identity,
        clock: Clock,
        fault: Fault,
        jitter: Callable[[], float],
        fill: Callable[[Outgoing], bytes],
        limits: Limits | None = None,
        keep: Keep = _forgotten,
        sure: Sure = at_once,
    ) -> None:
        self._store, self._peer, self._identity, self._clock = store, peer, identity, clock
        self._fault, self._jitter, self._fill, self._keep, self._sure = fault, jitter, fill, keep, sure
        self._limits = limits or Limits()
        self._queues: dict[str, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False
        self.services: Mapping[str, Settling] = {}

    # --- what services call -------------------------------------------------------------------------------------------

    def room(self, peer: str) -> None:
        """Raises `BusyError` where the peer's queue is full; nothing may be committed for it then."""
        queue = self._queues.get(peer)
        if queue is not None and queue.waiting >= self._limits.waiting:
            raise BusyError("outbox.full", peer=peer, limit=str(self._limits.waiting))

    def add(self, items: Iterable[Outgoing]) -> None:
        """Send these, which have been committed. To be called on the event loop.

        Before `start` nothing is taken: it reads everything from the store, and what were taken twice would be sent
        twice.
        """
        if not self._running:
            return
        for item in items:
            queue = self._queues.setdefault(item.peer, _Queue(item.peer))
            if item.id in queue.in_flight or item.id in queue.resting:
                continue
            if item.id in queue.gone:
                queue.gone.discard(item.id)
                continue
            queue.waiting += 1
            if queue.more or queue.known() >= self._limits.in_memory:
                queue.more = True
            else:
                queue.ready.append(item)
            self._pump(queue)

    def implied(self, tx: Transaction, item: Outgoing) -> None:
        """Keep a message whose answer was lost, or is still under way: it will be withdrawn."""
        self._keep(tx, item, item.body, {}, self._clock.now())

    def drop(self, peer: str, ids: Collection[str]) -> None:
        """Forget these messages: the store holds them no longer. What is under way is not tried again."""
        queue = self._queues.get(peer)
        if queue is None:
            return
        waiting = {item.id for item in queue.ready} | set(queue.resting)
        for id in ids:
            if id in waiting or (queue.more and id not in queue.in_flight):
                queue.waiting -= 1
                queue.forget(id)
            else:
                # Under way, or committed and about to be handed over here.
                queue.gone.add(id)
        queue.ready = deque(item for item in queue.ready if item.id not in ids)
        for id in ids:
            queue.resting.pop(id, None)

    def forget(self) -> None:
        """Participants have changed: read them anew before the next message."""
        for queue in self._queues.values():
            queue.participant = None

    def standing(self) -> list[Standing]:
        """Every peer's queue that holds something."""
        return [
            Standing(q.peer, q.waiting, len(q.in_flight), q.oldest(), q.failures, q.reason)
            for q in self._queues.values()
            if q.waiting
        ]

    def trouble(self) -> Reason | None:
        """A peer whose messages do not get through, for health: the first of them, and how many there are."""
        stuck = [queue for queue in self._queues.values() if queue.failures]
        return Reason("outbox.waiting", {"peer": stuck[0].peer, "peers": str(len(stuck))}) if stuck else None

    def reached(self, peer: str) -> None:
        """The peer has called us: it is there, so a queue that backs off tries again at once.

        At most once in `AGAIN` seconds: a peer that calls much and takes nothing must not make us call as much.
        """
        queue, now = self._queues.get(peer), self._clock.monotonic()
        if queue is not None and queue.failures and now - queue.reached >= AGAIN:
            queue.failures, queue.backing_off, queue.reached = 0, False, now
            self._pump(queue)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what the store holds."""
        self._running = True
        after, items = "", await self._page("")
        while items:
            known = {id for queue in self._queues.values() for id in queue.ids()}
            for item in items:
                if item.id in known:
                    continue
                queue = self._queues.setdefault(item.peer, _Queue(item.peer))
                queue.waiting += 1
                if queue.known() < self._limits.in_memory:
                    queue.ready.append(item)
                else:
                    queue.more = True
            after = items[-1].id
            items = await self._page(after)
        for queue in self._queues.values():
            self._pump(queue)

    async def close(self) -> None:
        """Stop sending; what has no answer yet stays in the store."""
        self._running = False
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _page(self, after: str) -> list[Outgoing]:
        return await self._store.read(lambda view: view.select(Outgoing, after=after, limit=1000))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- sending ------------------------------------------------------------------------------------------------------

    def _pump(self, queue: _Queue) -> None:
        """Start as many sends as the queue may have under way: one while the peer does not answer."""
        if not self._running or queue.backing_off:
            return
        allowed = 1 if queue.failures else self._limits.in_flight
        while queue.ready and len(queue.in_flight) < allowed:
            item = queue.ready.popleft()
            queue.in_flight[item.id] = item
            self._spawn(self._send(queue, item))
        if queue.more and not queue.ready and not queue.refilling:
            queue.refilling = True
            self._spawn(self._refill(queue))

    async def _refill(self, queue: _Queue) -> None:
        known = set(queue.ids())
        try:
            items = await self._store.read(
                lambda view: view.select(Outgoing, peer=queue.peer, limit=self._limits.in_memory + len(known))
            )
        except OurError:
            await self._clock.sleep(self._limits.first_wait)
            queue.refilling = False
            self._pump(queue)
            return
        fresh = [item for item in items if item.id not in known]
        queue.ready.extend(fresh)
        queue.more = len(items) == self._limits.in_memory + len(known)
        queue.refilling = False
        if fresh:
            self._pump(queue)

    async def _send(self, queue: _Queue, item: Outgoing) -> None:
        try:
            outcome = await self._attempt(queue, item)
            if outcome is not None:
                await self._settle(queue, item, outcome)
            else:
                self._refused(queue, item)
        except OurError as error:
            self._no_answer(queue, item, error.reason)
        except Exception:
            # A defect of ours, told by the loop. INVARIANT: what the store holds is tried again, whatever has happened.
            if item.id in queue.in_flight:
                queue.reason = Reason("internal")
                self._refused(queue, item)
            raise

    async def _attempt(self, queue: _Queue, item: Outgoing) -> Acknowledged | Replied | Rejected | None:
        """One try. The input for the process, or None where the peer has refused and is to be asked again.

        Raises `DeliveryError` where the peer cannot be reached at all.
        """
        if self._clock.now() - item.created > self._limits.give_up * 1_000_000:
            return Rejected(queue.reason or Reason("peer.unreachable"))
        if queue.participant is None:
            queue.participant = await self._store.read(lambda view: view.get(Participant, item.peer))
        if queue.participant is None:
            return Rejected(Reason("peer.unknown"))
        await self._sure(item.peer)
        self._fault(f"send.{item.kind}.before_send")
        body = self._fill(item)
        reply = await self._peer.send(
            "POST",
            item.url,
            authorization=await self._identity.token(item.peer, owed=_is_end(item)),
            body=body,
            private=queue.participant.private,
            deadline=self._limits.deadline,
        )
        queue.signed[item.id] = body, reply.signed
        # Nothing of the answer has been looked at: for the store it is as if it were still under way.
        self._fault(f"send.{item.kind}.after_send")
        if reply.status == 401:
            # Nothing was said about the message: a clock is wrong, a key was changed. Both can be mended.
            raise DeliveryError("peer.token_refused")
        if reply.status in (408, 429, 502, 503, 504):
            raise DeliveryError("peer.busy", status=str(reply.status))
        queue.failures, queue.reason = 0, None
        if item.id in queue.gone:
            return _acknowledged(item, reply) or Rejected(Reason("peer.refused"))
        if 200 <= reply.status < 300:
            queue.reason = Reason("peer.answer_unclear")
            return _acknowledged(item, reply)
        queue.reason = _refusal(reply)
        if 400 <= reply.status < 500 or (reply.status == 501 and item.process not in _MACHINES):
            # Only these count: an answer that is neither yes nor no may come from something between us and the peer.
            queue.refusals[item.id] = queue.refusals.get(item.id, 0) + 1
            if queue.refusals[item.id] >= self._limits.refusals:
                return Rejected(queue.reason)
        return None

    async def _settle(self, queue: _Queue, item: Outgoing, outcome: Acknowledged | Replied | Rejected) -> None:
        self._fault(f"send.{item.kind}.after_ack")
        service = self.services[item.process]

        def act(tx: Transaction) -> Done:
            # Also one that was withdrawn meanwhile: the peer has it, and may have gone on before it answered.
            if isinstance(outcome, Acknowledged) and item.id in queue.signed:
                self._keep(tx, item, *queue.signed[item.id], self._clock.now())
            return service.settle(tx, item, outcome)

        done = await self._store.write(act)
        queue.in_flight.pop(item.id, None)
        queue.forget(item.id)
        queue.gone.discard(item.id)
        queue.waiting -= 1
        queue.reason = queue.reason if queue.resting else None
        service.committed(done)
        self._pump(queue)

    def _refused(self, queue: _Queue, item: Outgoing) -> None:
        """The peer answered, but not with an acknowledgement: this message rests, the others go on."""
        tried = queue.tries[item.id] = queue.tries.get(item.id, 0) + 1
        del queue.in_flight[item.id]
        queue.resting[item.id] = item
        wait = min(self._limits.refused_wait * 2 ** min(tried - 1, 20), self._limits.longest_wait)
        self._spawn(self._wake(queue, item, wait * self._jitter()))
        self._pump(queue)

    async def _wake(self, queue: _Queue, item: Outgoing, seconds: float) -> None:
        await self._clock.sleep(seconds)
        if queue.resting.pop(item.id, None) is not None:
            queue.ready.appendleft(item)
            self._pump(queue)

    def _no_answer(self, queue: _Queue, item: Outgoing, reason: Reason) -> None:
        """The peer cannot be reached, or our store cannot take its answer: the whole queue backs off, up to the cap."""
        del queue.in_flight[item.id]
        if item.id in queue.gone:
            queue.gone.discard(item.id)
            queue.forget(item.id)
            queue.waiting -= 1
        else:
            queue.ready.appendleft(item)
        queue.reason = reason
        if queue.backing_off:
            return
        queue.failures += 1
        queue.backing_off = True
        wait = min(self._limits.first_wait * 2 ** min(queue.failures - 1, 20), self._limits.longest_wait)
        queue.turn += 1
        self._spawn(self._resume(queue, wait * self._jitter(), queue.turn))

    async def _resume(self, queue: _Queue, seconds: float, turn: int) -> None:
        """End this back-off, unless a call of the peer has ended it and another one has begun since."""
        await self._clock.sleep(seconds)
        if queue.turn == turn:
            queue.backing_off = False
            self._pump(queue)


def _is_end(item: Outgoing) -> bool:
    """Does this message only stop something? We owe it to a peer also where nobody vouches for it any more."""
    return item.process in _MACHINES and item.move in _ENDS


def _acknowledged(item: Outgoing, reply: Reply) -> Acknowledged | Replied | None:
    """The input for an acknowledged message, or None where the answer is no acknowledgement.

    What belongs to none of the protocol's machines is answered by a JSON object that names it. A first message needs
    the peer's pid. An empty body is an acknowledgement of any other; a body that is no JSON object comes from something
    between us and the peer.
    """
    if (kind := _MACHINES.get(item.process)) is None:
        return Replied(reply.body) if _named(reply.body) == item.pid else None
    if not reply.body.strip():
        return None if item.first else Acknowledged()
    try:
        answer = codec.decode_reply(reply.body, kind)
    except NodeError:
        return None
    pid = "" if answer is None else _peer_pid(item, answer)
    return Acknowledged(pid) if pid or not item.first else None


def _named(body: bytes) -> object:
    """The `id` of a JSON object; None where there is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found.get("id") if isinstance(found, dict) else None


def _peer_pid(item: Outgoing, answer: Any) -> str:
    """Of the two pids of an acknowledgement the one that is not ours."""
    return str(answer.providerPid if answer.consumerPid == item.pid else answer.consumerPid)


class _Error(Struct):
    """What is read of a peer's error body."""

    code: Any = ""
    reason: Any = ()


def _refusal(reply: Reply) -> Reason:
    """What a peer's error body says, for people."""
    try:
        error = msgspec.json.decode(reply.body, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = _Error()
    return heard("peer.refused", error.code, error.reason, status=str(reply.status))
