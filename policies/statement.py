"""What a policy says, as a formula over the tests of a world: when it definitely permits, when a rule applies.

What lives here: the translation, clause by clause the same as `evaluate`, `collections` and `duties` judge. What does
not: the worlds (`worlds`, `deeds`), the search (`witness`). INVARIANT: in every world that can be written as a request,
the formula of a policy holds exactly where `evaluate` permits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from policies import duties, worlds
from policies.collections import named
from policies.deeds import Deeds, Done, Failed
from policies.facts import REQUEST_RATE, operand_of, window
from policies.formula import FALSE, NO, OPEN, TRUE, YES, Formulas
from policies.model import Atomic, Connective, Constraint, Logical, Policy, Rule, RuleKind, Scope, Semantics, Strategy
from policies.model import atoms as atoms_of
from policies.operands import COUNT, Origin
from policies.strategy import strategy
from policies.vocabulary import PURPOSES
from policies.voiding import void
from policies.work import Work
from policies.worlds import Case, Sort, Tests

_ALWAYS: Final = frozenset({Sort.ACTION, Sort.ASSIGNEE, Sort.TARGET, Sort.CLOCK, Sort.COUNTER})


class Statements:
    """Policies put into formulas, and the variables that these speak of.

    All policies that are to be compared are given at once, because what is a collection for one is so for all.
    """

    def __init__(self, policies: Sequence[Policy], semantics: Semantics, work: Work | None = None) -> None:
        self.formulas = Formulas(work)
        self._semantics = semantics
        self._variables: list[Tests] = []
        self._numbers: dict[tuple[Sort, str], int] = {}
        self._known: dict[Tests, list[Case]] = {}
        self._stated: dict[tuple[int, int], tuple[Logical, int]] = {}
        self._deeds = Deeds()
        rules = [rule for policy in policies for rule in policy.rules]
        owed = [duty for rule in rules for duty in _duties(rule)]
        scopes = [scope for rule in (*rules, *owed) for scope in _scopes(rule) if scope.collection]
        self._collections = {name for scope in scopes for name in scope.names}
        self._timed = {duty.action for duty in owed if duties.deadlines(duty)}

    # --- policies and rules -------------------------------------------------------------------------------------------

    def permits(self, policy: Policy) -> int:
        """That the policy permits. Raises `TooLargeError`."""
        if void(policy) is not None:
            return FALSE
        rules = policy.rules
        permitted = self.formulas.some([self._permission(r, policy) for r in rules if r.kind is RuleKind.PERMISSION])
        if strategy(policy) is Strategy.PERM:
            return permitted
        ruled_out = [self.applies(r, policy, NO) for r in rules if r.kind is RuleKind.PROHIBITION]
        return self.formulas.all([permitted, *ruled_out])

    def applies(self, rule: Rule, policy: Policy, outcome: int) -> int:
        """That the rule definitely applies (`YES`) or definitely does not (`NO`), its duties left aside."""
        parts = (
            self._party(Sort.ASSIGNEE, rule.assignee, policy.assignee, outcome),
            self._party(Sort.TARGET, rule.target, policy.target, outcome),
            self._leaf(Sort.ACTION, "", rule.action, outcome),
            *(self.comes_out(one, outcome) for one in (*rule.refinements, *rule.constraints)),
        )
        return self.formulas.all(parts) if outcome == YES else self.formulas.some(parts)

    def _permission(self, rule: Rule, policy: Policy) -> int:
        return self.formulas.all([self.applies(rule, policy, YES), *(self._no_hindrance(duty) for duty in rule.duties)])

    def _party(self, sort: Sort, scope: Scope | None, default: str | None, outcome: int) -> int:
        if (meant := named(scope, default)) is None:
            return TRUE if outcome == YES else FALSE
        belonging = [self._belongs(sort, name, outcome) for name in meant]
        one_of_them = self.formulas.some(belonging) if outcome == YES else self.formulas.all(belonging)
        refinements = scope.refinements if scope is not None else ()
        parts = (one_of_them, *(self.comes_out(one, outcome) for one in refinements))
        return self.formulas.all(parts) if outcome == YES else self.formulas.some(parts)

    def _belongs(self, sort: Sort, name: str, outcome: int) -> int:
        if name in self._collections:
            return self._leaf(Sort.MEMBER, f"{sort.value} {name}", "", outcome)
        return self._leaf(sort, "", name, outcome)

    # --- duties -------------------------------------------------------------------------------------------------------

    def _no_hindrance(self, duty: Rule) -> int:
        """That the duty does not stand against its permission: not due, fulfilled, or open and for later."""
        conditions = [self.comes_out(one, NO) for one in duties.conditions(duty)]
        fine = [*conditions, self._fulfilled(duty)]
        if not duties.comes_first(duty, self._semantics):
            fine.append(self.formulas.all([self._failed(duty, NO), self.formulas.denial(self._over(duty))]))
        return self.formulas.some(fine)

    def _fulfilled(self, duty: Rule) -> int:
        in_time = [self._failed(duty, NO), self._done(duty, True)]
        if not duty.consequences:
            return self.formulas.all(in_time)
        missed = self.formulas.some([self._failed(duty, YES), self._over(duty)])
        made_good = [missed, self._done(duty, False), *(self._fulfilled(one) for one in duty.consequences)]
        return self.formulas.some([self.formulas.all(in_time), self.formulas.all(made_good)])

    def _done(self, duty: Rule, in_time: bool) -> int:
        deadlines = tuple(duties.deadlines(duty)) if in_time else ()
        test = Done(self._deeds.number(duty), deadlines or None)
        described = [self.comes_out(one, YES) for one in duties.described(duty)]
        return self.formulas.all([self._deed(duty, test, YES), *described])

    def _failed(self, duty: Rule, outcome: int) -> int:
        return self._deed(duty, Failed(self._deeds.number(duty)), outcome)

    def _deed(self, duty: Rule, test: object, outcome: int) -> int:
        sort = Sort.CLOCK if duty.action in self._timed else Sort.DEEDS
        return self._leaf(sort, "" if sort is Sort.CLOCK else duty.action, test, outcome)

    def _over(self, duty: Rule) -> int:
        """That the last moment has passed in which the duty could be done."""
        return self.formulas.some([self.comes_out(one, NO) for one in duties.ends(duty)])

    # --- constraints --------------------------------------------------------------------------------------------------

    def comes_out(self, constraint: Constraint, outcome: int) -> int:
        """That a constraint definitely holds (`YES`), or definitely does not (`NO`)."""
        if isinstance(constraint, Atomic):
            return self._atomic(constraint, outcome)
        # By identity: a hash would go through all that is below, once for each that is above.
        found = self._stated.get((id(constraint), outcome))
        if found is None:
            # The constraint is kept with it, so that no other one comes to have its identity.
            found = self._stated[id(constraint), outcome] = constraint, self._joined(constraint, outcome)
        return found[1]

    def _joined(self, constraint: Logical, outcome: int) -> int:
        members = constraint.members
        match constraint.connective:
            case Connective.AND | Connective.AND_SEQUENCE:
                join = self.formulas.all if outcome == YES else self.formulas.some
                return join([self.comes_out(member, outcome) for member in members])
            case Connective.OR:
                join = self.formulas.some if outcome == YES else self.formulas.all
                return join([self.comes_out(member, outcome) for member in members])
            case Connective.XONE:
                return self._one(members) if outcome == YES else self._not_one(members)
            case _:
                assert_never(constraint.connective)

    def _one(self, members: Sequence[Constraint]) -> int:
        """Exactly one holds, and all others definitely do not."""
        failing = [self.comes_out(one, NO) for one in members]
        return self.formulas.some(
            [
                self.formulas.all([*failing[:place], self.comes_out(one, YES), *failing[place + 1 :]])
                for place, one in enumerate(members)
            ]
        )

    def _not_one(self, members: Sequence[Constraint]) -> int:
        """Definitely none, or two of them whatever the others are."""
        holding = [self.comes_out(one, YES) for one in members]
        pairs = [
            self.formulas.all([first, second]) for place, first in enumerate(holding) for second in holding[place + 1 :]
        ]
        return self.formulas.some([self.formulas.all([self.comes_out(one, NO) for one in members]), *pairs])

    def _atomic(self, atom: Atomic, outcome: int) -> int:
        test, operand = worlds.key(atom), operand_of(atom)
        if operand is None or atom.reference or atom.operator not in operand.operators:
            return self._leaf(Sort.OPAQUE, repr(test), test, outcome)
        if operand.origin is Origin.CLOCK:
            return self._leaf(Sort.CLOCK, "", test, outcome)
        if operand.iri == COUNT:
            return self._leaf(Sort.COUNTER, "", test, outcome)
        name = f"{atom.left} {window(atom.right[0])}" if atom.left == REQUEST_RATE else atom.left
        return self._leaf(Sort.OPERAND, name, test, outcome)

    def _leaf(self, sort: Sort, name: str, test: object, outcome: int) -> int:
        number = self._numbers.setdefault((sort, name), len(self._variables))
        if number == len(self._variables):
            self._variables.append(Tests(sort, name))
        return self.formulas.leaf(number, self._variables[number].place(test), outcome)

    # --- variables ----------------------------------------------------------------------------------------------------

    def cases(self) -> list[list[Case]]:
        """For each variable its cases. Raises `TooLargeError`."""
        found = []
        for tests in self._variables:
            known = self._known.get(tests)
            if known is None or len(known[0].outcomes) < len(tests.listed()):
                known = self._known[tests] = self._cases(tests)
                self.formulas.spend(len(known))
            found.append(known)
        return found

    def opaque(self, variable: int) -> bool:
        """Is it a constraint that nobody understands?"""
        return self._variables[variable].sort is Sort.OPAQUE

    def always(self, variable: int) -> bool:
        """Does every request say something about it?"""
        return self._variables[variable].sort in _ALWAYS

    def _cases(self, tests: Tests) -> list[Case]:
        listed = tests.listed()
        atoms = [test for test in listed if isinstance(test, Atomic)]
        names = [test for test in listed if isinstance(test, str)]
        self.formulas.spend(len(listed) * (len(listed) + len(PURPOSES)))
        match tests.sort:
            case Sort.ACTION:
                return worlds.actions(names, self.formulas.spend)
            case Sort.ASSIGNEE | Sort.TARGET:
                return worlds.names(tests.sort, names, self.formulas.spend)
            case Sort.MEMBER:
                return worlds.membership(tests.name)
            case Sort.COUNTER:
                return worlds.counts(atoms, self.formulas.spend)
            case Sort.OPERAND:
                return worlds.facts(atoms, self.formulas.spend)
            case Sort.OPAQUE:
                return [Case((mask,), worlds.Part(opaque=True)) for mask in (YES, NO, OPEN)]
            case Sort.CLOCK | Sort.DEEDS:
                return self._moments(listed, atoms)
            case _:
                assert_never(tests.sort)

    def _moments(self, tests: Sequence[object], atoms: Sequence[Atomic]) -> list[Case]:
        if len(atoms) == len(tests):
            return worlds.clock(atoms, self.formulas.spend)
        limits = [atom for test in tests if isinstance(test, Done) for atom in atoms_of(test.deadlines or ())]
        spend = self.formulas.spend
        deeds = [test for test in tests if isinstance(test, Done | Failed | Atomic)]
        return self._deeds.cases(deeds, worlds.instants([*atoms, *limits], spend), spend)


def _duties(rule: Rule) -> Iterable[Rule]:
    for duty in rule.below:
        yield duty
        yield from _duties(duty)


def _scopes(rule: Rule) -> Iterable[Scope]:
    return (scope for scope in (rule.target, rule.assignee) if scope is not None)
