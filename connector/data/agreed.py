"""An agreement read for enforcement: hash checked, policy parsed, both once per stored version.

What lives here: turning a stored `Agreement` into what the gate judges by. What does not: judging
(`policies.evaluate`), loading (the gate's transaction does, on every access). Source: ODRL Information Model 2.2 for
the terms; RFC 8785 for the hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from connector.errors import MessageError, RefusedError
from connector.protocol.codec import digest
from connector.records import Agreement
from policies.model import ODRL, Atomic, Constraint, Operator, Policy, PolicyError, PolicyKind, RuleKind
from policies.parse import from_dsp

PURPOSE = ODRL + "purpose"
SPATIAL = ODRL + "spatial"
COUNT = ODRL + "count"
_OF_THE_ACCESS = frozenset({PURPOSE, SPATIAL, COUNT, ODRL + "dateTime"})
_KEPT = 4096


class Agreed(Struct, frozen=True):
    """An agreement with its policy. `counts`: uses are numbered; `asks_facts`: it names more than the access itself
    can say; `stated`: purpose and place where the permissions name exactly one by `eq`."""

    agreement: Agreement
    policy: Policy
    counts: bool
    asks_facts: bool
    stated: Mapping[str, tuple[str, ...]]


class Agreements:
    """Agreements by id, read once per version.

    INVARIANT: what is remembered is used only for a stored record that equals the one it was made from, so a changed
    agreement, even by a flipped bit on disk, is checked and parsed anew.
    """

    def __init__(self) -> None:
        self._known: dict[str, Agreed] = {}

    def read(self, agreement: Agreement) -> Agreed:
        """The agreement for enforcement.

        Raises `RefusedError` with `agreement.damaged` where the document does not have the kept hash, and with the
        parser's reason where its policy cannot be understood.
        """
        known = self._known.get(agreement.id)
        if known is not None and (known.agreement is agreement or known.agreement == agreement):
            return known
        read = _read(agreement)
        if len(self._known) >= _KEPT:
            self._known.pop(next(iter(self._known)), None)
        self._known[agreement.id] = read
        return read


def _read(agreement: Agreement) -> Agreed:
    if _digest(agreement) != agreement.hash:
        raise RefusedError("agreement.damaged", agreement=agreement.id)
    try:
        policy = from_dsp(agreement.document, kind=PolicyKind.AGREEMENT)
    except PolicyError as error:
        raise RefusedError(error.reason.code, **error.reason.params) from None
    used = {atom.left for rule in policy.rules for atom in atoms(rule.constraints)}
    stated = {operand: value for operand in (PURPOSE, SPATIAL) if (value := _only(policy, operand))}
    return Agreed(agreement, policy, COUNT in used, bool(used - _OF_THE_ACCESS), stated)


def _digest(agreement: Agreement) -> str:
    try:
        return digest(agreement.document)
    except MessageError:
        return ""


def atoms(constraints: tuple[Constraint, ...]) -> Iterator[Atomic]:
    """Every atomic constraint, at any depth."""
    for constraint in constraints:
        if isinstance(constraint, Atomic):
            yield constraint
        else:
            yield from atoms(constraint.members)


def _only(policy: Policy, operand: str) -> tuple[str, ...]:
    """The one value that the permissions name for an operand by `eq`; empty where they name none or several."""
    named = {
        atom.right
        for rule in policy.rules
        if rule.kind is RuleKind.PERMISSION
        for atom in atoms(rule.constraints)
        if atom.left == operand and atom.operator is Operator.EQ and len(atom.right) == 1
    }
    return named.pop() if len(named) == 1 else ()
