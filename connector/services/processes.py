"""Load, step, save: what serving a negotiation and serving a transfer have in common.

What lives here: how a message of a peer, a command of an operator and a settled message of the outbox become one
transaction of record, outbox and audit. What does not: which step is legal (`protocol`), what to answer
(`services.decisions`), what else belongs to a negotiation or a transfer (their own services).
Source: Dataspace Protocol 2025-1, HTTPS bindings; idempotency of negotiation messages is ours, since the text has none:
a byte-identical repeat gets the stored answer, anything else in a wrong state changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Generic, Protocol, TypeVar

from msgspec import UNSET, Struct

from connector.errors import InputError, OurError, PeerError, TransitionError, UnknownError
from connector.ports import Caller, Clock, Fault, Ids, Reading, Store, Sure, Transaction, at_once
from connector.protocol import codec
from connector.protocol.machine import Machine, Process, Record, Send, Step, Withdraw
from connector.protocol.messages import Message
from connector.records import Answer, Entry, Outgoing
from connector.services.changes import Change, Changes
from connector.services.intake import admit, check_scope, note_refusal

P = TypeVar("P", bound=Process)
MAX_CHAIN = 8
"""Commands that may follow one another in one transaction; a decision that goes on longer is a defect."""


class Mail(Protocol):
    """The outbox as services see it."""

    def room(self, peer: str) -> None:
        """Raises `BusyError` where the peer's queue is full."""

    def add(self, items: Iterable[Outgoing]) -> None:
        """Send these, which have been committed."""

    def implied(self, tx: Transaction, item: Outgoing) -> None:
        """The peer has this message, which its next one builds upon, although it has not answered yet."""

    def drop(self, peer: str, ids: Collection[str]) -> None:
        """Forget these messages; they are no longer in the store."""


class Handled(Struct, frozen=True):
    """What a peer's message is answered with. `after` is to be called when the answer has been written."""

    status: int
    body: bytes
    after: Callable[[], None]


class Done(Struct):
    """What a transaction has gathered for the time after its commit."""

    process: Any = None
    outgoing: tuple[Outgoing, ...] = ()
    withdrawn: tuple[str, ...] = ()
    answer: Answer | None = None
    error: PeerError | None = None


