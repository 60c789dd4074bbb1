"""How people ask a running agent: a Unix socket in its directory, one JSON object a line each way.

What lives here: both ends of the socket. What does not: what is asked for (`agent`). Who may open the socket is the
file system's affair (mode 0600): there is nothing on it that the device's own user could not read or do anyhow.

A question is `{"ask": NAME, ...}`; the answer is one line, or lines until the asker hangs up (`tail`, `drain`). An
error is `{"error": CODE, "params": {...}}` and ends the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from edge_node.errors import EdgeError, LinkError

SOCKET: Final = "agent.sock"
_LONGEST: Final = 1 << 20
_PATIENCE: Final = 10.0
_AT_ONCE: Final = 8
"""Askers at a time; further ones are turned away."""

Asked = Mapping[str, Any]
Answers = Callable[[Asked], AsyncIterator[Any]]


class Control:
    """The agent's end. `answers` gives, by name, what is said line by line."""

    def __init__(self, directory: Path, answers: Mapping[str, Answers]) -> None:
        self._path, self._answers, self._askers = directory / SOCKET, answers, 0
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to answer. A socket that an agent left behind is taken away: its directory is locked by us."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=_LONGEST)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._askers += 1
        try:
            await self._answer(reader, writer)
        except (OSError, ValueError, TimeoutError):
            pass  # Whoever asked has gone, or has said nothing.
        finally:
            self._askers -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await asyncio.wait_for(reader.readline(), _PATIENCE)
        try:
            async with contextlib.aclosing(self._asked(line)) as said:  # type: ignore[type-var]
                async for one in said:
                    writer.write(msgspec.json.encode(one) + b"\n")
                    await writer.drain()
        except EdgeError as error:
            writer.write(msgspec.json.encode({"error": error.code, "params": error.params}) + b"\n")
            await writer.drain()

    def _asked(self, line: bytes) -> AsyncIterator[Any]:
        if self._askers > _AT_ONCE:
            raise LinkError("control.busy")
        try:
            asked: Asked = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise LinkError("control.unknown") from None
        answers = self._answers.get(str(asked.get("ask")))
        if answers is None:
            raise LinkError("control.unknown")
        return answers(asked)


def ask(directory: Path, name: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """The asker's end, for commands. Raises `LinkError` `control.off` where no agent runs in this directory, and what
    the agent says is wrong."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_PATIENCE)
        try:
            line.connect(str(directory / SOCKET))
        except OSError:
            raise LinkError("control.off") from None
        line.settimeout(None)
        line.sendall(msgspec.json.encode({"ask": name, **asked}) + b"\n")
        with line.makefile("rb") as lines:
            for one in lines:
                said = msgspec.json.decode(one, type=dict[str, Any])
                if "error" in said:
                    raise LinkError(str(said["error"]), **said.get("params", {}))
                yield said
