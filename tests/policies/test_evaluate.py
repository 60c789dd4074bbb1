"""Covers policies/evaluate.py."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from policies.evaluate import evaluate
from policies.facts import REQUEST_RATE
from policies.model import ODRL, Access, Atomic, Connective, Constraint, Logical, Operator, Policy, Reason
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.operands.timing import ELAPSED_TIME
from policies.vocabulary import DPV, READ
from tests.policies.samples import (
    HAMBURG,
    HOUR,
    ME,
    MUENSTER,
    NOW,
    NRW,
    OTHER,
    TARGET,
    access,
    accesses,
    atom,
    permission,
    policies,
    policy,
    prohibition,
)

O = Operator  # noqa: E741
STRANGE = "urn:example:weather"
BENEFIT, ALTRUISM, COMMERCE = DPV + "PublicBenefit", DPV + "DataAltruism", DPV + "CommercialPurpose"


def codes(found: Policy, asked: Access | None = None, now: int = NOW, count: int = 0) -> list[str]:
    """The codes of a refusal; empty where the access is permitted."""
    decision = evaluate(found, asked or access(), now, count=count)
    assert decision.permit is not bool(decision.reasons)
    return [reason.code for reason in decision.reasons]


def test_without_a_permission_nothing_is_permitted() -> None:
    assert codes(policy(prohibition(atom(COUNT, O.GT, "3")))) == ["no_permission"]


def test_the_permission_that_decides_is_named() -> None:
    found = policy(permission(atom(COUNT, O.LT, "1")), permission(atom(COUNT, O.LTEQ, "3")))
    assert evaluate(found, access(), NOW).rule == "permission/1"


def test_assignee_and_target_must_be_those_of_the_policy() -> None:
    assert codes(policy(permission(), assignee=OTHER)) == ["assignee.other"]
    assert codes(policy(permission(), target="urn:other")) == ["target.other"]
    assert codes(policy(permission(), assignee=ME, target=TARGET)) == []


@pytest.mark.parametrize(("count", "permitted"), [(0, True), (2, True), (3, False), (4, False)])
def test_count_judges_the_use_that_is_asked_for(count: int, permitted: bool) -> None:
    found = policy(permission(atom(COUNT, O.LTEQ, "3")))
    decision = evaluate(found, access(), NOW, count=count)
    assert decision.permit is permitted
    if not permitted:
        assert decision.reasons == (Reason("count.exhausted", {"limit": "3", "used": str(count)}),)


def test_less_than_three_means_two_uses() -> None:
    found = policy(permission(atom(COUNT, O.LT, "3")))
    assert codes(found, count=1) == []
    assert evaluate(found, access(), NOW, count=2).reasons[0].params == {"limit": "2", "used": "2"}
    assert codes(policy(permission(atom(COUNT, O.GT, "1")))) == ["count.early"]


def test_the_time_is_an_argument_and_cannot_be_stated_by_the_caller() -> None:
    found = policy(permission(atom(DATE_TIME, O.GTEQ, str(NOW)), atom(DATE_TIME, O.LT, str(NOW + HOUR))))
    assert codes(found, now=NOW - 1) == ["time.before"]
    assert codes(found, now=NOW) == []
    assert codes(found, now=NOW + HOUR) == ["time.over"]
    lying = Access(ODRL + "use", ME, TARGET, {DATE_TIME: ("2027-01-15T08:00:00Z",), COUNT: ("1",)})
    assert codes(found, lying, now=NOW + HOUR) == ["time.over"]
    assert codes(policy(permission(atom(COUNT, O.LT, "2"))), lying, count=5) == ["count.exhausted"]


def test_until_a_day_includes_the_day_in_berlin() -> None:
    found = policy(permission(atom(DATE_TIME, O.LTEQ, "2027-01-15")))
    last = NOW + 15 * HOUR - 1
    assert codes(found, now=last) == []
    assert codes(found, now=last + 1) == ["time.over"]
    assert codes(policy(permission(atom(DATE_TIME, O.NEQ, "2027-01-15")))) == ["time.outside"]


def test_purpose_by_identity_and_by_belonging() -> None:
    exact, wide = (policy(permission(atom(PURPOSE, operator, BENEFIT))) for operator in (O.EQ, O.IS_A))
    assert codes(exact, access(purpose=BENEFIT)) == []
    assert codes(exact, access(purpose=ALTRUISM)) == ["purpose.outside"]
    assert codes(wide, access(purpose=ALTRUISM)) == []
    assert codes(wide, access(purpose="dpv:DataAltruism")) == []
    assert codes(wide, access(purpose=COMMERCE)) == ["purpose.outside"]
    assert codes(wide, access(purpose=DPV + "Purpose")) == ["purpose.unclear"]
    assert codes(policy(permission(atom(PURPOSE, O.NEQ, BENEFIT))), access(purpose=BENEFIT)) == ["purpose.excluded"]


def test_an_unknown_fact_that_matters_refuses_and_is_named() -> None:
    decision = evaluate(policy(permission(atom(PURPOSE, O.IS_A, BENEFIT))), access(), NOW)
    assert decision.reasons == (Reason("purpose.unknown", {"allowed": BENEFIT}),)
    assert decision.unknown == (PURPOSE,)
    assert codes(policy(permission(atom(PURPOSE, O.NEQ, BENEFIT)))) == ["purpose.unknown"]
    assert codes(policy(permission(atom(PURPOSE, O.EQ, BENEFIT))), access(purpose="no iri")) == ["purpose.unknown"]


def test_an_unknown_fact_that_does_not_matter_permits() -> None:
    either = Logical(Connective.OR, (atom(PURPOSE, O.EQ, BENEFIT), atom(COUNT, O.LTEQ, "3")))
    assert codes(policy(permission(either))) == []


def test_an_access_for_several_purposes_satisfies_only_what_holds_for_all() -> None:
    both = access(purpose=(BENEFIT, COMMERCE))
    assert codes(policy(permission(atom(PURPOSE, O.IS_A, BENEFIT))), both) == ["purpose.unclear"]
    assert codes(policy(permission(), prohibition(atom(PURPOSE, O.EQ, COMMERCE))), both)[0] == "prohibited.unclear"
    assert codes(policy(permission(atom(PURPOSE, O.IS_A, BENEFIT))), access(purpose=(BENEFIT, ALTRUISM))) == []


def test_place() -> None:
    found = policy(permission(atom(SPATIAL, O.IS_PART_OF, NRW)))
    assert codes(found, access(spatial=MUENSTER)) == []
    assert codes(found, access(spatial=HAMBURG)) == ["spatial.outside"]
    assert codes(found) == ["spatial.unknown"]
    assert codes(policy(permission(atom(SPATIAL, O.IS_PART_OF, MUENSTER))), access(spatial=NRW)) == ["spatial.unclear"]
    assert codes(policy(permission(atom(SPATIAL, O.IS_NONE_OF, NRW))), access(spatial=NRW)) == ["spatial.excluded"]


def test_the_time_since_the_agreement_follows_from_the_clock_unless_it_is_stated() -> None:
    month = policy(permission(atom(ELAPSED_TIME, O.LTEQ, "P30D")))
    agreed = msgspec.structs.replace(month, timestamp=NOW)
    assert codes(agreed, now=NOW + 30 * 24 * HOUR) == []
    assert len(codes(agreed, now=NOW + 30 * 24 * HOUR + 1)) == 1
    assert len(codes(month)) == 1  # nobody knows when it was concluded
    assert not evaluate(agreed, access(), None).permit
    stated = msgspec.structs.replace(access(), values={ELAPSED_TIME: ("P31D",)})
    assert len(codes(agreed, stated)) == 1


def test_a_rate_is_judged_by_its_own_window() -> None:
    found = policy(permission(atom(REQUEST_RATE, O.LTEQ, "9/PT1H"), atom(REQUEST_RATE, O.LTEQ, "50/P1D")))
    for measured, permitted in (
        (("9/PT1H", "50/P1D"), True),
        (("10/PT1H", "50/P1D"), False),
        (("9/PT1H", "51/P1D"), False),
        (("9/PT1H",), False),
        (("1/PT1M", "50/P1D"), False),
    ):
        asked = msgspec.structs.replace(access(), values={REQUEST_RATE: measured})
        assert evaluate(found, asked, NOW).permit is permitted, measured


# --- faults of other engines, each of which must not be one of ours ---------------------------------------------------


def test_a_constraint_whose_operand_is_not_known_is_never_dropped() -> None:
    strange = atom(STRANGE, O.EQ, "rain")
    assert codes(policy(permission(strange))) == ["operand.unknown"]
    assert codes(policy(permission(), prohibition(strange))) == ["prohibited.unclear", "operand.unknown"]
    stated = Access(ODRL + "use", ME, TARGET, {STRANGE: ("rain",)})
    assert codes(policy(permission(strange)), stated) == ["operand.unknown"]
    assert codes(policy(permission(atom(COUNT, O.IS_A, "3")))) == ["operator.unfit"]


def test_a_prohibition_without_constraints_prohibits() -> None:
    decision = evaluate(policy(permission(), prohibition()), access(), NOW)
    assert (decision.permit, decision.rule, decision.reasons[0].code) == (False, "prohibition/0", "prohibited")


def test_a_prohibition_applies_only_when_all_its_constraints_hold() -> None:
    found = policy(permission(), prohibition(atom(PURPOSE, O.EQ, COMMERCE), atom(SPATIAL, O.IS_PART_OF, NRW)))
    assert codes(found, access(purpose=COMMERCE, spatial=MUENSTER)) == ["prohibited"]
    assert codes(found, access(purpose=COMMERCE, spatial=HAMBURG)) == []
    assert codes(found, access(purpose=BENEFIT, spatial=MUENSTER)) == []


def test_a_prohibition_that_cannot_be_ruled_out_refuses() -> None:
    found = policy(permission(), prohibition(atom(PURPOSE, O.EQ, COMMERCE), atom(SPATIAL, O.IS_PART_OF, NRW)))
    assert codes(found, access(purpose=COMMERCE)) == ["prohibited.unclear", "spatial.unknown"]
    assert codes(found, access(spatial=HAMBURG)) == []


def test_a_prohibition_is_no_permission() -> None:
    assert codes(policy(prohibition(atom(PURPOSE, O.EQ, COMMERCE))), access(purpose=BENEFIT)) == ["no_permission"]


def test_the_assignee_and_the_hierarchy_of_actions_are_judged() -> None:
    assert codes(policy(permission()), access(action=READ)) == []
    assert codes(policy(permission(action=READ))) == ["action.outside"]
    assert codes(policy(permission(), prohibition(action=READ))) == ["prohibited.unclear"]
    assert codes(policy(permission()), access(action=ODRL + "frobnicate")) == ["action.outside"]


def test_text_of_a_policy_is_data_only() -> None:
    payload = "urn:'+__import__('os').name+'"
    assert codes(policy(permission(atom(PURPOSE, O.EQ, payload))), access(purpose=BENEFIT)) == ["purpose.outside"]


# --- connectives ------------------------------------------------------------------------------------------------------

TRUE, FALSE = atom(COUNT, O.LTEQ, "3"), atom(COUNT, O.GT, "3")
UNKNOWN = atom(PURPOSE, O.EQ, BENEFIT)


@pytest.mark.parametrize(
    ("connective", "members", "permitted"),
    [
        (Connective.AND, (TRUE, TRUE), True),
        (Connective.AND, (TRUE, UNKNOWN), False),
        (Connective.OR, (FALSE, TRUE), True),
        (Connective.OR, (UNKNOWN, TRUE), True),
        (Connective.OR, (UNKNOWN, FALSE), False),
        (Connective.XONE, (TRUE, FALSE), True),
        (Connective.XONE, (TRUE, TRUE), False),
        (Connective.XONE, (TRUE, UNKNOWN), False),
        (Connective.XONE, (FALSE, FALSE), False),
        (Connective.XONE, (FALSE, UNKNOWN), False),
    ],
)
def test_connectives_permit(connective: Connective, members: tuple[Atomic, ...], permitted: bool) -> None:
    assert evaluate(policy(permission(Logical(connective, members))), access(), NOW).permit is permitted


@pytest.mark.parametrize(
    ("connective", "members", "ruled_out"),
    [
        (Connective.AND, (FALSE, UNKNOWN), True),
        (Connective.AND, (TRUE, UNKNOWN), False),
        (Connective.OR, (FALSE, FALSE), True),
        (Connective.OR, (FALSE, UNKNOWN), False),
        (Connective.XONE, (TRUE, TRUE, UNKNOWN), True),
        (Connective.XONE, (FALSE, FALSE), True),
        (Connective.XONE, (TRUE, UNKNOWN), False),
    ],
)
def test_connectives_prohibit(connective: Connective, members: tuple[Constraint, ...], ruled_out: bool) -> None:
    found = policy(permission(), prohibition(Logical(connective, members)))
    assert evaluate(found, access(), NOW).permit is ruled_out


def test_two_of_exactly_one_are_said_to_be_too_many() -> None:
    assert codes(policy(permission(Logical(Connective.XONE, (TRUE, TRUE))))) == ["choice.several"]


def test_the_nearest_permission_gives_the_reasons() -> None:
    far = permission(atom(COUNT, O.LT, "1"), atom(DATE_TIME, O.LT, str(NOW)), UNKNOWN)
    near = permission(atom(DATE_TIME, O.GT, str(NOW)))
    assert codes(policy(far, near)) == ["time.before"]


@settings(max_examples=60, deadline=None)
@given(policies(), accesses())
def test_every_refusal_has_a_reason_and_every_permit_none(found: Policy, asked: tuple[Access, int, int]) -> None:
    stated, now, count = asked
    decision = evaluate(found, stated, now, count=count)
    assert decision.permit is not bool(decision.reasons)
    assert not decision.permit or (decision.rule or "").startswith("permission/")