class Processes(Generic[P]):
    """The shared half of `Negotiations` and `Transfers`.

    Subclasses say which record and machine they serve, how a step is taken, where a message goes, and what follows a
    step (`follow`) within the transaction.
    """

    kind: type[P]
    machine: Machine

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        mail: Mail,
        changes: Changes,
        decide: Callable[[Transaction, Any], Any],
        address: str,
        fault: Fault,
        speaks: Sure = at_once,
    ) -> None:
        self._store, self._clock, self._ids = store, clock, ids
        self._mail, self._changes, self._decide = mail, changes, decide
        self._address, self._fault, self._speaks = address, fault, speaks

    # --- what the two differ in ---------------------------------------------------------------------------------------

    def step(self, process: P, given: Any, now: int) -> Step:
        """The pure step of this machine."""
        raise NotImplementedError

    def path(self, process: P, move: str) -> str:
        """Where a message of ours goes, below the process's callback."""
        raise NotImplementedError

    def ack(self, process: P) -> Message:
        """The acknowledgement that shows where the process stands."""
        raise NotImplementedError

    def begin(self, tx: Transaction, caller: Caller, message: Any, now: int) -> P:
        """A new record for a peer's first message. Raises `PeerError` where it cannot be taken."""
        raise NotImplementedError

    def received(self, message: Any, body: bytes) -> Any:
        """The input that a read message becomes."""
        raise NotImplementedError

    def keep(self, tx: Transaction, caller: Caller, process: P, message: Message, body: bytes) -> None:
        """Keep a peer's message that was taken, as it came; `process` is the record after it."""

    def follow(self, tx: Transaction, before: P, after: P, message: Any) -> None:
        """What else is to be kept in the same transaction."""
        raise NotImplementedError

    # --- a message of a peer ------------------------------------------------------------------------------------------

    async def receive(self, caller: Caller, message: Message, body: bytes, pid: str | None) -> Handled:
        """Take a message whose sender is proved. `pid` comes from the path, None on a first message.

        Raises `UnauthenticatedError` (token used before), `UnknownError` (no such process, or another's),
        `TransitionError`, `MessageError`, `RefusedError`; these stand in the audit and have changed nothing else.
        `BusyError` and `StoreError` have kept nothing at all.
        """
        name = type(message).__name__
        key = codec.repeat_key(name, pid or "", body)

        def act(tx: Transaction) -> Done:
            admit(tx, caller)
            done = self._answer(tx, caller, message, body, pid, key)
            self._fault(f"receive.{name}.before_commit")
            return done

        done = await self._store.write(act)
        self._fault(f"receive.{name}.after_commit")
        if done.error is not None:
            raise done.error
        assert done.answer is not None

        def after() -> None:
            self._fault(f"receive.{name}.after_ack")
            self.committed(done)

        return Handled(done.answer.status, done.answer.body, after)

    def _answer(
        self, tx: Transaction, caller: Caller, message: Message, body: bytes, pid: str | None, key: bytes
    ) -> Done:
        repeated = tx.answered(caller.id, key)
        if repeated is not None and (pid is None or message.id is not UNSET):
            tx.record(Entry(event="repeated", actor=caller.id, params={"what": type(message).__name__}))
            return Done(answer=repeated)
        try:
            done = self._take(tx, caller, message, body, pid)
        except PeerError as error:
            if repeated is not None:
                return Done(answer=repeated)
            note_refusal(tx, caller, type(message).__name__, error)
            return Done(error=error)
        done.answer = Answer(201 if pid is None else 200, codec.encode(self.ack(done.process)))
        tx.remember(caller.id, key, done.answer)
        return done

    def _take(self, tx: Transaction, caller: Caller, message: Message, body: bytes, pid: str | None) -> Done:
        now = self._clock.now()
        if pid is None:
            check_scope(tx, caller, "negotiate")
        process = self.begin(tx, caller, message, now) if pid is None else self._theirs(tx, caller, pid)
        if process.state is not None and pid is None:
            return Done(process=process)
        self._mail.room(process.peer)
        step, done = self.step(process, self.received(message, body), now), Done()
        self.follow(tx, process, step.record, message)
        self.keep(tx, caller, step.record, message, body)
        if process.pending is not None and step.record.acknowledged == process.sent:
            for item in tx.select(Outgoing, pid=process.id):
                self._mail.implied(tx, item)
        self._save(tx, step, caller.id, done)
        try:
            self._go_on(tx, step.record, done)
        except PeerError as error:
            # The message is good and saved; what we make of it is not. INVARIANT: a refusal has changed nothing.
            raise OurError("decision.failed", problem=error.reason.code) from error
        return done

    def _theirs(self, view: Reading, caller: Caller, pid: str) -> P:
        process = view.get(self.kind, pid)
        if process is None or process.peer != caller.id:
            raise UnknownError("process.unknown")
        return process

    # --- a command ----------------------------------------------------------------------------------------------------

    async def command(self, operator: str, pid: str, command: Any, *, seen: int | None = None) -> P:
        """Step a command of an operator (or of the node itself), or what a function makes of the record.

        `seen` is the version that the operator has looked at: what has moved since is not decided upon unseen.
        Raises `InputError` where there is no such process, `TransitionError` where it has moved or its state does not
        allow it.
        """

        def act(tx: Transaction, process: P) -> Done:
            return self.stepped(tx, process, command(process) if callable(command) else command, operator)

        return await self.decide(pid, act, seen=seen)

    async def decide(self, pid: str, act: Callable[[Transaction, P], Done], *, seen: int | None = None) -> P:
        """Whatever an operator decides about a record, in one transaction. Raises as `command`, and what `act` does."""

        def decided(tx: Transaction) -> Done:
            process = tx.get(self.kind, pid)
            if process is None:
                raise InputError("process.unknown", id=pid)
            if seen is not None and process.version != seen:
                raise TransitionError("process.moved", seen=str(seen), now=str(process.version))
            return act(tx, process)

        done = await self._store.write(decided)
        self.committed(done)
        process: P = done.process
        return process

    def stepped(self, tx: Transaction, process: P, given: Any, actor: str) -> Done:
        """One step of ours and whatever the decision adds, saved. To be called inside a transaction."""
        self._mail.room(process.peer)
        step = self.step(process, given, self._clock.now())
        done = Done()
        self.follow(tx, process, step.record, None)
        self._save(tx, step, actor, done)
        self._go_on(tx, step.record, done)
        return done

    def resumed(self, tx: Transaction, process: P) -> Done:
        """What the decision adds to a record as it stands, saved. To be called inside a transaction."""
        self._mail.room(process.peer)
        done = Done(process=process)
        self._go_on(tx, process, done)
        return done

    def settle(self, tx: Transaction, item: Outgoing, given: Any) -> Done:
        """The outbox has an answer to a message of ours; a message that was withdrawn meanwhile settles nothing."""
        process = tx.get(self.kind, item.pid)
        if not tx.delete(Outgoing, item.id) or process is None:
            return Done()
        step = self.step(process, given, self._clock.now())
        done = Done()
        self.follow(tx, process, step.record, None)
        self._save(tx, step, item.peer, done)
        self._go_on(tx, step.record, done)
        return done

    def _go_on(self, tx: Transaction, process: P, done: Done) -> None:
        """Ask the decision for the next command and step it, until nothing is left to do at once."""
        for _ in range(MAX_CHAIN):
            if process.pending is not None or self.machine.is_terminal(process.state) or process.state is None:
                return
            command = self._decide(tx, process)
            if command is None:
                return
            step = self.step(process, command, self._clock.now())
            self.follow(tx, process, step.record, None)
            self._save(tx, step, "node", done)
            process = step.record
        raise OurError("decision.endless", process=process.id)

    def _save(self, tx: Transaction, step: Step, actor: str, done: Done) -> None:
        process: P = step.record
        tx.put(process)
        done.process = process
        for effect in step.effects:
            match effect:
                case Record(event, params):
                    tx.record(Entry(event=event, actor=actor, params=params))
                case Withdraw():
                    fresh = {item.id for item in done.outgoing}
                    gone = [item.id for item in tx.select(Outgoing, pid=process.id)]
                    done.withdrawn = (*done.withdrawn, *(id for id in gone if id not in fresh))
                    done.outgoing = ()
                    for id in gone:
                        tx.delete(Outgoing, id)
                case Send(message, move):
                    item = self._outgoing(process, message, move)
                    tx.put(item)
                    done.outgoing = (*done.outgoing, item)

    def _outgoing(self, process: P, message: Message, move: str) -> Outgoing:
        return Outgoing(
            id=f"{process.id}#{process.version}",
            peer=process.peer,
            process=self.machine.name,
            pid=process.id,
            move=move,
            kind=type(message).__name__,
            url=process.callback.rstrip("/") + self.path(process, move),
            body=codec.encode(message),
            created=process.updated,
            first=process.state is None,
        )

    def committed(self, done: Done) -> None:
        """After the commit: hand messages to the outbox and tell whoever waits."""
        process = done.process
        if process is None:
            return
        if done.withdrawn:
            self._mail.drop(process.peer, done.withdrawn)
        if done.outgoing:
            self._mail.add(done.outgoing)
        self._changes.publish(Change(self.machine.name, process.id, process.version, str(process.state or "")))

    # --- looking ------------------------------------------------------------------------------------------------------

    async def state(self, caller: Caller, pid: str) -> Message:
        """A peer asks where a process stands. Raises as `receive`."""

        def act(tx: Transaction) -> P | PeerError:
            admit(tx, caller)
            try:
                process = self._theirs(tx, caller, pid)
            except UnknownError as error:
                note_refusal(tx, caller, f"{self.machine.name}.state", error)
                return error
            tx.record(Entry(event=f"{self.machine.name}.read", actor=caller.id, params={"process": pid}))
            return process

        found = await self._store.write(act)
        if isinstance(found, PeerError):
            raise found
        return self.ack(found)

    async def get(self, pid: str, *, newer_than: int | None = None, wait: float = 0) -> P:
        """The record; with `newer_than`, as soon as its version is newer, or after `wait` seconds as it is.

        Raises `InputError` where there is none.
        """
        found: list[P] = []

        async def ready() -> bool:
            process = await self._store.read(lambda view: view.get(self.kind, pid))
            if process is None:
                raise InputError("process.unknown", id=pid)
            found[:] = [process]
            return newer_than is None or process.version > newer_than

        await self._changes.until(self.machine.name, pid, ready, wait)
        return found[0] if found else await self.get(pid)

    async def select(self, *, after: str = "", limit: int = 100, **where: Any) -> list[P]:
        """Records in the order of their ids, beginning behind `after`."""
        return await self._store.read(lambda view: view.select(self.kind, after=after, limit=limit, **where))
