"""What an entry of the registry of operands still lacks: the list is empty for every one that may stand in it."""

from __future__ import annotations

from decimal import Decimal

from policies import numbers
from policies.model import Operator
from policies.operands import Assurance, Operand, Origin, Phase, Side, Vector


def lacking(operand: Operand) -> list[str]:
    """What an operand still lacks to be used: parts that are empty or of the wrong kind, operators without a phrase of
    their own or without cases that hold and that do not, cases that come out otherwise than they say, and an assurance
    beyond what its origin and its side allow."""
    found = _texts(operand) + _parts(operand)
    if found:
        return found
    found = [part for operator in sorted(operand.operators) for part in _said(operand, operator)]
    if operand.assurance is not Assurance.DECLARED and operand.origin is Origin.REQUEST:
        found.append("an assurance that its origin gives")
    if operand.assurance is Assurance.ENFORCED and operand.side is Side.CONSUMER:
        found.append("a side that its assurance allows")
    return found + [part for vector in operand.vectors for part in _comes_out(operand, vector)]


def _texts(operand: Operand) -> list[str]:
    texts = {"name": operand.name, "iri": operand.iri}
    texts |= {f"{part} {n}": text for part in ("label", "meaning") for n, text in enumerate(getattr(operand, part))}
    return [part for part, text in texts.items() if not text.strip()]


def _parts(operand: Operand) -> list[str]:
    found = [part for part in ("datatypes", "operators", "places", "vectors") if not getattr(operand, part)]
    kinds = {"origin": Origin, "side": Side, "assurance": Assurance, "phase": Phase}
    found += [part for part, kind in kinds.items() if not isinstance(getattr(operand, part), kind)]
    found += [part for part in ("read", "write", "fact", "unmet") if not callable(getattr(operand, part))]
    answers = ("holds", "implies", "possible", "witness")
    found += [answer for answer in answers if not callable(getattr(operand.values, answer, None))]
    return found if _factors(operand) else [*found, "units"]


def _factors(operand: Operand) -> bool:
    """Does each unit have a factor above nothing? An operand without units says so by having none."""
    try:
        return all(Decimal(numbers.read_decimal(factor)) > 0 for factor in operand.units.values())
    except (ValueError, AttributeError):
        return False


def _said(operand: Operand, operator: Operator) -> list[str]:
    both = operand.clauses.get(operator, ("", ""))
    found = [] if all(phrase.count("{}") == 1 for phrase in both) else [f"a phrase for {operator}"]
    others = [other for key, other in operand.clauses.items() if key is not operator]
    if any(both[side] == other[side] for other in others for side in (0, 1)):
        found.append(f"a phrase for {operator} that no other operator has")
    met = {vector.expected for vector in operand.vectors if vector.operator is operator}
    return found if {True, False} <= met else [*found, f"cases for {operator}"]


def _comes_out(operand: Operand, vector: Vector) -> list[str]:
    try:
        right = tuple(operand.read(text) for text in vector.right)
        found = operand.values.holds(vector.operator, right, operand.fact(vector.fact))
    except ValueError:
        return [f"the case {vector}"]
    told = [] if vector.operator in operand.operators and found is vector.expected else [f"the case {vector}"]
    return told if all(_read_back(operand, value) for value in right) else [*told, "a value that is read back"]


def _read_back(operand: Operand, value: str) -> bool:
    written, datatype = operand.write(value)
    try:
        return operand.read(written) == value and (datatype is None or datatype in operand.datatypes)
    except ValueError:
        return False
