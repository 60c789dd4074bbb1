"""Why a constraint on an operand is not satisfied: codes with parameters, for `Operand.unmet`.

What lives here: one function for each way of saying it. What does not: the sentences (`sentences`).
"""

from __future__ import annotations

from policies import instants
from policies.model import Operator, Reason
from policies.operands.operand import DENYING, Fact, Unmet


def time(operator: Operator, right: tuple[str, ...], facts: tuple[Fact, ...], definite: bool) -> Reason:
    """Of a point in time."""
    bound, now = instants.write(right[0])[0], instants.stamp(int(facts[0]))
    match operator:
        case Operator.LT | Operator.LTEQ:
            return Reason("time.over", {"until": bound, "now": now})
        case Operator.GT | Operator.GTEQ:
            return Reason("time.before", {"from": bound, "now": now})
        case _:
            return Reason("time.outside", {"time": bound, "now": now})


def count(operator: Operator, right: tuple[str, ...], facts: tuple[Fact, ...], definite: bool) -> Reason:
    """Of a number of uses; the fact is the number of the use that is asked for."""
    bound, used = int(right[0]), int(facts[0]) - 1
    if operator in (Operator.LT, Operator.LTEQ):
        limit = max(bound - (operator is Operator.LT), 0)
        return Reason("count.exhausted", {"limit": str(limit), "used": str(used)})
    if operator is Operator.EQ:
        if used >= bound:
            return Reason("count.exhausted", {"limit": str(bound), "used": str(used)})
        return Reason("count.early", {"before": str(bound - 1), "used": str(used)})
    return Reason("count.early", {"before": str(bound - (operator is Operator.GTEQ)), "used": str(used)})


def named(name: str) -> Unmet:
    """Reasons of operands whose values are named: `name`.unknown, .excluded, .unclear, .outside."""

    def unmet(operator: Operator, right: tuple[str, ...], facts: tuple[Fact, ...], definite: bool) -> Reason:
        asked, listed = " ".join(map(str, facts)), " ".join(right)
        if not facts:
            return Reason(f"{name}.unknown", {"allowed": "" if operator in DENYING else listed})
        if not definite:
            return Reason(f"{name}.unclear", {"asked": asked, "named": listed})
        if operator in DENYING:
            return Reason(f"{name}.excluded", {"asked": asked, "excluded": listed})
        return Reason(f"{name}.outside", {"asked": asked, "allowed": listed})

    return unmet


def fact(iri: str) -> Unmet:
    """Reasons of every other operand: `demanded` is the constraint (IRI, operator, values), `asked` what is known."""

    def unmet(operator: Operator, right: tuple[str, ...], facts: tuple[Fact, ...], definite: bool) -> Reason:
        demanded = " ".join((iri, operator, *right))
        if not facts:
            return Reason("fact.unknown", {"operand": iri, "demanded": demanded})
        asked = " ".join(map(str, facts))
        if not definite:
            return Reason("fact.unclear", {"operand": iri, "demanded": demanded, "asked": asked})
        return Reason("fact.unmet", {"operand": iri, "demanded": demanded, "asked": asked})

    return unmet
