"""What came and nobody can read: put aside with its reason, so that a person can look at it.

What lives here: a file of JSON lines that does not grow without end. What does not: telling what is spoiled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from edge_node.buffer.files import Files
from edge_node.errors import KeepingError
from edge_node.ports import Spoiled

FILE: Final = "spoiled.jsonl"
OLD: Final = "spoiled.old.jsonl"
_MOST_SAMPLE: Final = 512
_MOST_A_MINUTE: Final = 60
_MINUTE: Final = 60_000_000


class Aside:
    """INVARIANT: both files together have at most `most` bytes and one line; a source that sends nothing else writes
    `_MOST_A_MINUTE` of them a minute, and the rest is counted."""

    def __init__(self, files: Files, most: int) -> None:
        self._files, self._half = files, most // 2
        self._recent: deque[int] = deque(maxlen=_MOST_A_MINUTE)

    def chosen(self, found: Sequence[Spoiled], now: int) -> list[bytes]:
        """The lines that are to be written now."""
        lines = []
        for one in found:
            if len(self._recent) == _MOST_A_MINUTE and self._recent[0] > now - _MINUTE:
                break
            self._recent.append(now)
            lines.append(_line(one, now))
        return lines

    def write(self, lines: Sequence[bytes]) -> None:
        """Durable when this returns. Raises `KeepingError` `buffer.disk`."""
        try:
            self._make_room()
            file = self._files.append(FILE)
            try:
                file.write(b"".join(lines))
                file.sync()
            finally:
                file.close()
        except OSError as error:
            raise KeepingError("buffer.disk") from error

    def _make_room(self) -> None:
        if FILE in self._files.names() and self._files.size(FILE) >= self._half:
            self._files.rename(FILE, OLD)


def _line(one: Spoiled, now: int) -> bytes:
    sample = one.sample[:_MOST_SAMPLE]
    said: dict[str, Any] = {"at": now, "source": one.source, "code": one.code, "params": dict(one.params)}
    try:
        said["text"] = sample.decode()
    except UnicodeDecodeError:
        said["hex"] = sample.hex()
    return msgspec.json.encode(said) + b"\n"
