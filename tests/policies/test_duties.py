"""Covers policies/duties.py: states, timing, deadlines, consequences, and what duties mean for their permission."""

from __future__ import annotations

import pytest

from policies import duties
from policies.duties import DUTY_TIMING, Timing
from policies.evaluate import evaluate
from policies.facts import Facts
from policies.model import (
    ODRL,
    Access,
    Atomic,
    Connective,
    Constraint,
    Deed,
    DutyState,
    Logical,
    Operator,
    Rule,
    RuleKind,
    Scope,
    Semantics,
)
from policies.operands import DATE_TIME, PURPOSE, SPATIAL
from policies.vocabulary import DPV, READ, USE
from tests.policies.samples import HOUR, ME, NOW, NRW, OTHER, TARGET, atom, permission, policy

DELETE, INFORM, COMPENSATE = ODRL + "delete", ODRL + "inform", ODRL + "compensate"
OURS = "urn:example:duty/1"
O = Operator  # noqa: E741
BENEFIT = DPV + "PublicBenefit"


def duty(*constraints: Constraint, action: str = DELETE, id: str = OURS, **parts: object) -> Rule:
    return Rule(RuleKind.DUTY, action, constraints, id=id, **parts)  # type: ignore[arg-type]


def said(timing: str) -> Constraint:
    return atom(DUTY_TIMING, O.EQ, timing)


def facts(*performed: Deed, violated: tuple[Deed, ...] = (), purpose: str = BENEFIT, now: int | None = NOW) -> Facts:
    access = Access(READ, ME, TARGET, {PURPOSE: (purpose,)}, performed=performed, violated=violated)
    return Facts(access, now, 0)


def test_a_duty_is_open_until_it_is_done_or_violated() -> None:
    assert duties.state(duty(), facts()) is DutyState.OPEN
    assert duties.state(duty(), facts(Deed(duty=OURS))) is DutyState.FULFILLED
    assert duties.state(duty(), facts(violated=(Deed(duty=OURS),))) is DutyState.VIOLATED
    assert duties.state(duty(), facts(Deed(duty=OURS), violated=(Deed(duty=OURS),))) is DutyState.VIOLATED
    assert duties.state(duty(), facts(Deed(duty="urn:example:duty/2"))) is DutyState.OPEN


def test_a_deed_of_which_nobody_knows_whether_it_was_in_time_fulfils_nothing() -> None:
    until = duty(said(Timing.AFTER), atom(DATE_TIME, O.LTEQ, str(NOW)))
    assert duties.state(until, facts(Deed(duty=OURS))) is DutyState.FULFILLED
    assert duties.state(until, facts(Deed(duty=OURS), now=None)) is DutyState.OPEN
    assert duties.state(until, facts(Deed(duty=OURS, at=NOW), now=None)) is DutyState.FULFILLED
    elsewhere = Atomic(DATE_TIME, O.LTEQ, (), reference="urn:example:deadline")
    assert duties.state(duty(said(Timing.AFTER), elsewhere), facts(Deed(duty=OURS))) is DutyState.OPEN
    rubbish = Atomic(DATE_TIME, O.EQ, ("soon",), datatype="urn:example:type")
    assert duties.state(duty(refinements=(rubbish,)), facts(Deed(duty=OURS))) is DutyState.OPEN


def test_a_deed_that_does_not_say_what_it_was_like_is_of_no_particular_duty() -> None:
    narrow = duty(refinements=(atom(SPATIAL, O.EQ, NRW),))
    assert duties.state(narrow, facts(Deed(DELETE))) is DutyState.OPEN
    assert duties.state(narrow, facts(Deed(duty=OURS))) is DutyState.FULFILLED


@pytest.mark.parametrize("operator", [O.EQ, O.LTEQ])
def test_a_duty_for_one_day_is_over_when_the_day_is(operator: Operator) -> None:
    today = duty(refinements=(atom(DATE_TIME, operator, "2027-01-15"),))
    assert duties.state(today, facts(now=NOW - 24 * HOUR)) is DutyState.OPEN
    assert duties.state(today, facts()) is DutyState.OPEN
    assert duties.state(today, facts(now=NOW + 24 * HOUR)) is DutyState.VIOLATED


