"""Covers policies/compliance.py."""

from __future__ import annotations

from typing import Any

from policies.compliance import REPORT, graph
from policies.model import ODRL, Access, Deed, Operator, Rule, RuleKind
from policies.operands import PURPOSE
from policies.report import report
from policies.vocabulary import READ, USE
from tests.policies.samples import ME, NOW, TARGET, atom, policy, prohibition


def told(asked: Access, now: int | None = NOW) -> dict[str, Any]:
    duty = Rule(RuleKind.DUTY, ODRL + "delete", id="urn:duty")
    permission = Rule(
        RuleKind.PERMISSION, USE, (atom(PURPOSE, Operator.EQ, "urn:one"),), id="urn:permission", duties=(duty,)
    )
    terms = policy(permission, prohibition(atom(PURPOSE, Operator.EQ, "urn:two")))
    return graph(terms, report(terms, asked, now), now)


def test_a_report_as_a_graph() -> None:
    asked = Access(READ, ME, TARGET, {PURPOSE: ("urn:one",)}, performed=(Deed(duty="urn:duty"),))
    whole = told(asked)
    assert whole["@context"]["report"] == REPORT
    assert whole["report:policy"] == {"@id": "urn:uuid:0"}
    assert whole["dct:created"] == {"@value": "2027-01-15T08:00:00Z", "@type": "xsd:dateTime"}
    permission, duty, barred = whole["report:ruleReport"]
    assert permission["@type"] == "report:PermissionReport"
    assert permission["report:activationState"] == {"@id": "report:Active"}
    assert permission["report:premiseReport"][0]["report:satisfactionState"] == {"@id": "report:Satisfied"}
    assert duty["report:deonticState"] == {"@id": "report:Fulfilled"}
    assert duty["report:performanceState"] == {"@id": "report:Performed"}
    assert barred["report:activationState"] == {"@id": "report:Inactive"}


def test_what_cannot_be_decided_has_no_state() -> None:
    whole = told(Access(READ, ME, TARGET), now=None)
    assert "dct:created" not in whole
    permission, duty, _ = whole["report:ruleReport"]
    assert "report:satisfactionState" not in permission["report:premiseReport"][0]
    assert permission["report:attemptState"] == {"@id": "report:Attempted"}
    assert permission["report:activationState"] == {"@id": "report:Inactive"}
    assert duty["report:deonticState"] == {"@id": "report:NonSet"}
