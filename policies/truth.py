"""The truth of constraints in three values (Kleene): it holds, it does not, or a fact is missing to say so.

What lives here: atomic and logical constraints against facts. What does not: what an operand means (`operands`), which
facts are known (`facts`), rules (`evaluate`). Source: ODRL Information Model 2.2, 2.5; W3C ODRL formal
semantics (draft).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from policies.facts import Facts, Known, operand_of
from policies.model import Atomic, Connective, Constraint, Operator
from policies.operands import Operand

Truth = bool | None


def truth(constraint: Constraint, facts: Facts) -> Truth:
    """Does the constraint hold? None where it cannot be said."""
    if isinstance(constraint, Atomic):
        return _atomic(constraint, facts)
    truths = [truth(member, facts) for member in constraint.members]
    match constraint.connective:
        # One access is one moment: what holds in it holds together, and none of it later than the rest.
        case Connective.AND | Connective.AND_SEQUENCE:
            return all_of(truths)
        case Connective.OR:
            return any_of(truths)
        case Connective.XONE:
            return one_of(truths)
        case _:
            assert_never(constraint.connective)


def every(constraints: Iterable[Constraint], facts: Facts) -> Truth:
    """Do all of them hold?"""
    return all_of([truth(constraint, facts) for constraint in constraints])


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if one is; None if one is not known; True otherwise, also without any."""
    found: Truth = True
    for one in truths:
        if one is False:
            return False
        if one is None:
            found = None
    return found


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if one is; None if one is not known; False otherwise, also without any."""
    found: Truth = False
    for one in truths:
        if one:
            return True
        if one is None:
            found = None
    return found


def one_of(truths: list[Truth]) -> Truth:
    """True if exactly one is; False if none can be or two are."""
    if truths.count(True) > 1:
        return False
    return None if None in truths else True in truths


def _atomic(atom: Atomic, facts: Facts) -> Truth:
    operand = operand_of(atom)
    if operand is None or atom.reference or atom.operator not in operand.operators:
        return None
    return compare(operand, atom, facts.of(atom))


def compare(operand: Operand, atom: Atomic, known: Known) -> Truth:
    """Does the constraint hold of these values?

    Of an access for several things (two purposes) holds what holds for all of them; where they differ, nothing can be
    said. Where several things are so at once (somebody is a member here and there, two events go on) holds what holds
    for one of them, and a denial only if it holds for all. `isAllOf` asks whether every one of its values is there.
    """
    try:
        return _compare(operand, atom, known) if known else None
    except (ValueError, ArithmeticError):  # no reader lets such a right operand through
        return None


def _compare(operand: Operand, atom: Atomic, known: Known) -> Truth:
    holds, right = operand.values.holds, atom.right
    if atom.operator is Operator.IS_ALL_OF:
        return all_of([any_of([holds(Operator.EQ, (one,), fact) for fact in known]) for one in right])
    if len(known) == 1:
        return holds(atom.operator, right, known[0])
    truths = [holds(atom.operator, right, fact) for fact in known]
    if operand.manifold:
        return all_of(truths) if atom.operator in _DENYING else any_of(truths)
    return truths[0] if all(one is truths[0] for one in truths) else None


_DENYING = frozenset({Operator.NEQ, Operator.IS_NONE_OF})
