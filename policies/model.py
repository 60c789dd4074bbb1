"""The policy model: frozen values with full IRIs, and nothing else.

What lives here: policies, rules, constraints, an access to be judged, a decision, a reason. What does not: reading and
writing (`parse`, `render`), the meaning of operands (`operands`), judging (`evaluate`), comparing (`compare`).
Source: ODRL Information Model 2.2, restricted to what the first slice understands; whatever is not understood never
gets into this model, because `parse` refuses it by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

ODRL = "http://www.w3.org/ns/odrl/2/"
"""Namespace of every operand, operator and action of the core vocabulary."""


class Reason(Struct, frozen=True):
    """Why something is refused or differs: a code with parameters. Sentences are made for the reader by `explain`.

    `code` is dotted and stable (`count.exhausted`, `unknown.operand`); `params` are plain strings.
    """

    code: str
    params: Mapping[str, str] = {}


class PolicyError(Exception):
    """A policy that cannot be understood, with the place (`/permission/0/constraint/2`) and the reason."""

    def __init__(self, reason: Reason, where: str = "") -> None:
        super().__init__(f"{where or '/'}: {reason.code}")
        self.reason = reason
        self.where = where


class PolicyKind(StrEnum):
    """ODRL policy classes in use: a published or negotiated Offer, a binding Agreement."""

    OFFER = "Offer"
    AGREEMENT = "Agreement"


class Operator(StrEnum):
    """ODRL 2.2 operators, by local name."""

    EQ = "eq"
    NEQ = "neq"
    LT = "lt"
    LTEQ = "lteq"
    GT = "gt"
    GTEQ = "gteq"
    IS_A = "isA"
    HAS_PART = "hasPart"
    IS_PART_OF = "isPartOf"
    IS_ALL_OF = "isAllOf"
    IS_ANY_OF = "isAnyOf"
    IS_NONE_OF = "isNoneOf"


class Connective(StrEnum):
    """Logical operands of ODRL 2.2 that the first slice understands."""

    AND = "and"
    OR = "or"
    XONE = "xone"


class Atomic(Struct, frozen=True, tag="atomic"):
    """`left operator right`. `left` is a full IRI; `right` holds the value or values in canonical text.

    Canonical text: an instant as microseconds UTC, a whole day as `2027-06-30`, a count as a decimal integer,
    everything else as its IRI. INVARIANT: the values of a set operator are sorted and occur once.
    """

    left: str
    operator: Operator
    right: tuple[str, ...]


class Logical(Struct, frozen=True, tag="logical"):
    """A connective over at least one member."""

    connective: Connective
    members: tuple[Atomic | Logical, ...]


Constraint = Atomic | Logical


class RuleKind(StrEnum):
    """What a rule does."""

    PERMISSION = "permission"
    PROHIBITION = "prohibition"


class Rule(Struct, frozen=True):
    """One rule; all its constraints must hold. `action` is a full IRI."""

    kind: RuleKind
    action: str
    constraints: tuple[Constraint, ...] = ()


class Policy(Struct, frozen=True):
    """An offer or agreement. `target`, `assigner`, `assignee` are IRIs; None where the policy leaves them open.

    INVARIANT: permissions come before prohibitions, so that a rule's id (`permission/0`) is its place on the wire.
    """

    id: str
    kind: PolicyKind
    rules: tuple[Rule, ...]
    target: str | None = None
    assigner: str | None = None
    assignee: str | None = None
    profile: tuple[str, ...] = ()
    timestamp: int | None = None
    """When an agreement was concluded, microseconds UTC."""

    notice: str | None = None
    """The period with which either party can end it (`P30D`); None where nobody can end it by notice."""


class Access(Struct, frozen=True):
    """A request to act on a target, with the facts known about it.

    `values` maps left operands (full IRIs) to the values that hold for this access; an absent key is *unknown*, and an
    unknown that matters refuses. Several values mean that the access is for all of them. The time and the number of
    uses already drawn are arguments of `evaluate` and cannot be stated here.
    """

    action: str
    assignee: str
    target: str
    values: Mapping[str, tuple[str, ...]] = {}


class Decision(Struct, frozen=True):
    """The outcome: permit or not, the rule that decided (`permission/0`), why not, and which facts were unknown."""

    permit: bool
    rule: str | None = None
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[str, ...] = ()


class Difference(Struct, frozen=True):
    """One way in which what was asked exceeds what is offered: a reason, and both sides in the notation of
    `render.notation` (`count lteq 3`); None where a side says nothing about it."""

    reason: Reason
    asked: str | None = None
    offered: str | None = None


class Comparison(Struct, frozen=True):
    """Is A within B? `within` is False also when it cannot be shown; then a difference says so."""

    within: bool
    differences: tuple[Difference, ...] = ()
