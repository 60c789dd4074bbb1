"""Covers policies/report.py: every rule as written, its atoms merged, and its JSON form."""

from __future__ import annotations

from random import Random

import msgspec

from policies import report as reports
from policies.evaluate import evaluate
from policies.model import (
    ODRL,
    Access,
    Connective,
    Constraint,
    Deed,
    DutyState,
    Logical,
    Operator,
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
    Scope,
    Semantics,
)
from policies.operands import PURPOSE, SPATIAL
from policies.report import Report, RuleReport, document, report
from policies.vocabulary import READ, USE
from tests.policies.cases import case
from tests.policies.samples import ME, MUENSTER, NOW, NRW, OTHER, TARGET, access, atom, permission, policy, prohibition

O = Operator  # noqa: E741
DELETE = ODRL + "delete"


def named(constraint: Constraint, id: str) -> Constraint:
    return msgspec.structs.replace(constraint, id=id)


def entries(found: Report) -> dict[str, RuleReport]:
    return {rule.id: rule for rule in found.rules}


def test_every_rule_and_constraint_has_an_entry_in_the_order_of_the_policy() -> None:
    purpose, place = named(atom(PURPOSE, O.EQ, "urn:one"), "urn:c1"), atom(SPATIAL, O.IS_PART_OF, NRW)
    either = Logical(Connective.OR, (purpose, place))
    duty = Rule(RuleKind.DUTY, DELETE, id="urn:duty")
    terms = policy(Rule(RuleKind.PERMISSION, USE, (either,), duties=(duty,)), prohibition(purpose))
    found = report(terms, access(purpose="urn:two"), NOW, semantics=Semantics.DEFERRED)
    assert [(rule.id, rule.kind.value) for rule in found.rules] == [
        ("_:b0", "permission"),
        ("urn:duty", "duty"),
        ("_:b3", "prohibition"),
    ]
    said = [(one.id, one.satisfied) for one in found.rules[0].constraints]
    assert said == [("_:b1", None), ("urn:c1", False), ("_:b2", None)]
    assert [rule.state for rule in found.rules] == [None, DutyState.OPEN, None]


def test_matches_and_active_are_two_things() -> None:
    refined = Rule(RuleKind.PERMISSION, USE, id="urn:p", refinements=(atom(PURPOSE, O.EQ, "urn:one"),))
    for purpose, matches in (("urn:one", True), ("urn:two", False), ((), False)):
        rule = entries(report(policy(refined), access(purpose=purpose), NOW))["urn:p"]
        assert (rule.matches, rule.active) == (matches, True)
    bound = Rule(RuleKind.PERMISSION, USE, (atom(PURPOSE, O.EQ, "urn:one"),), id="urn:p", assignee=Scope(OTHER))
    rule = entries(report(policy(bound), access(purpose="urn:one"), NOW))["urn:p"]
    assert (rule.matches, rule.active) == (False, True)
    rule = entries(report(policy(bound), access(who=OTHER), NOW))["urn:p"]
    assert (rule.matches, rule.active) == (True, False)


def test_an_open_duty_leaves_its_permission_inactive_where_it_comes_first() -> None:
    duty = Rule(RuleKind.DUTY, DELETE, id="urn:duty")
    terms = policy(Rule(RuleKind.PERMISSION, USE, id="urn:p", duties=(duty,)))
    states = [
        ((), (), Semantics.STRICT, False),
        ((), (), Semantics.DEFERRED, True),
        ((Deed(duty="urn:duty"),), (), Semantics.STRICT, True),
        ((), (Deed(duty="urn:duty"),), Semantics.DEFERRED, False),
    ]
    for performed, violated, semantics, active in states:
        asked = Access(READ, ME, TARGET, performed=performed, violated=violated)
        found = report(terms, asked, NOW, semantics=semantics)
        assert (entries(found)["urn:p"].active, found.permit) == (active, active)


def test_the_atoms_of_one_rule_make_one_entry() -> None:
    here = atom(PURPOSE, O.EQ, "urn:one")
    atoms = tuple(Rule(RuleKind.PERMISSION, USE, (here,), id="urn:p", target=Scope(name)) for name in ("urn:a", TARGET))
    found = report(policy(*atoms), access(purpose="urn:one"), NOW)
    (rule,) = found.rules
    assert (rule.matches, rule.active, len(rule.constraints)) == (True, True, 1)
    assert (found.permit, found.rule) == (True, "urn:p")


def test_remedies_and_consequences_have_entries_too() -> None:
    fine = Rule(RuleKind.DUTY, ODRL + "compensate", id="urn:fine")
    remedy = Rule(RuleKind.DUTY, DELETE, id="urn:remedy")
    barred = Rule(RuleKind.PROHIBITION, USE, id="urn:ban", remedies=(remedy,))
    owed = Rule(RuleKind.OBLIGATION, ODRL + "inform", id="urn:owed", consequences=(fine,))
    found = report(policy(barred, owed), Access(READ, ME, TARGET, violated=(Deed(duty="urn:owed"),)), NOW)
    states = {id: rule.state for id, rule in entries(found).items()}
    assert states == {
        "urn:ban": None,
        "urn:remedy": DutyState.OPEN,
        "urn:owed": DutyState.VIOLATED,
        "urn:fine": DutyState.OPEN,
    }


def test_the_json_form() -> None:
    terms = policy(permission(atom(SPATIAL, O.IS_PART_OF, NRW)), prohibition(atom(PURPOSE, O.EQ, "urn:one")))
    assert document(report(terms, access(purpose="urn:one", spatial=MUENSTER), NOW)) == {
        "decision": "deny",
        "rule": "_:b2",
        "reasons": [{"code": "prohibited", "params": {"rule": "prohibition/0", "conditions": f"{PURPOSE} eq urn:one"}}],
        "unknown": [],
        "rules": [
            {
                "id": "_:b0",
                "kind": "permission",
                "matches": True,
                "active": True,
                "constraints": [{"id": "_:b1", "satisfied": True}],
            },
            {
                "id": "_:b2",
                "kind": "prohibition",
                "matches": True,
                "active": True,
                "constraints": [{"id": "_:b3", "satisfied": True}],
            },
        ],
    }
    owed = Rule(RuleKind.OBLIGATION, DELETE, id="urn:owed")
    assert document(report(policy(owed), access(), NOW))["rules"][0]["state"] == "open"


def test_labels_are_never_those_of_others() -> None:
    mine = Rule(RuleKind.PERMISSION, USE, id="_:b0")
    found = report(policy(mine, Rule(RuleKind.PERMISSION, READ)), access(), NOW)
    assert [rule.id for rule in found.rules] == ["_:b0", "_:b1"]


def test_an_offer_is_judged_like_a_set() -> None:
    kinds = [Policy("urn:p", kind, (permission(),)) for kind in PolicyKind]
    assert {report(terms, access(), NOW).permit for terms in kinds} == {True}


def test_the_report_decides_as_evaluate_does_and_its_rules_agree() -> None:
    random = Random(7)
    for _ in range(1_000):
        asked = case(random)
        found = report(asked.policy, asked.access, asked.now, semantics=asked.semantics, count=asked.count)
        decision = evaluate(asked.policy, asked.access, asked.now, count=asked.count, semantics=asked.semantics)
        assert (found.permit, found.reasons) == (decision.permit, decision.reasons)
        if found.permit:
            by = next(rule for rule in found.rules if rule.id == found.rule)
            assert by.matches and by.active
        assert reports.document(found)["decision"] == ("permit" if decision.permit else "deny")
