"""Closed segments written anew: small batches put together, what all have left out, every second reading left out.

What lives here: which segment, and going on piece by piece, so that readings which come do not wait long. What does
not: the writing (`upkeep`), forgetting whole segments (`committing`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from connector.data.readings.ranges import Ranges
from edge_node.buffer import batching, upkeep
from edge_node.buffer.files import Files
from edge_node.buffer.index import Change, Index, Row
from edge_node.buffer.model import Sealed, Sealing
from edge_node.buffer.state import State
from edge_node.errors import KeepingError

T = TypeVar("T")


class Run(Protocol):
    """How what waits for the disk is done: in a thread, one thing at a time."""

    def __call__(self, act: Callable[[], T], /) -> Awaitable[T]:
        """Its result."""


class Tidying:
    """One segment at a time."""

    def __init__(self, state: State, index: Index, files: Files, sealing: Sealing, run: Run) -> None:
        self._state, self._index, self._files, self._sealing, self._run = state, index, files, sealing, run
        self._chore: tuple[int, Iterator[Row | None]] | None = None

    async def some(self, left: int) -> bool:
        """A piece of putting small batches together; False: there is nothing to be done, but for so many segments."""
        state = self._state
        if self._chore is None:
            if len(state.loose) <= left:
                return False
            row = state.rows[min(state.loose)]
            state.loose.discard(row.number)
            if not self._worth(row):
                return True
            self._begin(row, row.level, thin=False)
        await self._step()
        return True

    async def thin(self, row: Row) -> bool:
        """Every second reading of a segment away. False: that made no room."""
        self._begin(row, row.level + 1, thin=True)
        while self._chore is not None:
            await self._step()
        now = self._state.rows.get(row.number)
        return now is not None and now.bytes < row.bytes

    def _worth(self, row: Row) -> bool:
        loose = is_loose(self._state.batches(row), self._state.limits.batch)
        self._state.let_go()
        return loose

    def _begin(self, row: Row, level: int, *, thin: bool) -> None:
        treat = partial(self._left, have=self._state.have(), thin=thin)
        self._chore = (row.number, upkeep.rewritten(self._files, row, treat, level=level, record=self._record))

    def _left(self, found: list[Sealed], have: Mapping[int, Ranges], thin: bool) -> Iterator[Sealed]:
        limits = self._state.limits
        kept = found if limits.keep else batching.without(found, have)
        return batching.together(kept, limits.together, self._sealing, thin=thin)

    def _record(self, done: Row) -> None:
        self._index.write(Change(rows={done.number: done}))

    async def _step(self) -> None:
        """A piece. INVARIANT: the old file is deleted when the old row is not known any more."""
        if self._chore is None:
            return
        number, work = self._chore
        if number not in self._state.rows:
            self._chore = None  # forgotten meanwhile; what was begun is cleared at the next start
            return
        try:
            done = await self._run(partial(next, work, None))
        except (OSError, KeepingError):
            self._chore = None  # the old one stands
            return
        if done is not None:
            self._state.know(done)
            self._state.written += done.bytes
            self._chore = None
            await self._run(partial(next, work, None))


def is_loose(batches: Sequence[Sealed], batch: int) -> bool:
    """Are the batches of a segment so small that it is worth to write it anew?"""
    return sum(one.count for one in batches) < len(batches) * batch // 2
