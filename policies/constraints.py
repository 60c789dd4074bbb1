"""Reading constraints and refinements: nodes -> atomic and logical constraints, with values by the registry.

What lives here: left operand, operator, right operand, unit, status, references, logical operands. What does not: rules
(`graph`), the meaning of values (`operands`). Source: ODRL Information Model 2.2, 2.5.

INVARIANT: what is said of a constraint is understood or refuses the policy. In a lenient reading an operand of a
foreign vocabulary, or a value that the registry does not read, is kept with its datatype and judged by that alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from policies import notice, operands
from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    PolicyError,
    Reason,
)
from policies.nodes import Graph, Node, lexical, metadata, place, spot
from policies.operands import SET_OPERATORS
from policies.vocabulary import XSD

DEPTH: Final = 16
"""How deep logical constraints may nest."""
MOST: Final = 2000
"""Constraints and values of one document."""

_LEFT, _OPERATOR, _RIGHT = ODRL + "leftOperand", ODRL + "operator", ODRL + "rightOperand"
_REFERENCE, _UNIT, _STATUS = ODRL + "rightOperandReference", ODRL + "unit", ODRL + "status"
_DATATYPES: Final = (ODRL + "dataType", ODRL + "datatype")
_UID: Final = ODRL + "uid"
_ATOMIC: Final = frozenset({_LEFT, _OPERATOR, _RIGHT, _REFERENCE, _UNIT, _STATUS, *_DATATYPES, _UID})
_LOGICAL: Final = {ODRL + one.value: one for one in Connective}
_OPERATORS: Final = {ODRL + one.value: one for one in Operator}
_TYPES: Final = frozenset({ODRL + "Constraint", ODRL + "LogicalConstraint", ODRL + "AtomicConstraint"})
_ANY_URI, _STRING = XSD + "anyURI", XSD + "string"
_FLOATS: Final = (XSD + "double", XSD + "float")
_FLOAT: Final = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)


class _Value(Struct, frozen=True):
    """A right operand as written: its text, its datatype, and where it stands."""

    text: str
    datatype: str
    at: str = ""


def refuse(at: str, code: str, **params: str) -> PolicyError:
    """The refusal, with parameters cut to what a person reads."""
    return PolicyError(Reason(code, {name: value[:200] for name, value in params.items()}), at)


class ConstraintReader:
    """Reads constraints of one document; knows how many it has met. `common` is told of each term outside ODRL's core,
    `label` gives a constraint without an IRI its label."""

    def __init__(
        self, graph: Graph, lenient: bool, common: Callable[[str, str], None], label: Callable[[str, str], str]
    ) -> None:
        self._graph, self._lenient = graph, lenient
        self._common, self._label = common, label
        self._met = 0

    def constraints(self, node: Node, key: str) -> tuple[Constraint, ...]:
        """All constraints that a node has under a property."""
        return tuple(self._constraint(value, spot(node, key, value), 0) for value in _unlisted(node.get(key, ())))

    def _constraint(self, value: dict[str, Any], at: str, depth: int) -> Constraint:
        if depth > DEPTH:
            raise refuse(at, "constraint.depth", limit=str(DEPTH))
        if "@id" not in value:
            raise refuse(at, "form.object")
        node = self._graph.get(value["@id"])
        at = place(node) or at
        self.meet(at)
        for kind in node.get("@type", ()):
            if kind not in _TYPES and (kind.startswith(ODRL) or not self._lenient):
                raise refuse(spot(node, "@type", kind), "constraint.type", type=kind)
        id = self._label(node["@id"], "c")
        logical = [key for key in node if key in _LOGICAL]
        if logical:
            return self._logical(node, logical, id, at, depth)
        if (old := self._older(node)) is not None:
            return self._members(old, node.get(_RIGHT, []), id, place(node, _RIGHT), depth)
        self._known(node, _ATOMIC)
        foreign = _foreign(node)
        found = self._atomic(node, id, at)
        return replace(found, reference=foreign) if foreign and not found.reference else found

    def meet(self, at: str) -> None:
        """Count one more constraint or value."""
        self._met += 1
        if self._met > MOST:
            raise refuse(at, "constraint.many", limit=str(MOST // 2))

    def _known(self, node: Node, keys: Iterable[str]) -> None:
        """Every property is one of these, or one that tells people something."""
        known = set(keys)
        for key in node:
            if key.startswith("@") or key in known or metadata(key):
                continue
            if key.startswith(ODRL) or not self._lenient:
                raise refuse(place(node, key), "term.unknown", term=key)

    # --- logical ------------------------------------------------------------------------------------------------------

    def _logical(self, node: Node, keys: list[str], id: str, at: str, depth: int) -> Logical:
        if len(keys) > 1:
            raise refuse(place(node, keys[1]), "constraint.mixed", term=keys[1])
        self._known(node, (keys[0], _UID))
        connective, values = _LOGICAL[keys[0]], node[keys[0]]
        if connective is Connective.AND_SEQUENCE and len(values) > 1:
            raise refuse(place(node, keys[0]), "sequence.unordered")
        return self._members(connective, values, id, place(node, keys[0]), depth)

    def _members(self, connective: Connective, values: list[Any], id: str, at: str, depth: int) -> Logical:
        members = tuple(self._constraint(one, at, depth + 1) for one in _unlisted(values))
        if not members:
            raise refuse(at, "constraint.empty", term=connective.value)
        return Logical(connective, members, id)

    def _older(self, node: Node) -> Connective | None:
        """ODRL 2.1 wrote a logical constraint as an operator with its members on the right: for foreign files alone."""
        told = [value.get("@id") for value in node.get(_OPERATOR, ())]
        if not self._lenient or len(told) != 1 or told[0] not in _LOGICAL or _LEFT in node:
            return None
        self._known(node, (_OPERATOR, _RIGHT, _UID))
        return _LOGICAL[told[0]]

    # --- atomic -------------------------------------------------------------------------------------------------------

    def _atomic(self, node: Node, id: str, at: str) -> Atomic:
        left = self._one(node, _LEFT, "operand.unknown")
        name = self._one(node, _OPERATOR, "operator.unknown")
        if name not in _OPERATORS:
            raise refuse(spot(node, _OPERATOR, {"@id": name}), "operator.unknown", operator=name)
        operator = _OPERATORS[name]
        self._common(left, place(node, _LEFT))
        if operands.find(left) is None and (left.startswith(ODRL) or not self._lenient) and left != notice.NOTICE:
            raise refuse(place(node, _LEFT), "operand.unknown", operand=left)
        told = Atomic(left, operator, (), id=id, unit=self._text(node, _UNIT), status=self._text(node, _STATUS))
        if _REFERENCE in node:
            return self._referring(node, told)
        if _RIGHT not in node:
            raise refuse(at, "term.missing", term="rightOperand")
        return self._valued(node, told, self._right(node, told))

    def _one(self, node: Node, key: str, code: str) -> str:
        """The one IRI that a property names."""
        found = node.get(key, [])
        at = spot(node, key, found[0]) if found else ""
        if not found:
            raise refuse(place(node), "term.missing", term=key.removeprefix(ODRL))
        if len(found) > 1:
            raise refuse(at, "value.several", operand=key.removeprefix(ODRL), operator="")
        named = found[0].get("@id")
        if not isinstance(named, str):
            raise refuse(at, code, **{code.partition(".")[0]: str(found[0].get("@value", ""))})
        return named

    def _text(self, node: Node, key: str) -> str:
        """The one text or IRI that a property has; empty where it has none."""
        found = node.get(key, [])
        if len(found) > 1 or any("@list" in value for value in found):
            raise refuse(place(node, key), "value.several", operand=key.removeprefix(ODRL), operator="")
        return str(found[0].get("@id") or found[0].get("@value", "")) if found else ""

    def _referring(self, node: Node, told: Atomic) -> Atomic:
        """A value that would have to be fetched: kept by its IRI, and unknown."""
        if _RIGHT in node:
            raise refuse(place(node, _REFERENCE), "value.both")
        value = node[_REFERENCE][0]
        iri = value.get("@id") or (value.get("@value") if value.get("@type") == _ANY_URI else None)
        if len(node[_REFERENCE]) > 1 or not isinstance(iri, str):
            raise refuse(place(node, _REFERENCE), "value.reference")
        return Atomic(told.left, told.operator, (), told.id, unit=told.unit, reference=iri, status=told.status)

    def _right(self, node: Node, told: Atomic) -> list[_Value]:
        at = place(node, _RIGHT)
        declared = next((self._text(node, key) for key in _DATATYPES if key in node), "")
        found = [_value(one, declared, spot(node, _RIGHT, one), told.left) for one in _unlisted(node[_RIGHT])]
        if not found:
            raise refuse(at, "value.missing", operand=told.left)
        if told.operator not in SET_OPERATORS and len(found) > 1:
            raise refuse(at, "value.several", operand=told.left, operator=told.operator.value)
        for _ in found:
            self.meet(at)
        return found

    def _valued(self, node: Node, told: Atomic, values: list[_Value]) -> Atomic:
        """The constraint with its values in canonical text."""
        at = place(node, _RIGHT)
        try:
            right, datatype = _by_registry(told, values, place(node, _LEFT)), ""
        except PolicyError as why:
            if not self._lenient:
                if why.reason.code == "operator.unfit":
                    raise PolicyError(why.reason, place(node, _OPERATOR)) from None
                raise
            right, datatype = _by_datatype(told, values, at)
        if told.operator in SET_OPERATORS:
            right = sorted(set(right))
        return Atomic(
            told.left, told.operator, tuple(right), told.id, datatype=datatype, unit=told.unit, status=told.status
        )


def _foreign(node: Node) -> str:
    """The properties that nobody here understands, with their values: only a lenient reading gets here with some."""
    keys = [key for key in node if not key.startswith(("@", ODRL)) and not metadata(key)]
    return " ".join(f"{key} {value.get('@id') or value.get('@value', '')}" for key in keys for value in node[key])


def _unlisted(values: Iterable[Any]) -> list[dict[str, Any]]:
    """Values, with those of a list in its place."""
    return [item for value in values for item in value.get("@list", [value])]


def _value(value: dict[str, Any], declared: str, at: str, left: str) -> _Value:
    if "@list" in value:
        raise refuse(at, "value.form", operand=left)
    if "@id" in value:
        return _Value(value["@id"], _ANY_URI, at)
    datatype = value.get("@type", _STRING)
    datatype = declared if declared and datatype == _STRING else datatype
    text = value["@value"]
    if datatype in _FLOATS and _FLOAT.fullmatch(text):
        # What a library of JSON-LD makes of `12.5` is `1.25E1`.
        text = lexical(Decimal(text))
    return _Value(text, datatype, at)


def _by_registry(told: Atomic, values: list[_Value], at: str) -> list[str]:
    """The values as the registry reads them. Raises `PolicyError`."""
    if told.left == notice.NOTICE:
        return [_noticed(told, values[0], at)]
    operand = operands.find(told.left)
    if operand is None:
        raise refuse(at, "operand.unknown", operand=told.left)
    if told.operator not in operand.operators:
        raise refuse(at, "operator.unfit", operand=operand.name, operator=told.operator.value)
    found = []
    for value in values:
        if value.datatype not in (*operand.datatypes, _STRING, _ANY_URI):
            at = f"{value.at.removesuffix('/@value')}/@type" if value.at.endswith("/@value") else value.at
            raise refuse(at, "value.datatype", operand=operand.name, datatype=value.datatype)
        try:
            found.append(operand.read(value.text))
        except ValueError:
            raise refuse(value.at, "value.unreadable", operand=operand.name, value=value.text) from None
    return found


def _noticed(told: Atomic, value: _Value, at: str) -> str:
    """The period of notice, which is taken out of the constraints later."""
    if told.operator is not Operator.EQ:
        raise refuse(at, "operator.unfit", operand=told.left, operator=told.operator.value)
    try:
        return notice.read(value.text)
    except ValueError:
        raise refuse(value.at, "value.unreadable", operand=told.left, value=value.text) from None


def _by_datatype(told: Atomic, values: list[_Value], at: str) -> tuple[list[str], str]:
    """The values of an operand that nobody knows, by their own datatype."""
    datatypes = {value.datatype for value in values}
    if len(datatypes) > 1:
        raise refuse(at, "value.mixed", operand=told.left)
    datatype = datatypes.pop()
    try:
        operand = operands.generic(told.left, datatype)
        return [operand.read(value.text) for value in values], datatype
    except ValueError:
        raise refuse(at, "value.unreadable", operand=told.left, value=values[0].text) from None
