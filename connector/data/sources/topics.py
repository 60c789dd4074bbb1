"""Collections of topics of MQTT and questions about their rows: which levels a question leaves.

What lives here: pure functions over conditions. What does not: topics and patterns themselves
(`connector.data.topics`), which stand here under their names as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from connector.data.queries.model import All, Compare, Comparison, Condition, OneOf
from connector.data.topics import Allowed as Allowed
from connector.data.topics import Pattern as Pattern
from connector.data.topics import covers as covers
from connector.data.topics import least as least
from connector.data.topics import read as read


def allowed(where: Condition | None, pattern: Pattern) -> dict[str, frozenset[str]]:
    """The values of levels that a condition leaves. Parts of it that say something else are not looked at."""
    found: dict[str, frozenset[str]] = {}
    for part in _parts(where):
        values = decides(part, pattern)
        if values is not None:
            name = part.field  # type: ignore[union-attr]
            found[name] = found.get(name, values) & values
    return found


def decides(part: Condition, pattern: Pattern) -> frozenset[str] | None:
    """The values that one condition leaves of a level; None where it is about something else."""
    match part:
        case Compare(field=field, comparison=Comparison.EQ, value=str(value)) if field in pattern.names:
            return frozenset({value})
        case OneOf(field=field, values=values) if field in pattern.names and all(isinstance(v, str) for v in values):
            return frozenset(map(str, values))
        case _:
            return None


def _parts(where: Condition | None) -> Iterable[Condition]:
    match where:
        case None:
            return
        case All(parts=parts):
            for part in parts:
                yield from _parts(part)
        case _:
            yield where
