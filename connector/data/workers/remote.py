"""The gate, the memory of what was told and the node's signature, as a data process has them: asked for over the line.

What lives here: the line (questions out, answers and cuts in), and on it what `http.data` and `data.egress` need. What
does not: any decision. Where the line is broken nothing is permitted and every stream is cut: fail closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
import structlog

from connector.data.gate import Admission, Allowed, Ask, Standing
from connector.data.ledgers import About
from connector.data.workers import wire
from connector.data.workers.asking import (
    Admit,
    Admitted,
    Allows,
    KeyOf,
    Opening,
    Outcome,
    Serving,
    Settle,
    SiloOf,
    Statement,
)
from connector.errors import OurError, StoreError
from connector.records import Silo
from policies.model import Reason
from policies.transforms.ledger import Draw, Fresh, Terms, Told

log = structlog.get_logger()
T = TypeVar("T")
_KEPT = 4096
_ALLOWED: Any = Allowed | None
_SILO: Any = Silo | None
_BROKEN = Reason("store.closed")


class RemoteWatch:
    """A stream of this process that the control process judges; see `running.Watch`."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._cut: Callable[[], None] | None = None
        self.reasons: tuple[Reason, ...] = ()

    def on_cut(self, cut: Callable[[], None]) -> None:
        """How to end the stream at once; right away where it is cut already."""
        self._cut = cut
        if self.reasons:
            cut()

    def cut(self, reasons: tuple[Reason, ...]) -> None:
        """End the stream for these reasons."""
        if self.reasons:
            return
        self.reasons = reasons
        if self._cut is not None:
            self._cut()

    def end(self) -> None:
        """The stream is over."""
        self._ended()


class Line:
    """The line to the control process. `lost` is set when it is broken, and then the process has to end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._watches: dict[int, RemoteWatch] = {}
        self._number = 0
        self.lost = asyncio.Event()
        self.forget: Callable[[str], None] = lambda agreement: None
        self._task = asyncio.get_running_loop().create_task(self._listen())

    async def ask(self, question: Any, kind: type[T]) -> T:
        """The answer to a question. Raises what the control process raised, `StoreError` where it does not answer."""
        if self.lost.is_set():
            raise StoreError("store.closed")
        self._number += 1
        id = self._number
        self._waiting[id] = future = asyncio.get_running_loop().create_future()
        try:
            wire.write(self._writer, wire.Call(id, type(question).__name__, wire.packed(question)))
            await self._writer.drain()
            return msgspec.msgpack.decode(await future, type=kind)
        except ConnectionError:
            raise StoreError("store.closed") from None
        finally:
            self._waiting.pop(id, None)

    def watch(self, number: int) -> RemoteWatch:
        """The watch of an admitted stream. A cut that came before this is remembered."""
        known = self._watches.get(number)
        if known is None:
            known = self._watches[number] = RemoteWatch(lambda: None)
        known._ended = lambda: self._over(number)
        return known

    def _over(self, number: int) -> None:
        self._watches.pop(number, None)

    async def close(self) -> None:
        """Hang up."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()

    async def _listen(self) -> None:
        try:
            while (message := await wire.read(self._reader)) is not None:
                self._take(message)
        except OurError:
            log.critical("worker.line_unreadable")
        finally:
            self._broken()

    def _take(self, message: wire.Message) -> None:
        match message:
            case wire.Answer(id, value, failed):
                self._answered(id, value, failed)
            case wire.Cut(watch, reasons):
                if (known := self._watches.get(watch)) is None:
                    # The answer that names it is on its way behind the cut.
                    known = self._watches[watch] = RemoteWatch(lambda: None)
                known.cut(reasons)
            case wire.Forget(agreement):
                self.forget(agreement)
            case wire.Call():
                log.warning("worker.line_odd", about=message.about)

    def _answered(self, id: int, value: msgspec.Raw, failed: bool) -> None:
        future = self._waiting.get(id)
        if future is None or future.done():
            return
        if failed:
            future.set_exception(wire.raised(msgspec.msgpack.decode(value, type=wire.Failure)))
        else:
            future.set_result(value)

    def _broken(self) -> None:
        self.lost.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(StoreError("store.closed"))
        for watch in tuple(self._watches.values()):
            watch.cut((_BROKEN,))


class RemoteGate:
    """The gate of the control process; see `data.gate.Gate`.

    What a transfer is about is remembered as the gate remembers it, by the credential that has proved it: the decision
    compares, and asks for the credential again.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: dict[tuple[str, str], Standing] = {}

    async def standing(self, credential: str, pid: str) -> Standing:
        """As the gate's."""
        key = (credential, pid)
        if (known := self._known.get(key)) is None:
            known = await self._line.ask(Opening(credential, pid), Standing)
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = known
        return known

    async def allows(self, credential: str, pid: str, ask: Ask) -> Allowed | None:
        """As the gate's."""
        found: Allowed | None = await self._line.ask(Allows(credential, pid, ask), _ALLOWED)
        if found is None:
            self._known.pop((credential, pid), None)
        return found

    async def admit(self, credential: str, pid: str, ask: Ask) -> Admission:
        """As the gate's."""
        try:
            done = await self._line.ask(Admit(credential, pid, ask), Admitted)
        except BaseException:
            # It may be about something else meanwhile, or leave otherwise.
            self._known.pop((credential, pid), None)
            raise
        watch = self._line.watch(done.watch) if done.watch is not None else None
        return Admission(pid, done.agreement, done.hash, done.peer, ask, done.use, watch, done.watch or 0)

    async def outcome(self, admission: Admission, event: str, **params: str) -> None:
        """As the gate's."""
        if admission.watch is not None:
            admission.watch.end()
        await self._line.ask(Outcome(admission.number, event, params), type(None))


class RemoteLedgers:
    """The memory of what was told; see `data.ledgers.Ledgers`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def forget(self) -> Callable[[str], None]:
        """What is called where nothing may be kept of an agreement."""
        return self._line.forget

    @forget.setter
    def forget(self, forget: Callable[[str], None]) -> None:
        self._line.forget = forget

    async def key(self, agreement: str) -> bytes:
        """As the ledgers'."""
        return await self._line.ask(KeyOf(agreement), bytes)

    async def settle(
        self, about: About, fresh: Mapping[str, Fresh], terms: Terms, draw: Draw | None, *, only_again: bool = False
    ) -> Mapping[str, Told]:
        """As the ledgers'; noise is drawn in the control process."""
        return await self._line.ask(Settle(about, dict(fresh), terms, only_again), dict[str, Told])


class Distant:
    """What else a data process asks for: a signature, a silo."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def sign(self, statement: Mapping[str, Any]) -> str:
        """A statement about data that leave, signed by the node."""
        return await self._line.ask(Statement(dict(statement)), str)

    async def serving(self) -> None:
        """This process takes requests from now on."""
        await self._line.ask(Serving(), type(None))

    async def silo(self, name: str) -> Silo | None:
        """The record of a silo."""
        return await self._line.ask(SiloOf(name), _SILO)
