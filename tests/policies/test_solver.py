"""Covers policies/solver.py: two opinions on comparisons, our own and Z3's, over random pairs of policies (`pairs`).

What is said of every pair: how the two lie to each other, whether one is within the other, what is always denied, which
rules are vacuous, which rules meet. Nothing may be said otherwise than by Z3; *unknown* at most once in a hundred.
Each request that shows something is read back from its JSON, and the evaluator decides it as it was said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from msgspec.structs import replace

from policies import requests
from policies.compare import within
from policies.conflicts import Verdict, conflicts
from policies.difference import Relation, difference, document
from policies.evaluate import evaluate
from policies.model import ODRL, Policy, Rule, RuleKind, Semantics, Strategy, atoms
from policies.prove import Answer, always_denies, vacuous
from policies.requests import Request
from tests.policies import pairs

solver = pytest.importorskip("policies.solver", reason="the extra `solver` is not installed")


COUPLED = frozenset(ODRL + name for name in ("elapsedTime", "meteredTime", "delayPeriod", "timeInterval"))
"""Conflicts know that use is metered, and delays pass, within the time that elapses; a request may state anything."""


def semantics(seed: int) -> Semantics:
    return Semantics.STRICT if seed % 2 else Semantics.DEFERRED


def permitted(policy: Policy, request: Request, how: Semantics) -> bool:
    return evaluate(policy, request.access, request.now, count=request.count, semantics=how).permit


def read_back(found: object) -> Request:
    """What somebody reads who is handed the request in a file."""
    return requests.read(msgspec.json.encode(found))


def compared(seed: int) -> str:
    """The relation that both see; fails where they differ, "unknown" where ours is not known."""
    a, b = pairs.pair(seed)
    how = semantics(seed)
    contrast = difference(a, b, semantics=how)
    shown = document(contrast)
    for request in map(read_back, shown["a_only"]):
        assert permitted(a, request, how), seed
        assert not permitted(b, request, how), seed
    for request in map(read_back, shown["b_only"]):
        assert permitted(b, request, how), seed
        assert not permitted(a, request, how), seed
    if contrast.relation is Relation.UNKNOWN:
        return "unknown"
    assert (seed, contrast.relation) == (seed, solver.relation(a, b, how))
    assert bool(shown["a_only"]) is (contrast.relation not in (Relation.EQUAL, Relation.A_IN_B))
    assert bool(shown["b_only"]) is (contrast.relation not in (Relation.EQUAL, Relation.B_IN_A))
    return str(contrast.relation)


def alone(seed: int) -> Iterator[str]:
    """What is said of the first policy of the pair by itself, and of its lying within the second."""
    a, b = pairs.pair(seed)
    how = semantics(seed)
    denies = always_denies(a, semantics=how)
    if denies.answer is not Answer.UNKNOWN:
        assert (seed, denies.answer is Answer.FAILS) == (seed, solver.both((a,), how))
        assert denies.request is None or permitted(a, denies.request, how)
    yield f"always denies: {denies.answer}"
    for place, proof in vacuous(a, semantics=how):
        without = replace(a, rules=(*a.rules[:place], *a.rules[place + 1 :]))
        if proof.answer is Answer.HOLDS:
            assert (seed, place, solver.relation(a, without, how)) == (seed, place, Relation.EQUAL)
        yield f"vacuous: {proof.answer}"
    inside = within(a, b)
    assert not (inside.within and solver.exceeds(a, b)), seed
    yield f"within: {inside.within}"


def meeting(seed: int) -> Iterator[str]:
    """Do permissions and prohibitions meet? Of rules without refinements: a request states one value of an operand,
    conflicts tell what narrows an action, a party or an asset from what a condition asks for."""
    drawn, _ = pairs.pair(seed)
    rules = tuple(_plain(rule, f"urn:rule:{n}") for n, rule in enumerate(drawn.rules))
    if len(COUPLED & {atom.left for rule in rules for atom in atoms(rule.constraints)}) > 1:
        return
    a = replace(drawn, rules=rules, conflict=Strategy.INVALID)
    said = {frozenset((p.a.rule, p.b.rule)): p.verdict for p in conflicts((a,)).pairs}
    for one in (rule for rule in rules if rule.kind is RuleKind.PERMISSION):
        for two in (rule for rule in rules if rule.kind is RuleKind.PROHIBITION):
            possible = solver.meet(a, one, two)
            verdict = said.get(frozenset((one.id, two.id)), Verdict.COMPATIBLE)
            assert (seed, one.id, two.id, verdict) != (seed, one.id, two.id, Verdict.CONFLICT) or possible
            assert (seed, one.id, two.id, verdict) != (seed, one.id, two.id, Verdict.COMPATIBLE) or not possible
            yield f"conflict: {verdict}"


def _plain(rule: Rule, name: str) -> Rule:
    scopes = [None if one is None else replace(one, refinements=()) for one in (rule.target, rule.assignee)]
    return replace(rule, id=name, duties=(), refinements=(), target=scopes[0], assignee=scopes[1])


def campaign(first: int, last: int) -> Counter[str]:
    said: Counter[str] = Counter()
    for seed in range(first, last):
        said[compared(seed)] += 1
        if seed % 4 == 0:
            said.update((*alone(seed), *meeting(seed)))
    return said


def test_no_verdict_differs_from_the_solvers() -> None:
    said = campaign(0, 80)
    assert said["unknown"] <= 1, said
    assert all(said[str(relation)] for relation in Relation if relation is not Relation.UNKNOWN), said


@pytest.mark.long("solver")
@pytest.mark.parametrize("part", range(8))
def test_no_verdict_differs_from_the_solvers_at_length(part: int) -> None:
    said = campaign(1000 + part * 400, 1000 + (part + 1) * 400)
    print(dict(sorted(said.items())))
    assert said["unknown"] <= 4, said
