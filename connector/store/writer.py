"""The one writer: acts run one after the other in a common transaction, and one commit makes all of them durable.

What lives here: the queue, the group, the commit, what becomes of the waiting callers. What does not: SQL (`view`,
`log`).

Acts run in turn on the event loop; only the commit, which alone waits for the disk, is done by the writer's thread. A
statement takes a few microseconds but gives up the interpreter lock, and beside a busy event loop a thread waits up to
`sys.getswitchinterval()` to have it back, once per statement. On the loop nobody competes for it, and acts may look at
what else lives there. While a commit is under way new acts queue up, so groups form by themselves, without waiting.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from msgspec import Struct

from connector.errors import BusyError, StoreError
from connector.ports import Change, Fault, Transaction
from connector.store.connection import (
    Connection,
    is_final,
    is_full,
    is_grave,
    primary_code,
    spoils_group,
    translated,
)
from connector.store.log import Log, Sealed
from connector.store.schema import VERSION
from connector.store.view import Act, Desk
from policies.model import Reason

T = TypeVar("T")
Loop = asyncio.AbstractEventLoop
Follower = Callable[[Transaction, Collection[Change]], None]


STOPPED = "node.rolled_back"
"""Code of the one reason for which the store is stopped from outside, rather than by a failure of its own."""


PROBE_SECONDS = 1.0
"""How often a disk that was full is tried."""


class Limits(Struct, frozen=True):
    """Bounds of the writer. `slice` acts run before other things on the event loop have their turn."""

    group: int = 256
    slice: int = 16
    queue: int = 4096
    tokens: int = 500_000
    swept: int = 1000
    answers_kept: int = 30 * 86_400_000_000
    """Microseconds for which answers to byte-identical repeats are kept."""

    patience: int = 100
    """How often a database that another process has locked is tried again, every 50 ms."""


class _Ran(Struct):
    """An act that has run: its caller, and what to tell him once the group is on disk."""

    caller: asyncio.Future[Any]
    value: Any = None
    error: Exception | None = None


class _Group(Struct):
    """Acts that share a transaction."""

    ran: list[_Ran]
    entries: list[tuple[int, bytes]]
    calls: list[Callable[[], None]]
    changed: bool = False
    sealed: Sealed | None = None


class Writer:
    """Runs acts and commits them in groups.

    INVARIANT: a caller hears of success only after the commit that holds his act has returned; when a commit fails,
    every caller of the group hears of it, and neither the log in memory nor the number of tokens has moved.
    INVARIANT: the thread has the connection while `_committing`, and the event loop at all other times.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        desk: Desk,
        log: Log,
        fault: Fault,
        threaded: bool,
        limits: Limits,
        failed: Callable[[Reason], None] = lambda reason: None,
    ) -> None:
        self._connection, self._desk, self._log = connection, desk, log
        self._fault, self._limits, self._failed = fault, limits, failed
        self.suspect: Reason | None = log.damage
        """Why nothing is written any more until the store is opened again."""
        self.followers: dict[type[Struct], list[Follower]] = {}
        """What is run after acts that have written records of a kind (`ports.Store.follow`)."""
        self.full = False
        """A group has found no room on the disk, and none has been there since."""
        self._queue: deque[tuple[Callable[[Act], Any], asyncio.Future[Any]]] = deque()
        self._group: _Group | None = None
        self._working = self._committing = self._closed = False
        self._tokens = desk.tokens
        self._tries = 0
        self._idle: list[asyncio.Future[None]] = []
        self._hand: queue.SimpleQueue[tuple[Loop, _Group] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._commit_what_comes, name="store", daemon=True) if threaded else None
        if self._thread:
            self._thread.start()

    async def write(self, act: Callable[[Act], T] | Callable[[Transaction], T]) -> T:
        """Run `act` and return its result once it is on disk. Raises what it raises, `BusyError` or `StoreError`."""
        if self._closed:
            raise StoreError("store.closed")
        if self.suspect is not None:
            raise _refusal(self.suspect)
        if len(self._queue) >= self._limits.queue:
            raise BusyError("store.busy", waiting=str(len(self._queue)))
        loop = asyncio.get_running_loop()
        caller: asyncio.Future[T] = loop.create_future()
        self._queue.append((act, caller))
        if not self._working:
            self._working = True
            loop.call_soon(self._turn, loop)
        return await caller

    def stop(self, why: Reason) -> None:
        """Write nothing any more; what is under way is finished."""
        self.suspect = self.suspect or why
        self._refuse_waiting(why)

    async def close(self) -> None:
        """Finish what is queued, take nothing new, and end the thread."""
        self._closed = True
        if self._working:
            idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle
        if self._thread:
            self._hand.put(None)
            self._thread.join()
            self._thread = None

    # --- a group, from begin to commit; on the event loop -------------------------------------------------------------

    def _turn(self, loop: Loop) -> None:
        """Run some acts, then commit, or go on in the next round of the loop while more are waiting."""
        try:
            group = self._group or self._begin(loop)
            if group is None:
                return
            self._run(group)
            if self._queue and len(group.ran) < self._limits.group:
                loop.call_soon(self._turn, loop)
                return
            if group.entries:
                group.sealed = self._log.seal(self._connection, group.entries, self._desk.clock.now())
        except Exception as error:  # whatever it was, nobody may wait for ever
            self._conclude(loop, self._group or self._all_waiting(), False, error)
            return
        self._hand_over(loop, group)

    def _begin(self, loop: Loop) -> _Group | None:
        """Begin a transaction; None where another process holds the database and it is tried again later."""
        self._tokens = self._desk.tokens
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._tries += 1
            if primary_code(error) != sqlite3.SQLITE_BUSY or self._tries > self._limits.patience:
                self._tries = 0
                raise
            loop.call_later(0.05, self._turn, loop)
            return None
        self._tries = 0
        self._group = _Group([], [], [])
        return self._group

    def _all_waiting(self) -> _Group:
        """Everybody who waits, as a group that has not begun, so that all are told why."""
        callers = [_Ran(caller) for _, caller in self._queue]
        self._queue.clear()
        return _Group(callers, [], [])

    def _run(self, group: _Group) -> None:
        """Run the next few acts. Raises `sqlite3.Error` where the whole transaction is lost."""
        room = min(len(self._queue), self._limits.slice, self._limits.group - len(group.ran))
        for _ in range(room):
            act, caller = self._queue.popleft()
            if not caller.cancelled():
                ran = _Ran(caller)
                group.ran.append(ran)
                self._run_one(group, act, ran)

    def _run_one(self, group: _Group, act: Callable[[Act], Any], ran: _Ran) -> None:
        """Run one act; its failure is its own, unless the transaction is lost with it."""
        tx = Act(self._connection, self._desk)
        try:
            ran.value = act(tx)
            if tx.written:
                self._follow(tx)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and (spoils_group(error) or not self._connection.in_transaction):
                raise
            tx.give_up()
            ran.error = translated(error) if isinstance(error, sqlite3.Error) else error
        else:
            tx.keep()
            group.entries += tx.entries
            group.calls += tx.calls
            group.changed = group.changed or tx.saved or bool(tx.entries)

    def _follow(self, tx: Act) -> None:
        """Run what follows from the records that an act has written."""
        found: dict[Follower, list[Change]] = {}
        for change in tx.written:
            for follower in self.followers.get(change[0], ()):
                found.setdefault(follower, []).append(change)
        for follower, changes in found.items():
            follower(tx, changes)

    def _hand_over(self, loop: Loop, group: _Group) -> None:
        """Have the group committed: by the thread, or here where there is none or nothing to wait for."""
        if self._thread and group.changed:
            self._committing = True
            self._hand.put((loop, group))
        else:
            self._conclude(loop, group, *self._commit())

    # --- the commit; in the thread, where there is one ----------------------------------------------------------------

    def _commit_what_comes(self) -> None:
        """Commit one group after the other until None comes."""
        while (given := self._hand.get()) is not None:
            loop, group = given
            committed, error = self._commit()
            try:
                loop.call_soon_threadsafe(self._conclude, loop, group, committed, error)
            except RuntimeError:  # the loop was closed under us: nobody is left to be told
                return

    def _commit(self) -> tuple[bool, BaseException | None]:
        """Is the group on disk, and what went wrong."""
        committed = False
        try:
            self._fault("store.before_commit")
            self._connection.execute("COMMIT")
            committed = True
            self._fault("store.after_commit")
        except BaseException as error:  # also an injected one: the callers hear of it
            return committed, error
        return True, None

    # --- afterwards; on the event loop --------------------------------------------------------------------------------

    def _conclude(self, loop: Loop, group: _Group, committed: bool, error: BaseException | None) -> None:
        """Settle memory with the disk, tell the callers, and go on."""
        self._committing = False
        self._group = None
        if not committed:
            self._roll_back()
        elif group.sealed:
            self._log.adopt(group.sealed)
        if committed:
            for call in group.calls:
                loop.call_soon(call)
        if isinstance(error, sqlite3.Error):
            self._judge(loop, error)
        for ran in group.ran:
            _tell(ran, error)
        if self.suspect is not None:
            self._refuse_waiting(self.suspect)
        if self._queue:
            loop.call_soon(self._turn, loop)
        else:
            self._rest()

    def _judge(self, loop: Loop, error: sqlite3.Error) -> None:
        """What an error of the disk means for all that follows."""
        if is_full(error) and not self.full:
            self.full = True
            loop.call_later(PROBE_SECONDS, self._probe, loop)
        if is_grave(error):
            # INVARIANT: nobody knows what the disk holds now, so nothing is signed on top of it.
            self.suspect = translated(error).reason
        if is_final(error):
            self._failed(translated(error).reason)

    def _probe(self, loop: Loop) -> None:
        """Is there room again? Found out by writing what stands there already: health does not wait for work."""
        if self._closed or self.suspect is not None:
            return

        def judged(probe: asyncio.Future[Any]) -> None:
            self.full = probe.cancelled() or probe.exception() is not None
            if self.full:
                loop.call_later(PROBE_SECONDS, self._probe, loop)

        probe: asyncio.Future[Any] = loop.create_future()
        probe.add_done_callback(judged)
        self._queue.append((lambda _: self._connection.execute(f"PRAGMA user_version={VERSION}"), probe))
        if not self._working:
            self._working = True
            loop.call_soon(self._turn, loop)

    def _roll_back(self) -> None:
        """Nothing of the open transaction stays."""
        self._desk.tokens = self._tokens
        self._desk.known.clear()
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            self.suspect = translated(error).reason

    def _refuse_waiting(self, why: Reason) -> None:
        while self._queue:
            _, caller = self._queue.popleft()
            if not caller.done():
                caller.set_exception(_refusal(why))

    def _rest(self) -> None:
        self._working = False
        for idle in self._idle:
            idle.set_result(None)
        self._idle.clear()


def _refusal(why: Reason) -> StoreError:
    """What a caller is told while the store is suspect."""
    if why.code == STOPPED:
        return StoreError(why.code, **why.params)
    return StoreError("store.suspect", cause=why.code, do="stop the node, look at the disk, verify the audit, restart")


def _told(error: BaseException) -> BaseException:
    """What a caller is told of an error: SQLite's are translated, all others are passed on."""
    return translated(error) if isinstance(error, sqlite3.Error) else error


def _tell(ran: _Ran, failed: BaseException | None) -> None:
    """Tell one caller how his act has ended. One who has gone is not told."""
    if ran.caller.done():
        return
    if failed is not None:
        ran.caller.set_exception(_told(failed))
    elif ran.error is not None:
        ran.caller.set_exception(ran.error)
    else:
        ran.caller.set_result(ran.value)
