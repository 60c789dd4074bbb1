"""Controlled sentences: a policy as German or English lines that read back to the same policy.

What lives here: the structure of the lines, and writing them. What does not: reading them (`hearing`), words
(`grammar`), constraints (`clauses`), values (`saying`), marks (`marks`). Source: ODRL Information Model 2.2.

A line belongs to the nearest line above it that is indented less. Lines with a dash are constraints; all other lines
start with a fixed word. The ids of rules and constraints are left out, because they mean nothing, but for a duty that
stands at several places and is done once for all of them: it is said once, and then named (`dieselbe wie Pflicht 1.1`).

INVARIANT: `hearing` accepts only what `write` would have written: what could be read in two ways is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from policies import clauses, saying
from policies.grammar import CONNECTIVES, FUNCTIONS, KINDS, REMARKS, SCOPES, SLOTS, STRATEGIES, WORDS, Slot
from policies.model import Atomic, Constraint, Policy, Rule, RuleKind, Scope
from policies.operands import DATE_TIME
from policies.saying import pick

STEP: Final = "  "


class Line(Struct, frozen=True):
    """One line: its text without `end` (`.`, `:` or nothing), how deep it stands, and what it says.

    `part` is what the line is about: a constraint, a scope, a rule, or the name of a part of the policy. `rule` is the
    innermost rule that it belongs to and `name` the outermost one's name (`permission/0`); `within` are the constraints
    that it is a member of, outermost first.
    """

    text: str
    end: str
    depth: int
    part: Constraint | Scope | Rule | str
    item: bool = False
    rule: Rule | None = None
    slot: Slot | None = None
    name: str = ""
    within: tuple[Constraint, ...] = ()

    def shown(self, mark: str = "") -> str:
        """The whole line, with its mark in brackets where it has one."""
        lead = STEP * self.depth + ("- " if self.item else "")
        return f"{lead}{self.text}{f' [{mark}]' if mark else ''}{self.end}"


def write(policy: Policy, lang: str) -> list[str]:
    """The policy, line by line; `hearing` makes the same policy of it, without ids of rules and constraints."""
    return [line.shown() for line in lines(policy, lang)]


def lines(policy: Policy, lang: str) -> Iterator[Line]:
    """The lines of a policy with what each is about."""
    return _Writer(policy, lang).policy()


class _Writer:
    def __init__(self, policy: Policy, lang: str) -> None:
        self._policy, self._lang = policy, lang
        self._shared = _shared(policy)
        self._said: dict[str, tuple[str, Rule]] = {}

    def policy(self) -> Iterator[Line]:
        policy = self._policy
        yield from self._head(policy)
        for kind in RuleKind:
            rules = [rule for rule in policy.rules if rule.kind is kind]
            for n, rule in enumerate(rules):
                yield from self._rule(rule, Slot(kind.value), str(n + 1), 0, f"{kind}/{n}")
        if policy.notice is not None:
            said = saying.duration(policy.notice, self._lang)
            yield Line(f"{self._word('notice')} {said}", ".", 0, "notice")

    def _head(self, policy: Policy) -> Iterator[Line]:
        yield self._top(f"{pick(KINDS[policy.kind], self._lang)}: {self._name(policy.id)}", "kind")
        if policy.timestamp is not None:
            at = saying.value(DATE_TIME, str(policy.timestamp), self._lang)
            yield self._top(f"{self._word('timestamp')}: {at}", "timestamp")
        for key, names in (("profile", policy.profile), ("inherits", policy.inherits)):
            for one in names:
                yield self._top(f"{self._word(key)}: {self._name(one)}", key)
        yield from self._remarks(policy.remarks, 0)
        for key, name in (("target", policy.target), ("assigner", policy.assigner)):
            if name is not None:
                yield self._top(f"{pick(SCOPES[key], self._lang)}: {self._name(name)}", key)
        yield self._top(self._who(policy), "assignee")
        if policy.conflict is not None:
            yield self._top(pick(STRATEGIES[policy.conflict], self._lang), "conflict")

    def _remarks(self, remarks: Sequence[tuple[str, str]], depth: int) -> Iterator[Line]:
        for predicate, text in remarks:
            known = REMARKS.get(predicate)
            lead = f"{self._word('remark')} {self._name(predicate)}" if known is None else pick(known, self._lang)
            yield Line(f"{lead}: {self._name(text)}", ".", depth, "remark")

    def _top(self, text: str, part: str) -> Line:
        return Line(text, ".", 0, part)

    def _who(self, policy: Policy) -> str:
        if policy.assignee is not None:
            return f"{self._word('only')} {self._name(policy.assignee)}"
        return self._word("elsewhere" if any(rule.assignee for rule in policy.rules) else "anyone")

    # --- rules --------------------------------------------------------------------------------------------------------

    def _rule(self, rule: Rule, slot: Slot, path: str, depth: int, name: str) -> Iterator[Line]:
        label = f"{pick(SLOTS[slot], self._lang)} {path}"
        before, said = self._said.get(rule.id, ("", None))
        if slot is Slot.DUTY and said == rule:
            yield Line(f"{label}: {self._word('same')} {before}", ".", depth, rule, rule=rule, slot=slot, name=name)
            return
        if slot is Slot.DUTY and rule.id in self._shared and said is None:
            self._said[rule.id] = label, rule
        below = [
            *self._constraints(rule.constraints, depth + 1),
            *self._refinements(rule, depth + 1),
            *self._scopes(rule, depth + 1),
            *self._remarks(rule.remarks, depth + 1),
        ]
        nested = [
            *self._nested(rule.duties, Slot.DUTY, path, depth, name),
            *self._nested(rule.remedies, Slot.REMEDY, path, depth, name),
            *self._nested(rule.consequences, Slot.CONSEQUENCE, path, depth, name),
        ]
        ident = f" – {self._word('ident')}: {self._name(rule.id)}" if self._identified(rule) else ""
        text = f"{label}: {saying.action(rule.action, self._lang)}{ident}{self._how(rule, slot)}"
        yield Line(text, ":" if below or nested else ".", depth, rule, rule=rule, slot=slot, name=name)
        for line in below:
            yield Line(line.text, line.end, line.depth, line.part, line.item, rule, slot, name, line.within)
        yield from nested

    def _identified(self, rule: Rule) -> bool:
        """Has its name to be said? A label that means nothing has not where the duty is the same wherever it stands."""
        return rule.id in self._shared and not (rule.id.startswith("_:") and self._shared[rule.id])

    def _how(self, rule: Rule, slot: Slot) -> str:
        if slot in (Slot.PERMISSION, Slot.PROHIBITION):
            return self._word("if" if rule.constraints else "always")
        return self._word("so") if rule.constraints else ""

    def _nested(self, rules: Sequence[Rule], slot: Slot, path: str, depth: int, name: str) -> Iterator[Line]:
        for n, rule in enumerate(rules):
            yield from self._rule(rule, slot, f"{path}.{n + 1}", depth + 1, name)

    def _refinements(self, rule: Rule, depth: int) -> Iterator[Line]:
        if rule.refinements:
            yield Line(self._word("refinement"), ":", depth, "refinement")
            yield from self._constraints(rule.refinements, depth + 1)

    def _scopes(self, rule: Rule, depth: int) -> Iterator[Line]:
        for key in ("target", "output", "assigner", "assignee"):
            scope = getattr(rule, key)
            if scope is not None:
                yield from self._scope(f"{pick(SCOPES[key], self._lang)}:", scope, depth)
        for function, scope in rule.parties:
            known = FUNCTIONS.get(function)
            called = self._name(function) if known is None else pick(known, self._lang)
            yield from self._scope(f"{self._word('party')} {called}:", scope, depth)

    def _scope(self, lead: str, scope: Scope, depth: int) -> Iterator[Line]:
        who = f"{self._word('member')} {self._name(scope.iri)}" if scope.collection else self._name(scope.iri)
        source = f" – {self._word('source')}: {self._name(scope.source)}" if scope.source else ""
        far = self._word("as far") if scope.refinements else ""
        yield Line(f"{lead} {who}{source}{far}", ":" if scope.refinements else ".", depth, scope)
        yield from self._constraints(scope.refinements, depth + 1)

    def _constraints(
        self, found: Sequence[Constraint], depth: int, within: tuple[Constraint, ...] = ()
    ) -> Iterator[Line]:
        for one in found:
            if isinstance(one, Atomic):
                yield Line(clauses.write(one, self._lang), "", depth, one, True, within=within)
            else:
                text = pick(CONNECTIVES[one.connective], self._lang)
                yield Line(text, ":", depth, one, True, within=within)
                yield from self._constraints(one.members, depth + 1, (*within, one))

    def _name(self, text: str) -> str:
        return saying.name(text, self._lang)

    def _word(self, key: str) -> str:
        return pick(WORDS[key], self._lang)


def _shared(policy: Policy) -> Mapping[str, bool]:
    """The ids of duties that stand at several places (one of them done is all of them done), each with whether it is a
    duty of a permission and the same at all of them."""
    placed: dict[str, list[tuple[bool, Rule]]] = {}
    for top in policy.rules:
        for duty in top.duties:
            said = duty.id and (True, duty) in placed.get(duty.id, [])
            # What stands below a duty that has been said already is said already as well.
            for one in (duty,) if said else (duty, *_below(duty)):
                if one.id:
                    placed.setdefault(one.id, []).append((one is duty, one))
        for one in (*top.remedies, *top.consequences):
            for rule in (one, *_below(one)):
                if rule.id:
                    placed.setdefault(rule.id, []).append((False, rule))
    return {
        id: all(duty and one == found[0][1] for duty, one in found) for id, found in placed.items() if len(found) > 1
    }


def _below(rule: Rule) -> Iterator[Rule]:
    for one in (*rule.duties, *rule.remedies, *rule.consequences):
        yield one
        yield from _below(one)
