"""What has to be known before an access under a policy can be judged."""

from __future__ import annotations

from policies.model import Atomic, Operator, Policy, PolicyKind, Rule, RuleKind
from policies.needs import asked, counts, stated, windows
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL, Origin
from policies.vocabulary import OWN, USE
from tests.policies.samples import atom, permission, policy, prohibition

RATE = OWN + "requestRate"
A, B = "https://w3id.org/dpv#PublicBenefit", "https://w3id.org/dpv#DataAltruism"


def test_operands_by_where_their_facts_come_from() -> None:
    found = asked(policy(permission(atom(COUNT, Operator.LTEQ, "3"), atom(DATE_TIME, Operator.LT, "1")),
                         prohibition(atom(PURPOSE, Operator.EQ, A))))  # fmt: skip
    assert found[Origin.COUNTER] == {COUNT}
    assert found[Origin.CLOCK] == {DATE_TIME}
    assert found[Origin.REQUEST] == {PURPOSE}


def test_what_nobody_knows_is_asked_of_credentials() -> None:
    assert asked(policy(permission(atom("urn:x:moon", Operator.EQ, "full"))))[Origin.CREDENTIAL] == {"urn:x:moon"}


def test_conditions_of_duties_are_asked_for_and_their_parameters_are_not() -> None:
    limits = (Atomic(OWN + "field", Operator.EQ, ("name",)), Atomic(SPATIAL, Operator.EQ, ("x",)))
    duty = Rule(RuleKind.DUTY, OWN + "suppress", limits)
    rule = Rule(RuleKind.PERMISSION, USE, duties=(duty,))
    found = asked(Policy("urn:x:p", PolicyKind.AGREEMENT, (rule,)))
    assert found == {Origin.REQUEST: {SPATIAL}}


def test_uses_are_counted_where_some_rule_counts_them() -> None:
    assert counts(policy(permission(), permission(atom(COUNT, Operator.LTEQ, "3"))))
    assert not counts(policy(permission(atom(PURPOSE, Operator.EQ, A))))


def test_what_is_stated_by_using_it() -> None:
    one = permission(atom(PURPOSE, Operator.EQ, A))
    assert stated(policy(one)) == {PURPOSE: (A,)}
    assert stated(policy(one, one)) == {PURPOSE: (A,)}
    assert stated(policy(one, permission(atom(PURPOSE, Operator.EQ, B)))) == {}
    assert stated(policy(permission(atom(PURPOSE, Operator.IS_A, A)))) == {}
    assert stated(policy(prohibition(atom(PURPOSE, Operator.EQ, A)))) == {}


def test_windows_of_rates() -> None:
    rates = [permission(atom(RATE, Operator.LTEQ, rate)) for rate in ("10/PT1H", "3/PT1M", "20/PT1H")]
    assert windows(policy(*rates)) == ("PT1H", "PT1M")
    assert windows(policy(permission())) == ()
