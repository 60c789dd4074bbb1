"""The numbers of series and things, and the legends that say them.

What lives here: giving numbers, and what of that is not written yet. What does not: the legend's form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from connector.data.readings.legends import joined
from connector.data.readings.model import Legend, Series
from edge_node.buffer.model import Sealing
from edge_node.errors import FullError

MOST_THINGS: Final = 1 << 15
MOST_NAMES: Final = 1 << 20
"""Bytes of all their names: they are in memory, and stand in legends that a node takes only so much of. Who says ever
new names, in error or in malice, stops there."""


class Names:
    """INVARIANT: a number that was written keeps its meaning. `legend` is all that was written before."""

    def __init__(self, legend: Legend | None = None) -> None:
        legend = legend or Legend(0)
        self._number = legend.number
        self._series = {one: number for number, one in legend.series}
        self._things = {name: number for number, name in legend.things}
        self._length = sum(len(name.encode()) for name in self._things)
        self._last_series = max(self._series.values(), default=0)
        self._last_thing = max(self._things.values(), default=0)
        self._new_series: dict[int, Series] = {}
        self._new_things: dict[int, str] = {}

    def series(self, one: Series) -> int:
        """Its number."""
        found = self._series.get(one)
        if found is None:
            found = self._last_series = self._last_series + 1
            self._series[one] = found
            self._new_series[found] = one
        return found

    def things(self, names: Sequence[str]) -> list[int]:
        """Their numbers. Raises `FullError` `intake.things`."""
        known = self._things
        try:
            return [known[name] for name in names]
        except KeyError:
            pass
        for name in names:
            if name not in known:
                length = self._length + len(name.encode())
                if len(known) >= MOST_THINGS or length > MOST_NAMES:
                    raise FullError("intake.things", most=str(MOST_THINGS))
                self._length = length
                self._last_thing += 1
                known[name] = self._last_thing
                self._new_things[self._last_thing] = name
        return [known[name] for name in names]

    def nameable(self, names: Sequence[str]) -> list[int]:
        """The places of the names that have a number, or can still get one."""
        left, room, new = MOST_THINGS - len(self._things), MOST_NAMES - self._length, set[str]()
        for name in dict.fromkeys(name for name in names if name not in self._things):
            left, room = left - 1, room - len(name.encode())
            if left < 0 or room < 0:
                break
            new.add(name)
        return [place for place, name in enumerate(names) if name in self._things or name in new]

    @property
    def number(self) -> int:
        """The legend that all numbers given so far can be read with, once `more` is written."""
        return self._number + bool(self._new_series or self._new_things)

    def more(self) -> Legend | None:
        """What has not been written yet."""
        if not self._new_series and not self._new_things:
            return None
        return Legend(self._number + 1, self._number, tuple(self._new_series.items()), tuple(self._new_things.items()))

    def wrote(self, legend: Legend) -> None:
        """That is durable now."""
        self._number = legend.number
        for number, _ in legend.series:
            self._new_series.pop(number, None)
        for number, _ in legend.things:
            self._new_things.pop(number, None)


def known(messages: Iterable[bytes], sealing: Sealing) -> Legend:
    """All that legends say together. Raises `KeepingError`, `FormError`."""
    made: Legend | None = None
    for message in messages:
        found = sealing.opened(message)
        if isinstance(found, Legend):
            made = joined(made, found)
    return made or Legend(0)
