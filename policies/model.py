"""The policy model: frozen values with full IRIs, and nothing else.

What lives here: policies, rules, constraints, an access to be judged, a decision, a reason. What does not: reading and
writing (`parse`, `render`), the meaning of operands (`operands`), judging (`evaluate`), comparing (`compare`).
Source: ODRL Information Model 2.2. A policy in this model is *normalised*: inheritance resolved, compact forms spread,
every rule atomic (one action, one target, one party in each function). Whatever is not understood never gets in here,
because the readers refuse it by name.

An `id` of a rule or constraint is the IRI it was written with, or a blank node's label; it says where something comes
from and nothing about what it means. Several atomic rules with one id are the atoms of one rule as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    """ODRL policy classes. The protocol knows Offer and Agreement; Set and Agreement are what ODRL evaluates."""

    OFFER = "Offer"
    AGREEMENT = "Agreement"
    SET = "Set"
    REQUEST = "Request"
    ASSERTION = "Assertion"
    PRIVACY = "Privacy"
    TICKET = "Ticket"


class Strategy(StrEnum):
    """What holds where a permission and a prohibition meet (ODRL Information Model 2.2, 3.2)."""

    PERM = "perm"
    PROHIBIT = "prohibit"
    INVALID = "invalid"


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
    """Logical operands of ODRL 2.2. `andSequence`: all members, and each no earlier than the one before it."""

    AND = "and"
    OR = "or"
    XONE = "xone"
    AND_SEQUENCE = "andSequence"


class Atomic(Struct, frozen=True, tag="atomic"):
    """`left operator right`. `left` is a full IRI; `right` holds the value or values in canonical text.

    Canonical text: an instant as microseconds UTC, a whole day as `2027-06-30`, a count as a decimal integer,
    everything else as its IRI. INVARIANT: the values of a set operator are sorted and occur once.

    `datatype` (full IRI) is set only where no registry knows the operand and the value's own type has to say how it is
    compared. `unit` is the IRI of the unit of `right`. `reference` makes the constraint unknown: it is the IRI of a
    value that would have to be fetched (`right` is empty then), or, in a file of somebody else that is read leniently,
    a property that nobody here understands (its IRI, a blank, its value). `status` is the value already reached.
    """

    left: str
    operator: Operator
    right: tuple[str, ...]
    id: str = ""
    datatype: str = ""
    unit: str = ""
    reference: str = ""
    status: str = ""


class Logical(Struct, frozen=True, tag="logical"):
    """A connective over at least one member."""

    connective: Connective
    members: tuple[Atomic | Logical, ...]
    id: str = ""


Constraint = Atomic | Logical


class RuleKind(StrEnum):
    """What a rule does."""

    PERMISSION = "permission"
    PROHIBITION = "prohibition"
    OBLIGATION = "obligation"
    DUTY = "duty"


class Scope(Struct, frozen=True):
    """What or whom a rule is about: an asset or a party by its IRI, or the members of a collection, of which only those
    are meant that fit the refinements. `source` is another name of the collection, if it has two."""

    iri: str
    collection: bool = False
    refinements: tuple[Constraint, ...] = ()
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the asset, the party or the collection is called: who belongs to one of the names is meant."""
        return (self.iri, self.source) if self.source else (self.iri,)


def atoms(constraints: Iterable[Constraint]) -> Iterator[Atomic]:
    """Every atomic constraint, at any depth."""
    for constraint in constraints:
        if isinstance(constraint, Atomic):
            yield constraint
        else:
            yield from atoms(constraint.members)


class Rule(Struct, frozen=True):
    """One atomic rule; all its constraints must hold. `action` is a full IRI, `refinements` narrow it.

    `target`, `assigner`, `assignee`: None where the policy's own count. `parties` are those in other functions, by the
    function's full IRI. `duties` stand under a permission, `remedies` under a prohibition, `consequences` under a duty
    or an obligation; all of them are rules of the kind `duty`.
    """

    kind: RuleKind
    action: str
    constraints: tuple[Constraint, ...] = ()
    id: str = ""
    refinements: tuple[Constraint, ...] = ()
    target: Scope | None = None
    output: Scope | None = None
    assigner: Scope | None = None
    assignee: Scope | None = None
    parties: tuple[tuple[str, Scope], ...] = ()
    duties: tuple[Rule, ...] = ()
    remedies: tuple[Rule, ...] = ()
    consequences: tuple[Rule, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    """As those of a policy."""

    @property
    def below(self) -> tuple[Rule, ...]:
        """The rules that stand under it."""
        return (*self.duties, *self.remedies, *self.consequences)


class Policy(Struct, frozen=True):
    """A policy. `target`, `assigner`, `assignee` are IRIs; None where the policy leaves them open or its rules say it.

    INVARIANT: permissions come before prohibitions and these before obligations, so that a rule's name (`permission/0`)
    is its place on the wire.
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

    conflict: Strategy | None = None
    """None: the profile's own, which is `prohibit` on the wire and `invalid` in ODRL at large."""

    inherits: tuple[str, ...] = ()
    """The policies whose rules are already in here, for the record."""

    remarks: tuple[tuple[str, str], ...] = ()
    """Titles and the like: words for people, without effect. The predicate's IRI with `@de` (a language), `@id` (the
    value is an IRI) or `^^IRI` (a datatype) behind it, and the text."""


class Semantics(StrEnum):
    """How a permission with a duty that is still open is read, where the duty itself does not say it.

    Strict: the duty comes first, and an open one leaves the permission inactive (W3C ODRL formal semantics, C1-1).
    Deferred: an open duty may be fulfilled later; only a violated one takes the permission away.
    """

    STRICT = "strict"
    DEFERRED = "deferred"


class DutyState(StrEnum):
    """How far a duty or an obligation is: done, still to be done, or beyond doing."""

    FULFILLED = "fulfilled"
    OPEN = "open"
    VIOLATED = "violated"


class Deed(Struct, frozen=True):
    """Something that was done (or can no longer be done): an action or a duty by its IRI, by whom, and when."""

    action: str = ""
    duty: str = ""
    by: str = ""
    at: int | None = None


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
    members: Mapping[str, tuple[str, ...]] = {}
    """IRI -> the collections that it belongs to."""

    performed: tuple[Deed, ...] = ()
    violated: tuple[Deed, ...] = ()


class Decision(Struct, frozen=True):
    """The outcome: permit or not, the rule that decided (`permission/0`), why not, and which facts were unknown."""

    permit: bool
    rule: str | None = None
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[str, ...] = ()


class Nearest(Struct, frozen=True):
    """The nearest change that would turn a refusal into a permit: of `operand` (full IRI of a left operand, or the part
    `claims.ACTION`, `ASSIGNEE`, `TARGET`; of an open duty its action) to `value` (canonical text; empty where no one
    value can be named). `rule` is the rule that would permit (`permission/0`), `constraint` what fails in it. `more`
    are values that have to be there beside `value`."""

    operand: str
    value: str = ""
    rule: str = ""
    constraint: Atomic | None = None
    more: tuple[str, ...] = ()


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
