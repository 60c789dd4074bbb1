"""A report as a graph, in the vocabulary that evaluators of ODRL share.

What lives here: that vocabulary, and nothing of it anywhere else; it is a draft and may move. What does not: the report
(`report`). Source: https://w3id.org/force/compliance-report (PolicyReport and its parts); W3C ODRL formal semantics
(draft), evaluation report.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from policies import instants
from policies.model import DutyState, Policy, RuleKind
from policies.report import ConstraintReport, Report, RuleReport
from policies.vocabulary import XSD

REPORT: Final = "https://w3id.org/force/compliance-report#"
_CONTEXT: Final = {"report": REPORT, "dct": "http://purl.org/dc/terms/", "xsd": XSD}
_KINDS: Final = {
    RuleKind.PERMISSION: "report:PermissionReport",
    RuleKind.PROHIBITION: "report:ProhibitionReport",
    RuleKind.OBLIGATION: "report:DutyReport",
    RuleKind.DUTY: "report:DutyReport",
}
_DEONTIC: Final = {DutyState.FULFILLED: "Fulfilled", DutyState.OPEN: "NonSet", DutyState.VIOLATED: "Violated"}
_PERFORMED: Final = {DutyState.FULFILLED: "Performed", DutyState.OPEN: "Unknown", DutyState.VIOLATED: "Unperformed"}


def graph(policy: Policy, found: Report, now: int | None) -> dict[str, Any]:
    """The report on one access as JSON-LD. A constraint that cannot be decided has no satisfaction state.

    In this vocabulary a rule is active only where the request fits it as well.
    """
    reports = [_rule(rule, number) for number, rule in enumerate(found.rules)]
    whole: dict[str, Any] = {
        "@context": _CONTEXT,
        "@id": "_:report",
        "@type": "report:PolicyReport",
        "report:policy": {"@id": policy.id},
        "report:ruleReport": reports,
    }
    if now is not None:
        whole["dct:created"] = {"@value": instants.stamp(now), "@type": "xsd:dateTime"}
    return whole


def _rule(rule: RuleReport, number: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "@id": f"_:rule{number}",
        "@type": _KINDS[rule.kind],
        "report:rule": {"@id": rule.id},
        "report:attemptState": _state("Attempted" if rule.matches else "NotAttempted"),
        "report:activationState": _state("Active" if rule.matches and rule.active else "Inactive"),
    }
    if rule.state is not None:
        told["report:activationState"] = _state("Active" if rule.active else "Inactive")
        told["report:deonticState"] = _state(_DEONTIC[rule.state])
        told["report:performanceState"] = _state(_PERFORMED[rule.state])
    if rule.constraints:
        told["report:premiseReport"] = _constraints(rule.constraints)
    return told


def _constraints(constraints: Iterable[ConstraintReport]) -> list[dict[str, Any]]:
    told = []
    for constraint in constraints:
        one: dict[str, Any] = {"@type": "report:ConstraintReport", "report:constraint": {"@id": constraint.id}}
        if constraint.satisfied is not None:
            one["report:satisfactionState"] = _state("Satisfied" if constraint.satisfied else "Unsatisfied")
        told.append(one)
    return told


def _state(name: str) -> dict[str, str]:
    return {"@id": f"report:{name}"}
