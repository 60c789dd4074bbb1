"""What is known about one access: the facts that constraints and refinements are judged by, each from where it comes.

What lives here: facts by left operand, read once. What does not: what follows from them (`truth`), how an operand
reads its values (`operands`). A value that cannot be read is not known, and neither is one that nobody states.

INVARIANT: the clock, the counter and the agreement speak for themselves. What an access states about these is never
heard where they are known, so that nobody can talk himself into another hour or an earlier use.
"""

from __future__ import annotations

from functools import lru_cache

from policies.model import Access, Atomic
from policies.operands import COUNT, OPERANDS, Fact, Operand, Origin

Known = tuple[Fact, ...]
"""Every value that holds; empty: it is not known."""


def operand_of(atom: Atomic) -> Operand | None:
    """What the operand of a constraint means; None where nobody can say."""
    return OPERANDS.get(atom.left)


class Facts:
    """The facts of one access at `now`, when `count` uses have been drawn before it; None where that is not known.

    `since` is when the agreement was concluded. All instants are microseconds UTC.
    """

    __slots__ = ("_known", "access", "count", "now", "since")

    def __init__(self, access: Access, now: int | None, count: int | None, since: int | None = None) -> None:
        self.access, self.now, self.count, self.since = access, now, count, since
        self._known: dict[str, Known] = {}

    def of(self, atom: Atomic) -> Known:
        """What is known of the operand of a constraint."""
        known = self._known.get(atom.left)
        if known is None:
            known = self._known[atom.left] = self._find(atom.left, OPERANDS.get(atom.left))
        return known or _reached(atom)

    def _find(self, left: str, operand: Operand | None) -> Known:
        if operand is None:
            return ()
        if operand.origin is Origin.CLOCK and self.now is not None:
            return (self.now,)
        if left == COUNT and self.count is not None:
            return (self.count + 1,)
        return read(left, self.access.values.get(left, ()))

    def at(self, instant: int | None) -> Facts:
        """The same access, seen at another time."""
        return Facts(self.access, instant, self.count, self.since)


def read(left: str, values: tuple[str, ...]) -> Known:
    """The facts that stated values are; empty where one of them cannot be read."""
    known = tuple([_fact(left, value) for value in values])
    return () if None in known else known  # type: ignore[return-value]


@lru_cache(maxsize=4096)
def _fact(left: str, value: str) -> Fact | None:
    operand = OPERANDS.get(left)
    try:
        return None if operand is None else operand.fact(value)
    except ValueError:
        return None


def _reached(atom: Atomic) -> Known:
    """The value that the policy says a counter has reached, where nobody has counted."""
    operand = OPERANDS.get(atom.left)
    counted = operand is not None and operand.origin is Origin.COUNTER and atom.status
    return read(atom.left, (atom.status,)) if counted else ()
