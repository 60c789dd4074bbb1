"""Facts that stand for all others: a few values of an operand, such that every value behaves like one of them.

What lives here: these values, for a set of constraints on one operand. What does not: what a constraint says of a value
(the operand's values know). Two values that no constraint tells apart are alike; so a search needs one of each sort.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from policies.claims import Claim
from policies.model import Atomic, Operator
from policies.operands import SET_OPERATORS, Operand
from policies.ordered import Ordered
from policies.sampled import Sampled

ELSEWHERE: Final = "urn:allmende:something-else"
"""A name that no policy names."""

_MOST: Final = 64
"""How many premises are split into at most, where only `witness` can tell what there is."""


def candidates(operand: Operand, atoms: Sequence[Atomic]) -> Iterable[str]:
    """Texts of facts, those first that the constraints name; made one after the other, some more than once."""
    named = [value for atom in atoms for value in atom.right]
    match operand.values:
        case Ordered() as line:
            return map(str, line.around(named))
        case Sampled() as kind:
            return chain(named, kind.samples(_claims(atoms)))
        case _:
            return (*named, *_split(operand, _claims(atoms)), ELSEWHERE)


def _claims(atoms: Sequence[Atomic]) -> list[Claim]:
    return [
        Claim(atom.left, Operator.EQ if atom.operator in SET_OPERATORS else atom.operator, value)
        for atom in atoms
        for value in atom.right
    ]


def _split(operand: Operand, sides: Sequence[Claim]) -> Iterator[str]:
    """One value for each way in which the claims may come out, as far as the operand's values find them."""
    todo: list[tuple[tuple[Claim, ...], int]] = [((), 0)]
    left = _MOST
    while todo and left:
        premises, place = todo.pop()
        if premises and not operand.values.possible(premises):
            continue
        if place < len(sides):
            one = sides[place]
            todo.append(((*premises, Claim(one.left, one.operator, one.right, False)), place + 1))
            todo.append(((*premises, one), place + 1))
            continue
        left -= 1
        found = operand.values.witness(premises)
        if found is not None:
            yield found
