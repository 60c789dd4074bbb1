"""What the control process answers to its data processes, over a Unix socket in the node's directory.

What lives here: taking questions, asking the gate and the ledgers, telling of cuts, and writing down how streams ended
whose process is gone. What does not: starting and ending the processes (`crew`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from connector.data.egress import Signs
from connector.data.gate import Admission, Gate
from connector.data.ledgers import Ledgers
from connector.data.silos.registry import Find
from connector.data.workers import wire
from connector.data.workers.asking import (
    KINDS,
    Admit,
    Admitted,
    Allows,
    KeyOf,
    Opening,
    Outcome,
    Question,
    Serving,
    Settle,
    SiloOf,
    Statement,
)
from connector.errors import InputError, NodeError, OurError
from policies.model import PolicyError
from policies.transforms.ledger import Draw

log = structlog.get_logger()


class Answering:
    """Answers all data processes. `sign` signs statements, `draw` draws noise."""

    def __init__(
        self,
        *,
        gate: Gate,
        ledgers: Ledgers,
        find: Find,
        sign: Signs,
        draw: Draw,
    ) -> None:
        self._gate, self._ledgers, self._find, self._sign, self._draw = gate, ledgers, find, sign, draw
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self.changed = asyncio.Event()
        """Set when another process has begun to take requests."""

    @property
    def serving(self) -> int:
        """How many processes take requests."""
        return sum(line.serving for line in self._lines)

    async def start(self, path: Path) -> None:
        """Listen; the socket is the node's user's alone. The node holds its directory, so what lies there is old.
        Raises `InputError` where it cannot be made."""
        try:
            own = _socket_at(path)
            self._server = await asyncio.start_unix_server(self._serve, sock=own)
        except OSError as error:
            raise InputError("listen.address", host=str(path), port="-", problem=str(error)) from None
        self._path = path

    def forget(self, agreement: str) -> None:
        """Nothing may be kept anywhere that was made under an agreement."""
        for line in self._lines:
            line.tell(wire.Forget(agreement))

    async def close(self) -> None:
        """Hang up on everybody; what streamed is written down as broken."""
        if self._server is None:
            return
        self._server.close()
        for line in tuple(self._lines):
            await line.close()
        if self._path is not None:
            await asyncio.to_thread(self._path.unlink, missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line(reader, writer, self.answer)
        self._lines.add(line)
        try:
            await line.run()
        finally:
            self._lines.discard(line)
            for admission in line.streams.values():
                await self._gone(admission)

    async def _gone(self, admission: Admission) -> None:
        """A stream whose process has ended without saying how it went."""
        try:
            await self._gate.outcome(admission, "access.broken", reason="worker.gone")
        except OurError as error:
            log.critical("access.outcome.lost", transfer=admission.transfer, code=error.reason.code)

    async def answer(self, line: _Line, question: Question) -> Any:
        """What comes of a question. Raises `NodeError`, `PolicyError`."""
        gate = self._gate
        match question:
            case Opening(credential, pid):
                return await gate.standing(credential, pid)
            case Allows(credential, pid, ask):
                return await gate.allows(credential, pid, ask)
            case Admit(credential, pid, ask):
                return line.admitted(await gate.admit(credential, pid, ask))
            case Outcome(watch, event, params):
                return await gate.outcome(line.streams.pop(watch), event, **params)
            case KeyOf(agreement):
                return await self._ledgers.key(agreement)
            case Settle(about, fresh, terms, only_again):
                return await self._ledgers.settle(about, fresh, terms, self._draw, only_again=only_again)
            case Statement(said):
                return await self._sign(said)
            case Serving():
                line.serving = True
                return self.changed.set()
            case SiloOf(name):
                return await self._find(name)


def _socket_at(path: Path) -> socket.socket:
    """A Unix socket of this user's alone from its first moment on."""
    path.unlink(missing_ok=True)
    own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    former = os.umask(0o177)
    try:
        own.bind(str(path))
    except OSError:
        own.close()
        raise
    finally:
        os.umask(former)
    return own


Answer = Callable[["_Line", Question], Awaitable[Any]]


class _Line:
    """The line of one data process, and the streams that it has under way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
        self._reader, self._writer, self._answer = reader, writer, answer
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0
        self.streams: dict[int, Admission] = {}
        self.serving = False

    def admitted(self, admission: Admission) -> Admitted:
        """Number a stream and have its cut told."""
        number = None
        if (watch := admission.watch) is not None:
            self._number += 1
            number = self._number
            self.streams[number] = admission
            watch.on_cut(lambda: self.tell(wire.Cut(number, watch.reasons)))
        return Admitted(admission.agreement, admission.hash, admission.peer, admission.use, number)

    def tell(self, message: wire.Message) -> None:
        """Send it; where nobody is there any more, that is noticed elsewhere."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            wire.write(self._writer, message)

    async def run(self) -> None:
        """Take questions until the process hangs up; each is answered by itself."""
        try:
            while (message := await wire.read(self._reader)) is not None:
                if isinstance(message, wire.Call):
                    task = asyncio.get_running_loop().create_task(self._take(message))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        except OurError:
            log.critical("worker.line_unreadable")
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks)
            self._writer.close()

    async def _take(self, call: wire.Call) -> None:
        try:
            question: Any = msgspec.msgpack.decode(call.given, type=KINDS[call.about])
            answer = wire.Answer(call.id, wire.packed(await self._answer(self, question)))
        except Exception as error:
            if not isinstance(error, NodeError | PolicyError):
                log.exception("worker.question_failed", about=call.about, error=type(error).__name__)
            answer = wire.Answer(call.id, wire.packed(wire.failure(error)), failed=True)
        self.tell(answer)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
