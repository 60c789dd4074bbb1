"""A concrete request that some policies permit and others refuse, or the proof that there is none.

What lives here: the search through the worlds in which policies differ. What does not: worlds and formulas (`worlds`,
`statement`, `formula`), judging a request (`evaluate`).

The search settles one variable after the other, each by the few cases that the policies can tell apart, and remembers
what remained where nothing was found. INVARIANT: a request that is handed out has been judged by `evaluate` and comes
out as it was asked for. Where only requests turn up that it judges otherwise, or none can be written, it is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from policies.claims import TooLargeError
from policies.evaluate import evaluate
from policies.formula import FALSE, TRUE
from policies.model import Policy, Reason, Semantics
from policies.requests import Request
from policies.statement import Statements
from policies.work import Work
from policies.worlds import Case, Part, request

_TRIED: Final = 24
"""How many worlds are tried, where requests are not judged as expected, before it is given up."""

TOO_LARGE: Final = Reason("compare.too_large")
NOT_SHOWN: Final = Reason("compare.not_shown")


World = tuple[tuple[int, Part], ...]


class Witness(Struct, frozen=True):
    """What a search has found: a request; else `none` is True where it is shown that there is none, and `unknown`
    says why it is not."""

    request: Request | None = None
    none: bool = False
    unknown: Reason | None = None


def witness(
    permitting: Sequence[Policy],
    refusing: Sequence[Policy] = (),
    *,
    semantics: Semantics = Semantics.STRICT,
    work: Work | None = None,
) -> Witness:
    """A request that each of `permitting` permits and each of `refusing` refuses, confirmed by `evaluate`. `work` is
    what it may cost, together with others."""
    try:
        return Search((*permitting, *refusing), semantics, work).between(permitting, refusing)
    except TooLargeError:
        return Witness(unknown=TOO_LARGE)


class Search:
    """Questions to some policies at once: their worlds are told apart once, for any number of searches."""

    def __init__(
        self, policies: Sequence[Policy], semantics: Semantics = Semantics.STRICT, work: Work | None = None
    ) -> None:
        """Raises `TooLargeError`."""
        self._statements = Statements(policies, semantics, work)
        self._formulas = self._statements.formulas
        self._semantics = semantics
        self._cases: list[list[Case]] = []
        self._remains: dict[tuple[int, int], dict[int, int]] = {}

    def between(self, permitting: Sequence[Policy], refusing: Sequence[Policy]) -> Witness:
        """A request that each of the first permits, and each of the others refuses. Raises `TooLargeError`."""
        permits = [self._statements.permits(policy) for policy in permitting]
        refuses = [self._formulas.denial(self._statements.permits(policy)) for policy in refusing]
        return self._find(
            self._formulas.all([*permits, *refuses]),
            lambda one: (
                all(self._permit(p, one) for p in permitting) and not any(self._permit(p, one) for p in refusing)
            ),
        )

    def within(self, asked: Policy, offered: Policy) -> Witness:
        """As `between`, for what is to be agreed: where a world is left that no request shows, `unknown` says so."""
        return self.between((asked,), (offered,))

    def _permit(self, policy: Policy, one: Request) -> bool:
        return evaluate(policy, one.access, one.now, count=one.count, semantics=self._semantics).permit

    def _find(self, goal: int, confirmed: Callable[[Request], bool]) -> Witness:
        self._cases = self._statements.cases()
        self._remains.clear()
        found = Witness(none=True)
        for world in islice(self._worlds(goal, (), set()), _TRIED):
            one = self._request(dict(world))
            if one is not None and confirmed(one):
                return Witness(one)
            found = Witness(unknown=NOT_SHOWN)
        return found

    def _worlds(self, goal: int, settled: World, barren: set[int]) -> Iterator[World]:
        """Every way to settle variables until the goal holds. `barren` gathers goals that nothing makes hold."""
        if goal == TRUE:
            yield settled
        if goal in (TRUE, FALSE) or goal in barren:
            return
        fruitful = False
        variable = self._next(goal)
        for number, case in enumerate(self._cases[variable]):
            done = self._remains.setdefault((variable, number), {})
            rest = self._formulas.given(goal, variable, case.outcomes, done)
            for world in self._worlds(rest, (*settled, (variable, case.part)), barren):
                fruitful = True
                yield world
        if not fruitful:
            barren.add(goal)

    def _next(self, goal: int) -> int:
        """The variable to be settled first: one on which much depends, with few cases; what nobody understands last."""
        alone = [one for one in self._formulas.alone(goal) if not self._statements.opaque(one)]
        among = alone or self._formulas.about(goal)
        return min(among, key=lambda one: (self._statements.opaque(one), len(self._cases[one]), one))

    def _request(self, settled: dict[int, Part]) -> Request | None:
        """The request that a world is; what does not matter in it is as it first comes."""
        open_ = (one for one in range(len(self._cases)) if one not in settled and self._statements.always(one))
        return request([*settled.values(), *(self._cases[one][0].part for one in open_)])
