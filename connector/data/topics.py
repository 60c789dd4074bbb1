"""Topics of MQTT: a pattern with named levels, what it asks a broker for, what a topic says by it.

What lives here: pure functions over texts. What does not: the broker (`connector.data.broker`), payloads, questions
about rows (`connector.data.sources.topics`). Source: MQTT 5.0 (OASIS), 4.7 topic names and filters.
`sensors/{district}/{device}` is the filter `sensors/+/+`, and what comes by it has the names `district` and `device`;
`+` is a level without a name, `#` at the end any number of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from math import prod
from typing import Final

from msgspec import Struct

_NAMED: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_MOST_FILTERS: Final = 64
"""A question about more values is asked with a wildcard."""

Allowed = Mapping[str, frozenset[str]]
"""By name of a level, the values that are wanted; a level that is not named may have any."""


class Pattern(Struct, frozen=True):
    """A collection: its levels as they are written."""

    text: str
    levels: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that the levels give, in their order."""
        return tuple(name for level in self.levels if (name := _name(level)))

    def values(self, topic: str) -> dict[str, str] | None:
        """What a topic says by its levels; None where it is none of this collection."""
        parts = topic.split("/")
        if self.levels[-1] == "#":
            # The level above the last is one of them as well (4.7.1.2).
            if len(parts) < len(self.levels) - 1:
                return None
        elif len(parts) != len(self.levels):
            return None
        if topic.startswith("$") and not self.levels[0].startswith("$"):
            return None
        found: dict[str, str] = {}
        for level, part in zip(self.levels, parts, strict=False):
            if level == "#":
                break
            if name := _name(level):
                found[name] = part
            elif level not in ("+", part):
                return None
        return found

    def filters(self, allowed: Allowed) -> frozenset[str]:
        """What a broker is asked for so that all wanted topics come, and as few others as can be."""
        choices = [self._choice(level, allowed) for level in self.levels]
        if prod(map(len, choices)) > _MOST_FILTERS:
            choices = [self._choice(level, {}) for level in self.levels]
        return frozenset("/".join(levels) for levels in product(*choices))

    @staticmethod
    def _choice(level: str, allowed: Allowed) -> list[str]:
        name = _name(level)
        if not name:
            return [level]
        wanted = allowed.get(name)
        return ["+"] if wanted is None else sorted(filter(_sayable, wanted))


def read(text: str) -> Pattern:
    """A pattern. Raises `ValueError` for what is none."""
    levels = tuple(text.split("/"))
    names = [name for level in levels if (name := _name(level))]
    if not text or len(text.encode()) > 1_000 or "\0" in text or len(set(names)) != len(names):
        raise ValueError(text)
    for place, level in enumerate(levels):
        if level == "#" and place != len(levels) - 1:
            raise ValueError(text)
        if level not in ("#", "+") and not _name(level) and re.search(r"[+#{}]", level):
            raise ValueError(text)
    return Pattern(text, levels)


def least(filters: Iterable[str]) -> frozenset[str]:
    """The same without those that another one covers: a broker may send once for each that fits."""
    kept = frozenset(filters)
    return frozenset(one for one in kept if not any(one != other and covers(other, one) for other in kept))


def covers(wide: str, narrow: str) -> bool:
    """Does every topic of one filter fit the other?"""
    ours, theirs = wide.split("/"), narrow.split("/")
    for place, level in enumerate(ours):
        if level == "#":
            return True
        if place >= len(theirs) or theirs[place] == "#":
            return False
        if level not in ("+", theirs[place]):
            return False
    return len(ours) == len(theirs)


def _sayable(value: str) -> bool:
    """Can it be a level at all? What cannot is none's topic."""
    return bool(value) and not re.search(r"[/+#\0]", value)


def _name(level: str) -> str:
    found = _NAMED.fullmatch(level)
    return found[1] if found else ""