@pytest.mark.parametrize("operator", [O.LT, O.LTEQ, O.EQ])
def test_a_deadline_belongs_to_what_may_be_done_later(operator: Operator) -> None:
    until = duty(said(Timing.AFTER), atom(DATE_TIME, operator, str(NOW)))
    assert duties.state(until, facts(now=NOW - 1)) is DutyState.OPEN
    assert duties.due(until, facts(now=NOW + 1)) is True
    assert duties.state(until, facts(now=NOW + 1)) is DutyState.VIOLATED
    first = duty(said(Timing.BEFORE), atom(DATE_TIME, operator, str(NOW)))
    assert duties.due(first, facts(now=NOW + 1)) is False
    assert duties.state(first, facts(now=NOW + 1)) is DutyState.OPEN


def test_a_deed_is_of_a_duty_by_its_action_who_did_it_and_when() -> None:
    assert duties.state(duty(), facts(Deed(DELETE))) is DutyState.FULFILLED
    assert duties.state(duty(action=USE), facts(Deed(READ))) is DutyState.FULFILLED
    assert duties.state(duty(), facts(Deed(INFORM))) is DutyState.OPEN
    theirs = duty(assignee=Scope(OTHER))
    assert duties.state(theirs, facts(Deed(DELETE, by=ME))) is DutyState.OPEN
    assert duties.state(theirs, facts(Deed(DELETE, by=OTHER))) is DutyState.FULFILLED
    assert duties.state(theirs, facts(Deed(DELETE))) is DutyState.FULFILLED
    assert duties.state(duty(), facts(Deed(DELETE, at=NOW))) is DutyState.FULFILLED
    assert duties.state(duty(), facts(Deed(DELETE, at=NOW + 1))) is DutyState.OPEN


def test_one_duty_of_two_permissions_is_done_once() -> None:
    shared = (duty(), duty())
    assert [duties.state(one, facts(Deed(duty=OURS))) for one in shared] == [DutyState.FULFILLED] * 2


def test_refinements_describe_what_is_done_unless_the_deed_names_the_duty() -> None:
    refined = duty(refinements=(atom(PURPOSE, O.EQ, BENEFIT),))
    assert duties.state(refined, facts(Deed(DELETE))) is DutyState.FULFILLED
    assert duties.state(refined, facts(Deed(DELETE), purpose="urn:other")) is DutyState.OPEN
    assert duties.state(refined, facts(Deed(duty=OURS), purpose="urn:other")) is DutyState.FULFILLED


def test_a_deadline_that_passes_violates() -> None:
    until = atom(DATE_TIME, O.LTEQ, str(NOW))
    for late in (duty(refinements=(until,)), duty(said(Timing.AFTER), until)):
        assert duties.state(late, facts()) is DutyState.OPEN
        assert duties.state(late, facts(now=NOW + 1)) is DutyState.VIOLATED
        assert duties.state(late, facts(Deed(DELETE, at=NOW - HOUR), now=NOW + 1)) is DutyState.FULFILLED
        assert duties.state(late, facts(Deed(DELETE, at=NOW + 1), now=NOW + 2)) is DutyState.VIOLATED
        assert duties.state(late, facts(now=None)) is DutyState.OPEN
    day = duty(refinements=(atom(DATE_TIME, O.EQ, "2027-01-15"),))
    assert duties.state(day, facts(now=NOW + 48 * HOUR)) is DutyState.VIOLATED


def test_a_violated_duty_is_made_good_by_itself_and_every_consequence() -> None:
    fine = duty(action=COMPENSATE, id="urn:example:fine")
    strict = duty(consequences=(fine,))
    violated = (Deed(duty=OURS),)
    paid = Deed(duty="urn:example:fine")
    assert duties.state(strict, facts(violated=violated)) is DutyState.VIOLATED
    assert duties.state(strict, facts(paid, violated=violated)) is DutyState.VIOLATED
    assert duties.state(strict, facts(Deed(duty=OURS), violated=violated)) is DutyState.VIOLATED
    assert duties.state(strict, facts(Deed(duty=OURS), paid, violated=violated)) is DutyState.FULFILLED
    stricter = duty(consequences=(fine, duty(action=INFORM, id="urn:example:letter")))
    assert duties.state(stricter, facts(Deed(duty=OURS), paid, violated=violated)) is DutyState.VIOLATED


def test_a_duty_whose_condition_does_not_hold_is_not_due() -> None:
    conditional = duty(atom(PURPOSE, O.EQ, BENEFIT))
    assert duties.due(conditional, facts()) is True
    assert duties.due(conditional, facts(purpose="urn:other")) is False
    assert duties.due(duty(atom("urn:allmende:minGroupSize", O.GTEQ, "10")), facts()) is True
    both = Logical(Connective.AND, (said(Timing.BEFORE), atom("urn:allmende:field", O.EQ, "name")))
    assert duties.conditions(duty(both)) == ()


