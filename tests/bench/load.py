"""Load: many calls side by side for a while, and what they took; the same driver for the node and its yardstick.

What lives here: the driver, and processes that are told what to do line by line. What does not: rows and goals.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
WARM_UP = 3


class Load(Struct, frozen=True):
    """How many calls side by side, for how long, or how many in all."""

    concurrency: int
    seconds: float = 0.0
    calls: int = 0


class Done(Struct, frozen=True):
    """What a load achieved: calls, wall seconds, this process's CPU seconds, median latency in seconds."""

    calls: int
    seconds: float
    cpu: float
    p50: float

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds


async def drive(call: Callable[[], Awaitable[None]], load: Load) -> Done:
    """Call again and again from `concurrency` tasks; a failing call fails the load."""
    for _ in range(WARM_UP):
        await call()
    latencies: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    end = began + load.seconds if load.seconds else float("inf")
    left = load.calls or sys.maxsize

    async def worker() -> None:
        nonlocal left
        while left > 0 and time.perf_counter() < end:
            left -= 1
            at = time.perf_counter()
            await call()
            latencies.append(time.perf_counter() - at)

    async with asyncio.TaskGroup() as group:
        for _ in range(load.concurrency):
            group.create_task(worker())
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    latencies.sort()
    return Done(len(latencies), seconds, used, latencies[len(latencies) // 2])


class Child:
    """A process that is asked over standard input and answers over standard output, one line each."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def line(self) -> str:
        """What it says next. Raises `RuntimeError` where it has ended instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return line.strip()

    def say(self, text: str) -> None:
        """Tell it something."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def ask(self, question: Struct, kind: type[T]) -> T:
        """Say a Struct and read one back."""
        self.say(msgspec.json.encode(question).decode())
        return msgspec.json.decode(self.line(), type=kind)

    def cpu(self) -> float:
        """CPU seconds that it has used, all threads."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End its input and wait."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextlib.contextmanager
def child(*arguments: Any) -> Iterator[Child]:
    """A child that is ended in any case."""
    started = Child(*(str(argument) for argument in arguments))
    try:
        yield started
    finally:
        started.close()
