"""Covers policies/nearest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from policies import clauses, explain
from policies.claims import ACTION, ASSIGNEE
from policies.evaluate import evaluate
from policies.model import (
    ODRL,
    Access,
    Atomic,
    Connective,
    Deed,
    Logical,
    Nearest,
    Operator,
    Policy,
    Reason,
    Rule,
    RuleKind,
)
from policies.nearest import _Asked, _with, nearest
from policies.operands import COUNT, DATE_TIME, OPERANDS, PURPOSE, SET_OPERATORS, Operand
from policies.vocabulary import DPV, READ
from tests.policies.drawn import whole
from tests.policies.samples import ME, NOW, OTHER, access, accesses, atom, permission, policies, policy, prohibition

BENEFIT = DPV + "PublicBenefit"
UNTIL = atom(DATE_TIME, Operator.LTEQ, "2027-01-14")
THREE = atom(COUNT, Operator.LTEQ, "3")
FOR = atom(PURPOSE, Operator.IS_A, BENEFIT)


def changes(one: Policy, asked: Access, *, count: int = 0) -> list[tuple[str, str]]:
    return [(change.operand, change.value) for change in nearest(one, asked, NOW, count=count)]


def test_what_is_permitted_needs_no_change() -> None:
    assert nearest(policy(permission()), access(), NOW) == ()


def test_one_bound_is_named_with_the_value_that_is_in_it() -> None:
    assert changes(policy(permission(UNTIL)), access()) == [(DATE_TIME, "2027-01-14")]
    assert changes(policy(permission(THREE)), access(), count=7) == [(COUNT, "3")]
    assert changes(policy(permission(FOR)), access()) == [(PURPOSE, BENEFIT)]


def test_everything_that_fails_is_named_and_nothing_else() -> None:
    one = policy(permission(UNTIL, THREE, FOR), assignee=OTHER)
    assert changes(one, access(purpose=DPV + "DataAltruism"), count=7) == [
        (ASSIGNEE, OTHER),
        (DATE_TIME, "2027-01-14"),
        (COUNT, "3"),
    ]


def test_the_permission_that_needs_least_is_the_nearest() -> None:
    one = policy(permission(UNTIL, FOR), permission(THREE))
    assert changes(one, access(), count=3) == [(COUNT, "3")]
    either = Logical(Connective.OR, (Logical(Connective.AND, (UNTIL, FOR)), THREE))
    assert changes(policy(permission(either)), access(), count=3) == [(COUNT, "3")]


def test_a_prohibition_is_escaped_by_one_of_its_conditions() -> None:
    commercial = atom(PURPOSE, Operator.EQ, BENEFIT)
    [change] = nearest(policy(permission(), prohibition(commercial)), access(purpose=BENEFIT), NOW)
    assert (change.operand, change.rule, change.constraint) == (PURPOSE, "prohibition/0", commercial)
    assert nearest(policy(permission(), prohibition()), access(), NOW) == ()


def test_another_action_and_an_open_duty_are_named() -> None:
    assert changes(policy(permission(action=READ)), access(action=ODRL + "distribute")) == [(ACTION, READ)]
    duty = Rule(RuleKind.DUTY, ODRL + "inform")
    assert changes(policy(replace(permission(), duties=(duty,))), access()) == [(duty.action, "")]


@settings(max_examples=50, deadline=None)
@given(policies(), accesses())
def test_the_evaluator_confirms_it_and_none_is_too_many(one: Policy, stated: tuple[Access, int, int]) -> None:
    asked, now, count = stated
    found = nearest(one, asked, now, count=count)
    start = _Asked(asked, now, count)
    refused = not evaluate(one, asked, now, count=count).permit
    if found:
        assert refused
        for left_out in (None, *found):
            kept = _with(start, [change for change in found if change is not left_out])
            permitted = evaluate(one, kept.access, kept.now, count=kept.count).permit
            assert permitted is (left_out is None)
    for change in found:
        for lang in ("de", "en"):
            assert "?" not in explain.nearest(change, lang)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(whole(), accesses())
def test_whatever_a_policy_is_like_it_answers(one: Policy, stated: tuple[Access, int, int]) -> None:
    asked, now, count = stated
    found = nearest(one, asked, now, count=count)
    if found:
        kept = _with(_Asked(asked, now, count), found)
        assert evaluate(one, kept.access, kept.now, count=kept.count).permit
    assert nearest(one, asked, None, count=None) is not None


@pytest.mark.parametrize(
    ("change", "german"),
    [
        (
            Nearest(DATE_TIME, "2027-01-14", "permission/0", UNTIL),
            "Nicht erfüllt ist (Erlaubnis 1): bis einschließlich 14.01.2027 (ganzer Tag, Europe/Berlin). "
            "Die nächste Änderung, mit der es erlaubt wäre: Zeitpunkt: 14.01.2027 (ganzer Tag, Europe/Berlin).",
        ),
        (Nearest(ASSIGNEE, ME), f"Die nächste Änderung, mit der es erlaubt wäre: Nutzer: {ME}."),
        (Nearest(ACTION, READ), "Die nächste Änderung, mit der es erlaubt wäre: Handlung: Lesen."),
        (Nearest(ODRL + "inform"), "Die nächste Änderung, mit der es erlaubt wäre: unterrichten."),
    ],
)
def test_a_refusal_names_what_fails_and_the_change(change: Nearest, german: str) -> None:
    assert explain.nearest(change, "de") == german


def refusals(operand: Operand) -> Iterator[tuple[Policy, Access, int | None, int | None, Atomic]]:
    """Each case of the registry that refuses: as a condition of a permission and of a prohibition, with a fact and
    without, with a clock and a counter and without."""
    for vector in operand.vectors:
        right = [operand.read(text) for text in vector.right]
        one = Atomic(operand.iri, vector.operator, tuple(sorted(right) if vector.operator in SET_OPERATORS else right))
        for terms in (policy(permission(one)), policy(permission(), prohibition(one))):
            for facts in ({operand.iri: (vector.fact,)}, {}):
                for now, count in ((NOW, 0), (None, None)):
                    asked = replace(access(), values=facts)
                    if not evaluate(terms, asked, now, count=count).permit:
                        yield terms, asked, now, count, one


@pytest.mark.parametrize("left", sorted(OPERANDS))
def test_every_refusal_names_its_constraint_and_a_change_that_the_evaluator_permits(left: str) -> None:
    met: set[str] = set()
    for terms, asked, now, count, one in refusals(OPERANDS[left]):
        found = nearest(terms, asked, now, count=count)
        kept = _with(_Asked(asked, now, count), found)
        assert evaluate(terms, kept.access, kept.now, count=kept.count).permit, (one, found)
        for lang in ("de", "en"):
            (told,) = {explain.nearest(change, lang) for change in found if change.constraint == one}
            assert clauses.write(one, lang) in told
            reasons = [explain.sentence(reason, lang) for reason in _reasons(terms, asked, now, count)]
            met.update(reason.code for reason in _reasons(terms, asked, now, count))
            assert all("?" not in text for text in reasons)
            assert any(text for text in reasons)
    assert met


def _reasons(terms: Policy, asked: Access, now: int | None, count: int | None) -> tuple[Reason, ...]:
    return evaluate(terms, asked, now, count=count).reasons


def test_several_values_are_asked_for_where_all_of_them_have_to_be_there() -> None:
    every = atom(PURPOSE, Operator.IS_ALL_OF, BENEFIT, DPV + "LegalCompliance")
    (change,) = nearest(policy(permission(every)), access(), NOW)
    assert (change.value, *change.more) == every.right
    assert "Gemeinwohl (PublicBenefit), Erfüllung einer Rechtspflicht (LegalCompliance)" in explain.nearest(
        change, "de"
    )


@pytest.mark.parametrize(
    ("terms", "codes", "changes_to"),
    [
        (policy(), ["no_permission"], []),
        (policy(permission(), prohibition()), ["prohibited"], []),
        (policy(permission(atom("urn:x", Operator.EQ, "1"))), ["operand.unknown"], []),
        (policy(permission(Atomic(PURPOSE, Operator.EQ, (), reference="urn:x"))), ["value.reference"], []),
        (policy(permission(), assignee=OTHER), ["assignee.other"], [OTHER]),
        (policy(permission(), target="urn:other"), ["target.other"], ["urn:other"]),
        (policy(permission(action=ODRL + "print")), ["action.outside"], [ODRL + "print"]),
        (
            policy(replace(permission(), duties=(Rule(RuleKind.DUTY, ODRL + "inform"),))),
            ["duty.open"],
            [ODRL + "inform"],
        ),
        (
            policy(permission(Logical(Connective.XONE, (UNTIL, Logical(Connective.AND, (UNTIL,)))))),
            ["time.over", "time.over"],
            [],
        ),
    ],
)
def test_other_refusals_name_their_change_or_say_honestly_that_there_is_none(
    terms: Policy, codes: list[str], changes_to: list[str]
) -> None:
    assert [reason.code for reason in _reasons(terms, access(), NOW, 0)] == codes
    assert [change.value or change.operand for change in nearest(terms, access(), NOW)] == changes_to


def test_a_deed_is_no_change_of_anything_else() -> None:
    done = _with(_Asked(access(), NOW, 0), (Nearest(ODRL + "inform"),))
    assert done.access == replace(access(), performed=(Deed(ODRL + "inform"),))
