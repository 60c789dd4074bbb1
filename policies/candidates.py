"""Facts that stand for all others: a few values of an operand, such that every value behaves like one of them.

What lives here: these values, for a set of constraints on one operand. What does not: what a constraint says of a value
(the operand's values know). Two values that no constraint tells apart are alike; so a search needs one of each sort.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policies.claims import Claim
from policies.model import Atomic, Operator
from policies.operands import SET_OPERATORS, Operand
from policies.ordered import Ordered
from policies.places import GEOCODING, KINDS, Places, split
from policies.taxonomy import Taxonomy

ELSEWHERE: Final = "urn:allmende:something-else"
"""A name that no policy names."""

_MOST: Final = 64
"""How many premises are split into at most, where only `witness` can tell what there is."""


def candidates(operand: Operand, atoms: Sequence[Atomic]) -> list[str]:
    """Texts of facts, those first that people would think of. No two of the same."""
    match operand.values:
        case Ordered() as line:
            found: Iterable[str] = map(str, line.around(_named(atoms)))
        case Taxonomy() as tree:
            found = (*_named(atoms), *tree.terms(), ELSEWHERE)
        case Places():
            found = _places(_named(atoms))
        case _:
            found = (*_named(atoms), *_split(operand, atoms), ELSEWHERE)
    return list(dict.fromkeys(found))


def _named(atoms: Iterable[Atomic]) -> Iterator[str]:
    for atom in atoms:
        yield from atom.right


def _places(named: Iterator[str]) -> Iterator[str]:
    """The places that are named; for each, those around it, beside it, and within it."""
    given = list(dict.fromkeys(named))
    yield from given
    digits = {key: split(place)[1] for place in given for key in (place,)}
    for place, key in digits.items():
        yield from _around(split(place)[0], key)
    taken = {key[:2] for key in digits.values()}
    yield from (f"{GEOCODING}stateKey/{n:02d}" for n in range(1, 17) if f"{n:02d}" not in taken)


def _around(kind: str, key: str) -> Iterator[str]:
    """Spellings of the wholes that a place is part of, of places beside it in each, and of one within it."""
    full = f"{key[:5]}????{key[5:]}" if kind == "municipalityKey" else key.ljust(12, "?")
    for name, length in KINDS.items():
        if name == "municipalityKey":
            short = (full[:5] + full[9:]).replace("?", "9")
            yield from (GEOCODING + f"{name}/{one}" for one in (short, _beside(short)))
        else:
            part = full[:length].replace("?", "9")
            yield from (GEOCODING + f"{name}/{one}" for one in (part, _beside(part)))
            if kind == "municipalityKey" and length > 5:
                yield GEOCODING + f"{name}/{full[:length].replace('?', '8')}"


def _beside(key: str) -> str:
    return key[:-1] + str((int(key[-1]) + 1) % 10)


def _split(operand: Operand, atoms: Sequence[Atomic]) -> Iterator[str]:
    """One value for each way in which the claims may come out, as far as the operand's values find them."""
    sides = [
        Claim(atom.left, Operator.EQ if atom.operator in SET_OPERATORS else atom.operator, value)
        for atom in atoms
        for value in atom.right
    ]
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
