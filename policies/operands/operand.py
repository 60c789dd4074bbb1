"""What a left operand is: everything that reading, judging, comparing, explaining and checking has to know about it.

What lives here: the type of an entry of the registry and of its parts. What does not: the entries (the other modules
of this package), the kinds of values (`ordered`, `taxonomy`, `places` ...). Source: ODRL Vocabulary 2.2, left operands;
the mechanism of profiles of ODRL Information Model 2.2, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from policies.claims import Claim
from policies.model import Operator, Reason

Fact = int | str
"""What is known of an access, as `Values.holds` takes it."""

Both = tuple[str, str]
"""German, English."""


class Origin(StrEnum):
    """Where the value of an operand comes from."""

    REQUEST = "request"
    """Whoever asks states it."""

    AGREEMENT = "agreement"
    """Counted from, or written in, the agreement."""

    CLOCK = "clock"
    COUNTER = "counter"
    CREDENTIAL = "credential"
    DATASET = "dataset"
    """Stated by the provider about the data, or fixed by what is done to them before they leave."""

    NODE = "node"
    """Stated by the provider's operators about the world: an event, a level of crisis."""


class Side(StrEnum):
    """Who can check it: the provider before data leaves, the consumer afterwards, or both."""

    PROVIDER = "provider"
    CONSUMER = "consumer"
    BOTH = "both"


class Assurance(StrEnum):
    """How surely it holds: this node enforces it, a third party attests it, the user declares it."""

    ENFORCED = "enforced"
    ATTESTED = "attested"
    DECLARED = "declared"


class Place(StrEnum):
    """Where in a policy an operand may stand."""

    RULE = "rule"
    """A constraint of a permission, a prohibition or an obligation: a condition."""

    REFINEMENT = "refinement"
    """It narrows an action, or picks members of a collection of assets or parties."""

    DUTY = "duty"
    """A constraint of a duty: how, or until when, it is to be done."""


class Phase(StrEnum):
    """When it is judged."""

    ACCESS = "access"
    """Once, when an access is asked for."""

    DURING = "during"
    """Again and again while an access lasts: what runs is cut."""

    AFTER = "after"
    """Only when the data have left."""


class Vector(Struct, frozen=True):
    """One case with its answer: `fact operator right`. All are texts as people write them."""

    operator: Operator
    right: tuple[str, ...]
    fact: str
    expected: bool | None


class Values(Protocol):
    """What can be said about the values of an operand.

    A claim is about every value that an access is for. `implies` and `possible` are sound: an implication that is
    claimed holds, and what is called impossible is so. Each kind of values says where it is exact as well.
    """

    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""

    def implies(self, premises: Sequence[Claim], claim: Claim) -> bool:
        """Does the claim hold for every value for which all premises hold?"""

    def possible(self, premises: Sequence[Claim]) -> bool:
        """Is there a value for which all premises hold?"""

    def witness(self, premises: Sequence[Claim]) -> str | None:
        """Canonical text of a value for which all premises hold; None where none is found."""


Unmet = Callable[[Operator, tuple[str, ...], tuple[Fact, ...], bool], Reason]
"""(operator, right, facts, is it definite) -> why the constraint is not satisfied."""


class Operand(Struct, frozen=True):
    """One left operand.

    `read` turns text into canonical text (raises `ValueError`), `write` into text and datatype (None: a plain string),
    `fact` what is known of an access into what `values` judges (raises `ValueError`). `label` is what people call it,
    `meaning` one sentence on it. `clauses` has a phrase for each operator, with one `{}` for the values. `units` maps
    the IRI of a unit to the factor that leads to the unit of the canonical text, as decimal text; empty: it has none.
    `manifold`: several facts hold at once (somebody is a member here and there), so that one of them may satisfy a
    constraint; otherwise the access is for each of them, and has to satisfy it for all.
    """

    iri: str
    name: str
    label: Both
    meaning: Both
    datatypes: frozenset[str]
    operators: frozenset[Operator]
    origin: Origin
    side: Side
    assurance: Assurance
    phase: Phase
    places: frozenset[Place]
    read: Callable[[str], str]
    write: Callable[[str], tuple[str, str | None]]
    fact: Callable[[str], Fact]
    values: Values
    unmet: Unmet
    clauses: Mapping[Operator, Both]
    vectors: tuple[Vector, ...]
    units: Mapping[str, str] = {}
    manifold: bool = False

    def takes(self, text: str) -> bool:
        """Is the text a value of it?"""
        try:
            self.read(text)
        except ValueError:
            return False
        return True


SET_OPERATORS: Final = frozenset({Operator.IS_ANY_OF, Operator.IS_NONE_OF, Operator.IS_ALL_OF})
"""Operators that take several values; all others take exactly one."""

ORDER: Final = frozenset({Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ})
IDENTITY: Final = frozenset({Operator.EQ, Operator.NEQ, Operator.IS_ANY_OF, Operator.IS_NONE_OF})
DENYING: Final = frozenset({Operator.NEQ, Operator.IS_NONE_OF})
