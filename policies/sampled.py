"""Kinds of values of which a finite number of samples stands for all: what follows is found by trying them.

What lives here: implication, possibility and a witness from samples. What does not: which values are alike (each kind
names its samples). Where the samples of a kind stand for every value there is, its answers are exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from policies.claims import Claim
from policies.model import Operator


class Sampled(ABC):
    """Values told apart only by what the claims name."""

    @abstractmethod
    def holds(self, operator: Operator, right: tuple[str, ...], fact: object) -> bool | None:
        """Is `fact operator right` so? None where it cannot be said."""

    @abstractmethod
    def samples(self, claims: Sequence[Claim]) -> Iterable[str]:
        """Canonical texts: at least one of each sort of values that the claims tell apart."""

    def effort(self, claims: Sequence[Claim]) -> int:
        """About a quarter of the number of samples."""
        return 40 + 4 * len(claims)

    def implies(self, premises: Sequence[Claim], claim: Claim) -> bool:
        """Does the claim hold for every value for which all premises hold? Of nothing nothing follows: without a
        premise the value may be unknown."""
        if not premises:
            return False
        return all(self._is(claim, value) for value in self._matching(premises, (*premises, claim)))

    def possible(self, premises: Sequence[Claim]) -> bool:
        """Is there a value for which all premises hold?"""
        return any(True for _ in self._matching(premises, premises))

    def witness(self, premises: Sequence[Claim]) -> str | None:
        """A value for which all premises hold; None where there is none."""
        return next(iter(self._matching(premises, premises)), None)

    def _matching(self, premises: Sequence[Claim], claims: Sequence[Claim]) -> Iterable[str]:
        named = next((one.right for one in premises if one.holds and one.operator is Operator.EQ), None)
        tried = self.samples(claims)
        if named is not None and (alike := self.alike(named)) is not None:
            tried = alike
        return (value for value in tried if all(self._is(premise, value) for premise in premises))

    def alike(self, value: str) -> Iterable[str] | None:
        """The values that equal this one, where that is quickly said; None where it is not."""
        return None

    def _is(self, claim: Claim, value: str) -> bool:
        return self.holds(claim.operator, (claim.right,), value) is claim.holds


def same(operator: Operator, right: tuple[str, ...], fact: str) -> bool | None:
    """Is the fact one of the values, none, or all of them? None for an operator that asks for anything else."""
    match operator:
        case Operator.EQ | Operator.IS_ANY_OF:
            return fact in right
        case Operator.NEQ | Operator.IS_NONE_OF:
            return fact not in right
        case Operator.IS_ALL_OF:
            return all(fact == one for one in right)
        case _:
            return None
