"""Covers policies/normalise.py: ancestors, values at the top, one rule for each of several."""

from __future__ import annotations

from typing import Any

import pytest

from policies.model import ODRL, Atomic, Scope, Strategy
from policies.vocabulary import MUNICIPAL
from tests.policies.full import document, one, refused, several


def graph(*nodes: Any) -> dict[str, Any]:
    return {"@graph": list(nodes)}


def other(name: str, **more: Any) -> dict[str, Any]:
    return {"@id": f"urn:x:{name}", "@type": "Set", "profile": MUNICIPAL, "permission": [{"action": "read"}], **more}


def test_a_rule_is_spread_over_its_actions_targets_and_parties() -> None:
    rule = {
        "@id": "urn:x:r",
        "action": ["use", "print"],
        "target": ["urn:a:1", "urn:a:2"],
        "assignee": ["urn:b:1", "urn:b:2"],
    }
    found = one(document(permission=[rule]))
    assert {rule.id for rule in found.rules} == {"urn:x:r"}
    told = {(rule.action, rule.target and rule.target.iri, rule.assignee and rule.assignee.iri) for rule in found.rules}
    assert len(found.rules) == len(told) == 8


def test_values_at_the_top_count_beside_those_of_a_rule() -> None:
    found = one(
        document(target=["urn:a:1", "urn:a:2"], action="print", permission=[{"action": "use", "target": "urn:a:3"}])
    )
    assert found.target is None
    assert {rule.action for rule in found.rules} == {ODRL + "use", ODRL + "print"}
    assert {rule.target and rule.target.iri for rule in found.rules} == {"urn:a:1", "urn:a:2", "urn:a:3"}


def test_one_value_at_the_top_stays_there() -> None:
    found = one(
        document(
            target="urn:a:1", permission=[{"action": "use"}], prohibition=[{"action": "print", "target": "urn:a:2"}]
        )
    )
    assert (found.target, found.rules[0].target) == ("urn:a:1", None)
    assert [rule.target for rule in found.rules[1:]] == [Scope("urn:a:2"), Scope("urn:a:1")]


def test_a_parent_of_both_parents_counts_once() -> None:
    heir = document(inheritFrom=["urn:x:a", "urn:x:b"])
    found = several(
        graph(heir, other("a", inheritFrom="urn:x:top"), other("b", inheritFrom="urn:x:top"), other("top"))
    )[0]
    assert found.inherits == ("urn:x:a", "urn:x:b", "urn:x:top")
    assert len(found.rules) == 4


def test_what_has_been_counted_does_not_come_along() -> None:
    count = {"leftOperand": "count", "operator": "lteq", "rightOperand": 3, "status": 2}
    parent = other("a", permission=[{"action": "read", "constraint": [count, {"or": {"@list": [count]}}]}])
    found, alone = several(graph(document(inheritFrom="urn:x:a"), parent))
    assert '"2"' not in repr(found).replace("'", '"')
    assert isinstance(alone.rules[0].constraints[0], Atomic) and alone.rules[0].constraints[0].status == "2"


@pytest.mark.parametrize(
    ("own", "parents", "read"),
    [("perm", "perm", Strategy.PERM), ("perm", "prohibit", Strategy.INVALID), (None, "prohibit", Strategy.PROHIBIT)],
)
def test_strategies_that_differ_void_what_they_would_decide(own: str | None, parents: str, read: Strategy) -> None:
    heir = document(conflict=own, inheritFrom="urn:x:a")
    assert several(graph(heir, other("a", conflict=parents)))[0].conflict is read


def test_the_sizes_of_rules_below_others_count_too() -> None:
    targets = [f"urn:a:{n}" for n in range(300)]
    duty = {"action": ["inform", "delete", "print"], "target": targets}
    assert refused(document(permission=[{"action": "use", "duty": [duty, duty]}]))[0] == "rules.many"
    assert len(one(document(permission=[{"action": "use", "duty": [duty]}])).rules[0].duties) == 900


def test_a_remedy_or_a_consequence_has_no_consequence() -> None:
    last = {"action": "inform", "consequence": {"action": "use"}}
    obliged = document(obligation=[{"action": "delete", "consequence": last}])
    assert refused(obliged) == ("consequence.nested", "/obligation/0/consequence/consequence")
    forbidden = document(prohibition=[{"action": "use", "remedy": last}])
    assert refused(forbidden) == ("consequence.nested", "/prohibition/0/remedy/consequence")
    assert one(obliged, lenient=True).rules[-1].consequences[0].consequences
