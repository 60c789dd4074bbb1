"""Tables page by page: who reads slowly holds no transaction meanwhile.

What lives here: whether a table can be read so, where the next page begins, how many rows it has. What does not:
asking (one module a database), the statement (`statement`).

Pages go by the key, each in a transaction of its own and of one snapshot: a row that stands there all the time comes
once. What has no key that leaves as it is, and what is read twice, is read in one statement. INVARIANT: the place that
a page ends at is a value that left: nothing is read for the sake of paging.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from connector.data.queries.model import Pushed, Shape
from connector.data.sources.sql.statement import Page, Table, leaves_as_it_is
from connector.errors import SourceError
from connector.ports import Clock

FIRST: Final = 25_000
_LEAST: Final = 1_000
_MOST: Final = 100_000
_SLOW: Final = 2.0
"""Seconds that a page may take before the next one is smaller."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d{1,30}", re.ASCII)
_TEXTS: Final = frozenset({"text", "varchar", "char", "uuid"})
_TIMES: Final = frozenset({"timestamptz"})


class Paging:
    """The pages of one reading."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._after: tuple[str, ...] = ()
        self._size, self._given, self._began = FIRST, 0, 0.0
        self.more = self.first = True

    def page(self, table: Table, shape: Shape, pushed: Pushed) -> Page | None:
        """The next page, None where all that is left is read at once."""
        self._began = self._clock.monotonic()
        if not table.paged or pushed.twice or not leaves_as_it_is(table, shape, pushed):
            return None
        left = self._size if pushed.limit is None else min(self._size, pushed.limit - self._given)
        return Page(after=self._after, size=left)

    def ended(self, page: Page | None, table: Table, rows: int, last: dict[str, Any]) -> None:
        """A page had so many rows, the last of which was this. Raises `SourceError` where no page can follow it."""
        self.first = False
        self._given += rows
        self.more = page is not None and rows == page.size == self._size
        if not self.more:
            return
        types = {one.name: one.type for one in table.columns}
        self._after = tuple(_place(types[name], last[name]) for name in table.key)
        slow = self._clock.monotonic() - self._began > _SLOW
        self._size = max(_LEAST, self._size // 4) if slow else min(_MOST, self._size * 4)


def pages_by(types: Sequence[str], whole: frozenset[str]) -> bool:
    """May pages go by a key of columns of these types? `whole` are those of whole numbers."""
    return bool(types) and all(one in whole or one in _TEXTS or one in _TIMES for one in types)


def _place(type_name: str, value: Any) -> str:
    text = "" if value is None else str(value)
    fits = text if type_name in _TEXTS else (_TIME if type_name in _TIMES else _WHOLE).fullmatch(text)
    if not fits and type_name not in _TEXTS:
        raise SourceError("source.broken", problem="a key that pages cannot go by")
    return text
