"""Things that are kept for as long as there is room for them: what was put first goes first.

What lives here: that. What does not: what they are, and how many bytes one of them takes.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """INVARIANT: what is kept has no more than `most` bytes, as its sizes were given."""

    def __init__(self, most: int) -> None:
        self._most, self.bytes = most, 0
        self._held: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        """What is kept under a key, or None."""
        found = self._held.get(key)
        return None if found is None else found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep it in the place of what is there under that key; what is larger than all the room is not kept."""
        self._drop(key)
        if size > self._most:
            return
        self._held[key] = value, size
        self.bytes += size
        while self.bytes > self._most:
            self._drop(next(iter(self._held)))

    def clear(self) -> None:
        """Keep nothing."""
        self._held.clear()
        self.bytes = 0

    def _drop(self, key: K) -> None:
        if (found := self._held.pop(key, None)) is not None:
            self.bytes -= found[1]
