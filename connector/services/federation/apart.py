"""Where answers of peers are read: in a process beside the node, so that its event loop and its memory are its own.

What lives here: starting the process, asking it, ending it, and what it does; the same within this process, for nodes
that have no others. What does not: reading (`datasets`).

Reading a dataset is Python from end to end and takes as long as answering a request or two. In a thread each of them
would cost every other request the interpreter's switching interval; in a process they cost nothing. It has a bound of
memory and of time for each answer, it holds no keys and opens nothing, and who sends what it dies of loses one crawl.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import sys
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec

from connector.services.federation.datasets import Answer, Question, answer
from policies.model import Reason

SECONDS: Final = 60.0
"""How long one answer of a peer may take."""
MEMORY: Final = 1 << 30
"""Bytes of address space that the process may have."""
IDLE: Final = 60.0
"""Seconds without a question after which it is ended: a node that has read all is alone again."""

SMALL: Final = 16_384
"""Bytes of an answer that is read within this process: a change or two, for which no process is worth starting. What is
done to so few bytes is bounded, and takes no longer than answering a request."""

_ROOT: Final = str(Path(__file__).resolve().parents[3])
_START: Final = "from connector.services.federation.apart import serve; serve()"
_WRONG: Final = Answer(wrong=Reason("catalog.reader"))


class Reads(Protocol):
    """Reads answers of peers."""

    async def read(self, question: Question) -> Answer:
        """What is in it; never raises for what a peer may send."""

    async def close(self) -> None: ...


class Here:
    """Reads within this process, at once."""

    async def read(self, question: Question) -> Answer:
        """See `Reads.read`."""
        return answer(question)

    async def close(self) -> None:
        """Nothing is kept."""


class Apart:
    """Reads in a process of its own, one answer at a time, but for small ones; it is started when it is needed."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY, idle: float = IDLE) -> None:
        self._seconds, self._memory, self._idle = seconds, memory, idle
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._ending: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The process, where there is one."""
        return None if self._process is None else self._process.pid

    async def read(self, question: Question) -> Answer:
        """See `Reads.read`."""
        if len(question.body) <= SMALL:
            return answer(question)
        async with self._turn:
            self._stay()
            try:
                async with asyncio.timeout(self._seconds):
                    return msgspec.msgpack.decode(await self._asked(msgspec.msgpack.encode(question)), type=Answer)
            except (TimeoutError, OSError, asyncio.IncompleteReadError, msgspec.MsgspecError):
                await self._end()
                return _WRONG
            except asyncio.CancelledError:
                # Half an answer is on its way: whoever asks next must not get the rest of it.
                await self._end()
                raise
            finally:
                self._ending = asyncio.get_running_loop().call_later(self._idle, self._leave)

    async def close(self) -> None:
        """End the process."""
        self._stay()
        await self._end()

    async def _asked(self, body: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _START, str(self._memory), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=_ROOT
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(len(body).to_bytes(4, "big"))
        process.stdin.write(body)
        await process.stdin.drain()
        return await _framed(process.stdout)

    def _stay(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _leave(self) -> None:
        """Nobody has asked for a while."""
        if self._process is not None and not self._turn.locked():
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _framed(reader: StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))


# --- in the process ---------------------------------------------------------------------------------------------------


def serve() -> None:
    """What the process does: limits for itself, then one answer for each question, until nobody asks any more."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What is made for an answer is gone after it, nearly all of it without cycles.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    while (body := _next(sys.stdin.buffer)) is not None:
        try:
            found = answer(msgspec.msgpack.decode(body, type=Question))
        except MemoryError:
            found = _WRONG
        told = msgspec.msgpack.encode(found)
        sys.stdout.buffer.write(len(told).to_bytes(4, "big") + told)
        sys.stdout.buffer.flush()


def _next(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 4 else None
