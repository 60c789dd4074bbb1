"""Rows as lists of texts, one a column: what the steps of a chain do to them.

What lives here: columns by their headings, and one function a row made of everything that has to be done. What does
not: reading and writing such rows (`delimited`), which steps there are (`rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NoReturn
from unicodedata import normalize

from policies.model import PolicyError, Reason

Change = Callable[[Any], Any]
Pair = Callable[[Any, Any], tuple[Any, Any]]
Holds = Callable[[Any], bool]

_QUOTES: Final = frozenset("\"'`´‘’‚“”„«»‹›")


class Table:
    """What is to be done to the rows of a table with these columns.

    A heading that occurs twice names both columns where something is taken away or changed, and neither where one value
    is asked for. So does one beside which another stands that a person would take for it (`Name`, `name`, `name` with a
    sign that nobody sees): what was to be hidden must not leave next door. Raises `PolicyError` for a heading that is
    not there.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._places: dict[str, list[int]] = {}
        self._similar: dict[str, list[int]] = {}
        for n, name in enumerate(columns):
            self._places.setdefault(alike(name.strip()), []).append(n)
            self._similar.setdefault(similar(name), []).append(n)
        self._filters: list[Holds] = []
        self._changes: dict[int, Change] = {}
        self._pairs: list[tuple[int, int, Pair]] = []
        self._dropped: set[int] = set()

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings of what leaves."""
        return tuple(name for n, name in enumerate(self._columns) if n not in self._dropped)

    def pick(self, field: str) -> Change:
        """The value of a field in a row. Only of a field that leaves, or before anything is done to the row."""
        return itemgetter(self._one(field))

    def leaves(self, field: str) -> bool:
        """Is this a field that is not dropped?"""
        return not self._dropped.intersection(self._all(field))

    def keep_if(self, field: str, holds: Holds) -> None:
        """Only rows with such a value go on."""
        pick = self.pick(field)
        self._filters.append(lambda row: holds(pick(row)))

    def drop(self, field: str) -> None:
        """The field does not leave."""
        self._dropped.update(self._all(field))

    def change(self, field: str, change: Change) -> None:
        """The field leaves changed, after the changes that came before."""
        for n in self._all(field):
            if (first := self._changes.get(n)) is not None:
                self._changes[n] = _after(first, change)
            else:
                self._changes[n] = change

    def replace(self, field: str, by: Any) -> None:
        """The field leaves with this in it."""
        self.change(field, lambda value: by)

    def look_into(self, column: str, change: Change) -> None:
        """What stands in this column leaves changed within, unless it is changed as a whole."""
        for n, name in enumerate(self._columns):
            if name == column:
                self._changes.setdefault(n, change)

    def change_pair(self, first: str, second: str, pair: Pair) -> None:
        """Two fields are changed together, after everything else."""
        for field in (first, second):
            if len(self._all(field)) > 1:
                raise PolicyError(Reason("transform.ambiguous", {"field": field}))
        self._pairs.append((self._one(first), self._one(second), pair))

    def treatment(self) -> Callable[[list[Any]], list[Any] | None]:
        """What is done to one row, in place: the row, or None where it does not go on. Raises `ValueError` for a row
        that cannot be treated."""
        width, filters, pairs = len(self._columns), tuple(self._filters), tuple(self._pairs)
        changes = tuple((n, change) for n, change in self._changes.items() if n not in self._dropped)

        def treat(row: list[Any]) -> list[Any] | None:
            if len(row) != width:
                if not row:
                    return None  # a blank line
                raise ValueError("another number of values than of columns")
            for holds in filters:
                if not holds(row):
                    return None
            for n, change in changes:
                row[n] = change(row[n])
            for first, second, pair in pairs:
                row[first], row[second] = pair(row[first], row[second])
            return row

        return treat

    def shown(self) -> Callable[[list[Any]], Sequence[Any]]:
        """What leaves of a treated row."""
        kept = [n for n in range(len(self._columns)) if n not in self._dropped]
        if len(kept) == len(self._columns):
            return _as_it_is
        if len(kept) == 1:
            return lambda row: (row[kept[0]],)
        picked: Callable[[list[Any]], Sequence[Any]] = itemgetter(*kept) if kept else lambda row: ()
        return picked

    def unmet(self) -> None:
        """Nothing to say at the end: every heading was there from the beginning."""

    @staticmethod
    def summary(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
        """How a row of statistics looks."""
        return list

    def _all(self, field: str) -> list[int]:
        return self._similar[similar(field)] if alike(field) in self._places else _missing(field)

    def _one(self, field: str) -> int:
        found = self._places.get(alike(field)) or _missing(field)
        if len(found) > 1:
            raise PolicyError(Reason("transform.ambiguous", {"field": field}))
        return found[0]


def alike(name: str) -> str:
    """One and the same text for names that look the same (Unicode 15, canonical equivalence)."""
    return name if name.isascii() else normalize("NFC", name)


@lru_cache(maxsize=4096)
def similar(name: str) -> str:
    """One and the same text for names that a person would take for each other: without case, blanks, quotes and signs
    that are not seen, and in the plain form of letters (Unicode 15, compatibility equivalence)."""
    plain = normalize("NFKC", normalize("NFKC", name).casefold())
    return "".join(sign for sign in plain if sign.isprintable() and not sign.isspace() and sign not in _QUOTES)


def _missing(field: str) -> NoReturn:
    raise PolicyError(Reason("transform.column", {"field": field}))


def _after(first: Change, then: Change) -> Change:
    return lambda value: then(first(value))


def _as_it_is(row: list[Any]) -> Sequence[Any]:
    return row
