"""What is known about one access: the facts that constraints and refinements are judged by, each from where it comes.

What lives here: facts by left operand, read once. What does not: what follows from them (`truth`), how an operand
reads its values (`operands`). A value that cannot be read is not known, and neither is one that nobody states.

INVARIANT: the clock and the counter speak for themselves. What an access states about these is never heard where they
are known, so that nobody can talk himself into another hour or an earlier use.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from policies import durations, moments
from policies.model import Access, Atomic
from policies.operands import COUNT, Fact, Operand, Origin, find, generic
from policies.operands.timing import ELAPSED_TIME

REQUEST_RATE: Final = "urn:allmende:requestRate"
"""Its facts are counts per window (`37/PT1H`), and each constraint is judged by those of its own window."""

Known = tuple[Fact, ...]
"""Every value that holds; empty: it is not known."""


class Facts:
    """The facts of one access at `now`, when `count` uses have been drawn before it; None where that is not known.

    `since` is when the agreement was concluded. All instants are microseconds UTC.
    """

    __slots__ = ("_known", "access", "count", "now", "since")

    def __init__(self, access: Access, now: int | None, count: int | None, since: int | None = None) -> None:
        self.access, self.now, self.count, self.since = access, now, count, since
        self._known: dict[tuple[str, str, str], Known] = {}

    def of(self, atom: Atomic) -> Known:
        """What is known of the operand of a constraint."""
        key = atom.left, atom.datatype, window(atom.right[0]) if atom.left == REQUEST_RATE and atom.right else ""
        known = self._known.get(key)
        if known is None:
            operand = operand_of(atom)
            known = self._known[key] = () if operand is None else self._find(operand, atom)
        return known or reached(atom)

    def _find(self, operand: Operand, atom: Atomic) -> Known:
        if operand.origin is Origin.CLOCK and self.now is not None:
            return (clock(atom, self.access, self.now),)
        if operand.iri == COUNT and self.count is not None:
            return (self.count + 1,)
        stated = read(operand, fitting(atom, self.access.values.get(operand.iri, ())))
        return stated or lasted(atom.left, self.since, self.now)

    def at(self, instant: int | None) -> Facts:
        """The same access, seen at another time."""
        return Facts(self.access, instant, self.count, self.since)


def clock(atom: Atomic, access: Access, now: int) -> Fact:
    """The time by which a constraint is judged: without an offset where the constraint names one without, and the
    access too is of a time without one, which then is the same on the clock in Europe/Berlin."""
    stated = access.values.get(atom.left, ()) if atom.datatype and moments.floating("".join(atom.right)) else ()
    if len(stated) == 1 and moments.floating(stated[0]) and moments.berlin(stated[0]) == now:
        return stated[0]
    return now


def lasted(left: str, since: int | None, now: int | None) -> Known:
    """How long the agreement has been in force, where the constraint asks for that and nobody has stated it."""
    return () if left != ELAPSED_TIME or since is None or now is None else (durations.lasted(since, now),)


def operand_of(atom: Atomic) -> Operand | None:
    """What the operand of a constraint means: the registry's word; where the value is none that the registry reads,
    what its datatype tells; None where nobody can say."""
    return _generic(atom.left, atom.datatype) if atom.datatype else find(atom.left)


@lru_cache(maxsize=1024)
def _generic(left: str, datatype: str) -> Operand | None:
    try:
        return generic(left, datatype)
    except ValueError:
        return None


def window(rate: str) -> str:
    """The period of a rate: `PT1H` of `100/PT1H`."""
    return rate.partition("/")[2]


def fitting(atom: Atomic, values: tuple[str, ...]) -> tuple[str, ...]:
    """Of the values of an operand those that speak of the constraint: of rates those over its own window."""
    if atom.left != REQUEST_RATE or not atom.right:
        return values
    return tuple(value for value in values if window(value) == window(atom.right[0]))


def read(operand: Operand, values: tuple[str, ...]) -> Known:
    """The facts that stated values are; empty where one of them cannot be read."""
    try:
        return tuple([operand.fact(value) for value in values])
    except ValueError:
        return ()


def reached(atom: Atomic) -> Known:
    """The value that the policy says a counter has reached, which counts where nobody has counted."""
    operand = operand_of(atom) if atom.status else None
    counted = operand is not None and operand.origin is Origin.COUNTER
    return read(operand, (atom.status,)) if operand is not None and counted else ()
