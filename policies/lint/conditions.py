"""Validity of constraints and refinements by the ODRL Information Model 2.2, 2.5, and of their values.

What lives here: left operand, operator, right operand, logical constraints, times, purposes, places. What does not:
whether constraints can hold together (`sense`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from policies import meaning, notice, operands
from policies.concepts import place as located
from policies.lint.document import (
    LEFT,
    LOGICAL,
    OPERATOR,
    REFERENCE,
    RIGHT,
    Document,
    Member,
    iris,
    local,
    text,
    unlisted,
)
from policies.lint.finding import Hit
from policies.model import ODRL, Operator
from policies.nodes import Node, place
from policies.operands import PURPOSE, SET_OPERATORS, SPATIAL, Operand
from policies.vocabulary import DPV, PURPOSES, XSD

_OPERATORS: Final = {ODRL + one.value: one for one in Operator}
_ATOMIC: Final = (LEFT, OPERATOR, RIGHT, REFERENCE)
_ONCE: Final = tuple(ODRL + name for name in ("unit", "dataType", "status"))
_PARTS: Final = (*_ATOMIC, *LOGICAL, *_ONCE)
_DEPRECATED: Final = {ODRL + "device": "systemDevice", ODRL + "system": "systemDevice"}
_DATE_TIME: Final = ODRL + "dateTime"
_RECIPIENT: Final = ODRL + "recipient"
_COUNT: Final = ODRL + "count"
_EXACT: Final = (Operator.EQ, Operator.IS_ANY_OF)
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_ZONED = re.compile(r".*T.*(Z|[+-]\d\d:?\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIMELY = re.compile(r"\d{4}-\d\d-\d\d(T[0-9:.]+(Z|[+-]\d\d:?\d\d)?)?")
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_CLOCK = r"([01]\d|2[0-4]):[0-5]\d:[0-5]\d(\.\d+)?"
_LEXICAL: Final = {
    **{name: re.compile(r"[+-]?\d+") for name in ("integer", "int", "long", "short")},
    "nonNegativeInteger": re.compile(r"\+?\d+|-0+"),
    "positiveInteger": re.compile(r"\+?0*[1-9]\d*"),
    "decimal": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)"),
    **{n: re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?INF|NaN") for n in ("double", "float")},
    "boolean": re.compile(r"true|false|1|0"),
    "date": re.compile(r"-?\d{4,}-\d\d-\d\d" + _ZONE),
    "dateTime": re.compile(r"-?\d{4,}-\d\d-\d\dT" + _CLOCK + _ZONE),
    "time": re.compile(_CLOCK + _ZONE),
    "duration": re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
}
_PEOPLE: Final = ("http://purl.org/dc/", "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2004/02/skos/")


def check(document: Document) -> Iterator[Hit]:
    """Everything about constraints."""
    for member in document.members:
        if any(key in member.node for key in LOGICAL):
            yield from _logical(document, member)
        else:
            yield from _atomic(document, member)


def _logical(document: Document, member: Member) -> Iterator[Hit]:
    keys = [key for key in member.node if key in LOGICAL]
    if len(keys) > 1 or any(key in member.node for key in _ATOMIC):
        yield Hit("logical.mixed", member.where)
    for key in keys:
        values = member.node[key]
        at = place(member.node, key)
        if key == ODRL + "andSequence" and len(values) > 1:
            yield Hit("logical.order", at)
        members = unlisted(values)
        if len(members) == 1:
            yield Hit("sense.single", at, {"term": local(key)})
        if any("@value" in value for value in members) or not members:
            yield Hit("logical.member", at, {"term": local(key)})


def _atomic(document: Document, member: Member) -> Iterator[Hit]:
    node = member.node
    if not any(key in node for key in _PARTS):
        yield from _empty(document, member)
        return
    if _older(node):
        return
    for key, name in ((LEFT, "constraint.left"), (OPERATOR, "constraint.operator")):
        if key not in node:
            yield Hit(name, member.where)
        elif len(node[key]) > 1:
            yield Hit("constraint.several", place(node, key), {"term": local(key)})
    for key in _ONCE:
        if len(node.get(key, ())) > 1:
            yield Hit("constraint.several", place(node, key), {"term": local(key)})
    if RIGHT not in node and REFERENCE not in node:
        yield Hit("constraint.right", member.where)
    if RIGHT in node and REFERENCE in node:
        yield Hit("constraint.both", place(node, REFERENCE))
    yield from _references(node)
    yield from _terms(document, member)
    yield from _values(document, member)


def _empty(document: Document, member: Member) -> Iterator[Hit]:
    """A constraint without any part that ODRL knows: only a profile can say what it means."""
    foreign = [key for key in member.node if not key.startswith(("@", ODRL, *_PEOPLE))]
    if foreign and document.explained(member.rule.policy) and not member.inside:
        yield Hit("constraint.foreign", member.where)
    elif member.inside:
        yield Hit("logical.member", member.where, {"term": local(member.inside)})
    else:
        yield Hit("constraint.left", member.where)


def _older(node: Node) -> bool:
    """A logical constraint as ODRL 2.1 wrote it: an operator with its members on the right."""
    return LEFT not in node and any(iri in LOGICAL for iri in iris(node, OPERATOR))


def _references(node: Node) -> Iterator[Hit]:
    at = place(node, REFERENCE)
    for value in node.get(REFERENCE, ()):
        if "@id" in value or value.get("@type") == XSD + "anyURI":
            operand = next(iter(iris(node, LEFT)), "")
            yield Hit("constraint.fetched", at, {"operand": local(operand)})
        else:
            yield Hit("constraint.reference", at, {"value": text(value)})


def _terms(document: Document, member: Member) -> Iterator[Hit]:
    """Are the operand and the operator known, or explained by a profile?"""
    node, explained = member.node, document.explained(member.rule.policy)
    for value in node.get(LEFT, ()):
        left, at = text(value), place(node, LEFT)
        if "@value" in value:
            yield Hit("rule.literal", at, {"term": "leftOperand", "value": left})
        elif left in _DEPRECATED:
            yield Hit("operand.deprecated", at, {"operand": local(left), "instead": _DEPRECATED[left]})
        elif operands.find(left) is None and left != notice.NOTICE:
            known = left.startswith(ODRL) and explained
            name = "term.unknown" if known else "" if explained else "operand.unknown"
            yield from [Hit(name, at, {"operand": left, "term": local(left)})] if name else []
    for value in node.get(OPERATOR, ()):
        if text(value) not in _OPERATORS and not explained:
            yield Hit("operator.unknown", place(node, OPERATOR), {"operator": text(value)})


def _values(document: Document, member: Member) -> Iterator[Hit]:
    """The values of a constraint, as far as its operand says what they are."""
    node, at = member.node, place(member.node, RIGHT)
    operator = next((_OPERATORS[name] for name in iris(node, OPERATOR) if name in _OPERATORS), None)
    values = unlisted(node.get(RIGHT, []))
    if operator is not None and operator not in SET_OPERATORS and len(values) > 1:
        yield Hit("constraint.set", at, {"operator": operator.value})
    for value in values:
        if str(value.get("@id", "")).startswith("_:"):
            yield Hit("constraint.blank", at)
        else:
            yield from _value(node, operator, value, at)


def _value(node: Node, operator: Operator | None, value: dict[str, Any], at: str) -> Iterator[Hit]:
    left, told = next(iter(iris(node, LEFT)), ""), text(value)
    operand = operands.find(left)
    if not _well_formed(told, value.get("@type", "")):
        yield Hit("value.lexical", at, {"value": told, "datatype": str(value["@type"]).removeprefix(XSD)})
        return
    if left == _DATE_TIME or value.get("@type") == XSD + "dateTime":
        yield from _time(operator, value, at)
    if left == PURPOSE:
        yield from _purpose(operator, value, at)
    elif left == SPATIAL:
        yield from _place(operator, told, at)
    elif left == _RECIPIENT and not _IRI.fullmatch(told):
        yield Hit("party.text", at, {"value": told})
    elif left == _COUNT and _none(operator, told):
        yield Hit("count.zero", at)
    elif operand is not None and left != _DATE_TIME and not operand.takes(told):
        yield Hit("value.unreadable", at, {"value": told, "operand": operand.name, **_helps(operand, told)})
    if operand is not None and operator is not None and operator not in operand.operators:
        fit = ", ".join(sorted(one.value for one in operand.operators))
        yield Hit("operator.unfit", at, {"operator": operator.value, "operand": operand.name, "fit": fit})


def _well_formed(told: str, datatype: Any) -> bool:
    """Does the text belong to its datatype, as far as XML Schema (part 2) says how that is written?"""
    name = str(datatype).removeprefix(XSD)
    pattern = _LEXICAL.get(name) if str(datatype).startswith(XSD) else None
    if pattern is None:
        return True
    if not pattern.fullmatch(told.strip()):
        return False
    return name not in ("date", "dateTime") or _on_the_calendar(told.strip()[:10])


def _on_the_calendar(day: str) -> bool:
    """Is there such a day? A year that does not have four digits is left alone."""
    if not _DAY.fullmatch(day):
        return True
    try:
        date.fromisoformat(day)
    except ValueError:
        return day.startswith("0000")
    return True


def _helps(operand: Operand, told: str) -> dict[str, str]:
    de, en = meaning.form(operand, told)
    return {"hilft": de, "help": en}


def _none(operator: Operator | None, told: str) -> bool:
    """Does the number leave no use at all?"""
    least = {Operator.LT: 2, Operator.LTEQ: 1, Operator.EQ: 1}.get(operator) if operator else None
    return least is not None and told.lstrip("+").isdigit() and int(told[:18]) < least


def _time(operator: Operator | None, value: dict[str, Any], at: str) -> Iterator[Hit]:
    told, datatype = text(value), value.get("@type", "")
    if "T" in told and _TIMELY.fullmatch(told) and not _ZONED.fullmatch(told):
        yield Hit("time.naive", at, {"value": told})
    elif not _TIMELY.fullmatch(told):
        helps = _helps(operands.OPERANDS[operands.DATE_TIME], told)
        yield Hit("value.unreadable", at, {"value": told, "operand": "dateTime", **helps})
    elif not str(datatype).startswith(XSD + "date"):
        yield Hit("time.text", at, {"value": told})
    if _DAY.fullmatch(told):
        yield Hit("time.day", at, {"value": told})
    elif operator is Operator.EQ:
        yield Hit("time.eq", at, {"value": told})


def _purpose(operator: Operator | None, value: dict[str, Any], at: str) -> Iterator[Hit]:
    told = text(value).replace("dpv:", DPV, 1) if text(value).startswith("dpv:") else text(value)
    name = told.removeprefix(DPV)
    if not _IRI.fullmatch(told):
        yield Hit("purpose.text", at, {"value": told, **_helps(operands.OPERANDS[PURPOSE], told)})
    elif name not in PURPOSES:
        yield Hit("purpose.unknown", at, {"value": told})
    elif name == "Purpose":
        yield Hit("purpose.every", at)
    elif name == "NonCommercialPurpose" and operator is Operator.IS_A:
        yield Hit("purpose.research", at)
    elif operator is not None and operator in _EXACT and any(name in one.broader for one in PURPOSES.values()):
        yield Hit("purpose.exact", at, {"value": name, "operator": operator.value})


def _place(operator: Operator | None, told: str, at: str) -> Iterator[Hit]:
    operand = operands.OPERANDS[SPATIAL]
    if located(told) is None and not operand.takes(told):
        yield Hit("place.unknown", at, {"value": told})
    elif operator is not None and operator in _EXACT and len(located(told) or ()) in range(1, 7):
        yield Hit("place.exact", at, {"value": told.rpartition("/")[2] or told, "operator": operator.value})