@pytest.mark.parametrize(
    ("timing", "semantics", "permitted"),
    [
        ("", Semantics.STRICT, False),
        ("", Semantics.DEFERRED, True),
        (Timing.BEFORE, Semantics.STRICT, False),
        (Timing.BEFORE, Semantics.DEFERRED, False),
        (Timing.DURING, Semantics.STRICT, True),
        (Timing.AFTER, Semantics.STRICT, True),
        (Timing.AFTER, Semantics.DEFERRED, True),
    ],
)
def test_an_open_duty_stands_against_its_permission_where_it_comes_first(
    timing: str, semantics: Semantics, permitted: bool
) -> None:
    bound = duty(*(said(timing),) if timing else ())
    found = policy(Rule(RuleKind.PERMISSION, USE, duties=(bound,)))
    for performed, violated, expected in (
        ((), (), permitted),
        ((Deed(duty=OURS),), (), True),
        ((), (Deed(duty=OURS),), False),
    ):
        asked = Access(READ, ME, TARGET, performed=performed, violated=violated)
        decision = evaluate(found, asked, NOW, semantics=semantics)
        assert decision.permit is expected
        if not expected:
            assert [reason.code for reason in decision.reasons] == ["duty.violated" if violated else "duty.open"]
            assert decision.reasons[0].params == {"duty": OURS, "action": DELETE}


def test_a_duty_that_is_not_due_stands_against_nothing_and_one_that_may_be_does() -> None:
    found = policy(Rule(RuleKind.PERMISSION, USE, duties=(duty(atom(PURPOSE, O.EQ, BENEFIT)),)))
    assert evaluate(found, Access(READ, ME, TARGET, {PURPOSE: ("urn:other",)}), NOW).permit
    assert not evaluate(found, Access(READ, ME, TARGET), NOW).permit


def test_a_permission_without_duties_is_unmoved_by_deeds() -> None:
    asked = Access(READ, ME, TARGET, violated=(Deed(duty=OURS), Deed(DELETE)))
    assert evaluate(policy(permission()), asked, NOW).permit


def test_timing_and_parameters() -> None:
    assert duties.timing(duty()) is None
    assert duties.timing(duty(said(Timing.AFTER))) is Timing.AFTER
    assert duties.timing(duty(said(Timing.AFTER), said(Timing.BEFORE))) is None
    assert duties.timing(duty(said("urn:allmende:sometime"))) is None
    columns = atom("urn:allmende:field", O.EQ, "name")
    period = atom("urn:allmende:pseudonymPeriod", O.EQ, "P1D")
    assert duties.parameters(duty(columns, refinements=(period,))) == (period, columns)


@pytest.mark.parametrize(
    ("operator", "timing", "permitted"),
    [
        (O.LT, Timing.BEFORE, {Semantics.STRICT: False, Semantics.DEFERRED: False}),
        (O.LTEQ, Timing.BEFORE, {Semantics.STRICT: False, Semantics.DEFERRED: False}),
        (O.EQ, Timing.DURING, {Semantics.STRICT: True, Semantics.DEFERRED: True}),
        (O.GT, Timing.AFTER, {Semantics.STRICT: True, Semantics.DEFERRED: True}),
        (O.GTEQ, Timing.AFTER, {Semantics.STRICT: True, Semantics.DEFERRED: True}),
        (O.NEQ, None, {Semantics.STRICT: False, Semantics.DEFERRED: True}),
    ],
)
def test_before_or_after_the_use_is_a_time_and_no_condition(
    operator: Operator, timing: Timing | None, permitted: dict[Semantics, bool]
) -> None:
    """`event lt policyUsage`: who has to pay first may not use unpaid, whatever is known of events."""
    paid = duty(atom(duties.EVENT, operator, duties.POLICY_USAGE))
    assert duties.timing(paid) is timing
    assert (duties.conditions(paid) == ()) is (timing is not None)
    found = policy(Rule(RuleKind.PERMISSION, USE, duties=(paid,)))
    asked = Access(READ, ME, TARGET)
    assert {how: evaluate(found, asked, NOW, semantics=how).permit for how in Semantics} == permitted
    assert duties.timing(duty(atom(duties.EVENT, operator, "urn:example:flood"))) is None
