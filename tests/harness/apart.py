"""What is served for a test in a process of its own: started, its addresses read, ended with the test."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


@contextlib.contextmanager
def started(module: str, log: Path, told: type[T], *arguments: str) -> Iterator[T]:
    """A module run as a program until the test is over: its first line says where it is, the end of its standard input
    ends it, and its log goes to a file. Raises `RuntimeError` with that log where it does not start."""
    with log.open("wb") as written:
        command = [sys.executable, "-m", module, *arguments]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(log.read_text())
            try:
                yield msgspec.json.decode(line, type=told)
            finally:
                process.stdin.close()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
