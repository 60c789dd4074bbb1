"""Writing the short form: a policy -> TOML that `short.read` reads to the same policy.

What lives here: choosing the shortest words that mean the same, and TOML text. What does not: the form itself
(`short`). Source: TOML 1.0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from policies import operands
from policies.gathering import framed, gathered, placed, settle
from policies.instants import stamp
from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyError,
    PolicyKind,
    Reason,
    Scope,
)
from policies.operands import SET_OPERATORS, Operand
from policies.places import GEOCODING
from policies.short import ALTERNATIVES, DCT, GROUPS, NAMESPACES, PROFILES, REMARKS, action_iri, meant, operand_names
from policies.vocabulary import MUNICIPAL, OWN, XSD
from policies.written import Doing, WrittenRule

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_WORD: Final = {connective: word for word, connective in GROUPS.items()}
_SHORT: Final = {iri: name for name, iri in PROFILES.items()}
_BELOW: Final = (("duties", "duty"), ("remedies", "remedy"), ("consequences", "consequence"))

Table = dict[str, Any]


def write(policy: Policy) -> str:
    """The policy as text, which `short.read` reads to the same policy. Raises `PolicyError` where it cannot be said."""
    settle(policy)
    policy = framed(policy)
    writer = _Writer()
    top: Table = {"policy": policy.id}
    if policy.kind is not PolicyKind.OFFER:
        top["kind"] = policy.kind.value
    top |= _profile(policy)
    for field in ("target", "assigner", "assignee"):
        if (name := getattr(policy, field)) is not None:
            top[field] = name
    if policy.conflict is not None:
        top["conflict"] = policy.conflict.value
    if policy.notice is not None:
        top["notice"] = policy.notice
    if policy.timestamp is not None:
        top["timestamp"] = stamp(policy.timestamp)
    if policy.inherits:
        top["inherited"] = list(policy.inherits)
    _said(top, policy.remarks)
    lines, counted = _lines(top), Counter[str]()
    for rule in gathered(policy.rules):
        with placed(f"/{rule.kind}/{counted[rule.kind]}"):
            lines += writer.rule(rule.kind.value, rule)
        counted[rule.kind] += 1
    return "\n".join(lines) + "\n"


def _profile(policy: Policy) -> Table:
    """Nothing, where it is ours."""
    if policy.profile == (MUNICIPAL,):
        return {}
    named = [_SHORT.get(one, one) for one in policy.profile]
    return {"profile": named[0] if len(named) == 1 else named}


def _said(table: Table, remarks: Iterable[tuple[str, str]]) -> None:
    """Words for people: those with a short name first, the others in a table of their own."""
    others: Table = {}
    for key, text in remarks:
        name = key.removeprefix(DCT)
        held = table if key.startswith(DCT) and name in REMARKS else others
        name = name if held is table else key
        held[name] = [*_many(held[name]), text] if name in held else text
    if others:
        table["remarks"] = others


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class _Writer:
    """Writes rules; knows the short names."""

    def __init__(self) -> None:
        self._names = {iri: name for name, iri in operand_names().items()}

    def rule(self, name: str, rule: WrittenRule) -> list[str]:
        """The lines of a rule: its table, then those below it."""
        lines = ["", f"[[{name}]]", *_lines(self._table(rule))]
        for field, word in _BELOW:
            for one in getattr(rule, field):
                lines += self.rule(f"{name}.{word}", one)
        return lines

    def _table(self, rule: WrittenRule) -> Table:
        table: Table = {"id": rule.id} if rule.id and not rule.id.startswith("_:") else {}
        table |= self._actions(rule.actions)
        for field in ("target", "output", "assigner", "assignee"):
            if scopes := [self._scope(one) for one in getattr(rule, f"{field}s")]:
                table[field] = scopes[0] if len(scopes) == 1 else scopes
        parties: Table = {}
        for function, scope in rule.parties:
            key = function.removeprefix(ODRL)
            parties[key] = [*_many(parties[key]), self._scope(scope)] if key in parties else self._scope(scope)
        if parties:
            table["parties"] = parties
        _said(table, rule.remarks)
        table |= self._conditions(rule.constraints)
        return table

    def _actions(self, actions: tuple[Doing, ...]) -> Table:
        if len(actions) == 1:
            narrowed = self._conditions(actions[0].refinements)
            return {"action": _action(actions[0].iri)} | ({"refinement": narrowed} if narrowed else {})
        return {"action": [self._doing(one) for one in actions]}

    def _doing(self, doing: Doing) -> str | Table:
        if not doing.refinements:
            return _action(doing.iri)
        return {"is": _action(doing.iri), "refinement": self._conditions(doing.refinements)}

    def _scope(self, scope: Scope) -> str | Table:
        if not (scope.collection or scope.refinements or scope.source):
            return scope.iri
        table: Table = {"collection": scope.iri}
        if scope.source:
            table["source"] = scope.source
        if scope.refinements:
            table["refinement"] = self._conditions(scope.refinements)
        return table

    # --- constraints --------------------------------------------------------------------------------------------------

    def _conditions(self, constraints: Iterable[Constraint]) -> Table:
        """Constraints in the order that they have: by operand as long as that keeps it, else in general."""
        table: Table = {}
        for constraint in constraints:
            if "constraint" in table or not self._keyed(table, constraint):
                table.setdefault("constraint", []).append(self._general(constraint))
        return table

    def _keyed(self, table: Table, constraint: Constraint) -> bool:
        """Put it under its operand, or under `any` and the like, if there is room for it."""
        if constraint.id and not constraint.id.startswith("_:"):
            return False
        if (alternatives := self._alternatives(constraint)) is not None:
            left, operator, values = alternatives
            return self._hold(table, left, operator, values)
        if isinstance(constraint, Logical):
            word = _WORD[constraint.connective]
            if word not in table:
                table[word] = [self._general(one) for one in constraint.members]
                return True
            return False
        if constraint.unit or constraint.reference or constraint.status or constraint.datatype:
            return False
        operand = operands.find(constraint.left)
        values = [_value(operand, one) for one in constraint.right]
        return self._hold(table, constraint.left, constraint.operator, values)

    def _hold(self, table: Table, left: str, operator: Operator, values: list[Any]) -> bool:
        name = self._names.get(left, left)
        value = values if operator in SET_OPERATORS or len(values) > 1 else values[0]
        if name not in table:
            table[name] = {operator.value: value}
            return True
        if list(table)[-1] == name and operator.value not in table[name]:
            table[name][operator.value] = value
            return True
        return False

    def _alternatives(self, constraint: Constraint) -> tuple[str, Operator, list[Any]] | None:
        """`purpose.isA = [a, b]`: any of several values below which it is to lie."""
        if (
            not isinstance(constraint, Logical)
            or constraint.connective is not Connective.OR
            or len(constraint.members) < 2
        ):
            return None
        first = constraint.members[0]
        if not isinstance(first, Atomic) or first.operator not in ALTERNATIVES:
            return None
        values = []
        for one in constraint.members:
            alike = isinstance(one, Atomic) and one == Atomic(first.left, first.operator, one.right, one.id)
            if not isinstance(one, Atomic) or not alike or (one.id and not one.id.startswith("_:")):
                return None
            values.append(_value(operands.find(one.left), one.right[0]))
        return first.left, first.operator, values

    def _general(self, constraint: Constraint) -> Table:
        """A table that says this constraint and nothing else."""
        named = bool(constraint.id) and not constraint.id.startswith("_:")
        together = isinstance(constraint, Logical) and constraint.connective is Connective.AND and not named
        if isinstance(constraint, Logical) and together and len(constraint.members) > 1:
            # All that stands in one table holds together.
            return self._conditions(constraint.members)
        table: Table = {}
        if self._keyed(table, constraint):
            return table
        if isinstance(constraint, Logical):
            # The form has no place for the name of a group.
            raise PolicyError(Reason("form.carry", {"term": constraint.id[:200]}))
        return self._spelt(constraint)

    def _spelt(self, constraint: Atomic) -> Table:
        operand = operands.find(constraint.left) if not constraint.datatype else None
        table: Table = {
            "left": self._names.get(constraint.left, constraint.left),
            "operator": constraint.operator.value,
        }
        if " " in constraint.reference:
            raise PolicyError(Reason("form.carry", {"term": constraint.reference.partition(" ")[0][:200]}))
        if constraint.reference:
            table["reference"] = constraint.reference
        else:
            values = [_value(operand, one) for one in constraint.right]
            table["right"] = values if constraint.operator in SET_OPERATORS else values[0]
        for key in ("unit", "status", "datatype"):
            if getattr(constraint, key):
                table[key] = getattr(constraint, key)
        return table | ({"id": constraint.id} if constraint.id and not constraint.id.startswith("_:") else {})


# --- values -----------------------------------------------------------------------------------------------------------


def _action(iri: str) -> str:
    return next((iri[len(space) :] for space in (ODRL, OWN) if action_iri(iri[len(space) :]) == iri), iri)


def _value(operand: Operand | None, canonical: str) -> str | int:
    """The shortest that means the same; whole numbers bare."""
    text = operand.write(canonical)[0] if operand is not None else canonical
    for space in (*NAMESPACES, GEOCODING):
        short = text.rpartition("/")[2] if space == GEOCODING else text.removeprefix(space)
        if text.startswith(space) and short and meant(operand, short) == text:
            return short
    numeric = operand is not None and XSD + "integer" in operand.datatypes
    return int(text) if numeric and _WHOLE.fullmatch(text) else text


# --- TOML -------------------------------------------------------------------------------------------------------------


def _lines(table: Table) -> list[str]:
    """`key = value`, one a line."""
    return [line for key, value in table.items() for line in _line(_key(key), value)]


def _line(key: str, value: Any) -> list[str]:
    if isinstance(value, dict) and len(value) == 1 and not key.startswith(("refinement", "parties", "remarks")):
        operator, one = next(iter(value.items()))
        plain = operator in (Operator.EQ, Operator.IS_ANY_OF) and not isinstance(one, dict)
        return [f"{key} = {_text(one)}" if plain else f"{key}.{_key(operator)} = {_text(one)}"]
    return [f"{key} = {_text(value)}"]


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(value: Any) -> str:
    match value:
        case str():
            # A basic string of TOML escapes as JSON does; of control characters JSON leaves DEL alone.
            return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
        case int():
            return str(value)
        case list():
            return f"[{', '.join(_text(one) for one in value)}]"
        case Mapping():
            return f"{{ {', '.join(line for key, one in value.items() for line in _line(_key(key), one))} }}"
        case _:
            raise TypeError(type(value).__name__)
