"""Covers policies/prove.py and policies/questions.py."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from policies import explain
from policies.evaluate import evaluate
from policies.model import ODRL, Atomic, Operator, Policy, PolicyError, Rule, RuleKind, Scope, Semantics, Strategy
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.places import GEOCODING
from policies.prove import Answer, Query, always_denies, document, passed_on, prove, query, vacuous
from policies.vocabulary import DPV, LOC, OWN, USE
from tests.policies.samples import OTHER, TARGET, atom, permission, policy, prohibition

O = Operator  # noqa: E741
CLASS = OWN + "dataClass"
PERSONAL, SPECIAL = atom(CLASS, O.IS_A, CLASS + ":personal"), atom(CLASS, O.IS_A, CLASS + ":special")
COMMERCIAL = atom(PURPOSE, O.IS_A, DPV + "CommercialPurpose")
QUESTION = "no contract gives personal data for a commercial purpose"
FRAGE = "Kein Vertrag gibt personenbezogene Daten für einen kommerziellen Zweck."


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (QUESTION, Query((PERSONAL, COMMERCIAL))),
        (FRAGE, Query((PERSONAL, COMMERCIAL))),
        ("kein Vertrag gibt personenbezogene Daten zu kommerziellen Zwecken heraus", Query((PERSONAL, COMMERCIAL))),
        ("kein Vertrag erlaubt die Weitergabe von sensiblen Daten", Query((SPECIAL,), ODRL + "distribute")),
        ("no offer permits distribution of special data", Query((SPECIAL,), ODRL + "distribute")),
        ("no contract gives anything to did:web:x.example", Query((), None, "did:web:x.example")),
        ("keine Vereinbarung gibt Daten an did:web:x.example", Query((), None, "did:web:x.example")),
        ("no policy allows anything in France", Query((atom(SPATIAL, O.IS_PART_OF, LOC + "FR"),))),
        ("kein Angebot erlaubt etwas in Bayern", Query((atom(SPATIAL, O.IS_PART_OF, GEOCODING + "stateKey/09"),))),
        ("kein Vertrag erlaubt etwas nach 2027-12-31", Query((atom(DATE_TIME, O.GT, "2027-12-31"),))),
        (
            "no contract permits use where count > 10 and dataClass isA personal",
            Query((atom(COUNT, O.GT, "10"), PERSONAL), USE),
        ),
    ],
)
def test_questions_are_read(text: str, asked: Query) -> None:
    assert query(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "is it so?",
        "no contract gives blub",
        "no contract gives personal data in blub",
        "",
        "no contract gives data where purpose isA",
        "kein Vertrag gibt Daten an Müller",
        "no contract permits read sell",
    ],
)
def test_a_question_that_is_not_understood_is_refused_with_what_can_be_asked(text: str) -> None:
    with pytest.raises(PolicyError) as refused:
        query(text)
    assert refused.value.reason.code == "query.unknown"
    assert "no contract gives" in explain.sentence(refused.value.reason, "en")
    assert "kein Vertrag gibt" in explain.sentence(refused.value.reason, "de")


def test_it_holds_it_fails_with_a_request_or_it_is_unknown() -> None:
    fine = policy(permission(atom(PURPOSE, O.IS_A, DPV + "PublicBenefit")), prohibition(COMMERCIAL))
    careless = policy(permission(), target=TARGET)
    unclear = policy(permission(Atomic(PURPOSE, O.EQ, (), reference="https://elsewhere.example/value")))
    assert prove(QUESTION, {"fine": fine}).answer is Answer.HOLDS
    failed = prove(FRAGE, {"unclear": unclear, "fine": fine, "careless": careless})
    assert (failed.answer, failed.policy) == (Answer.FAILS, "careless")
    assert failed.request is not None
    assert evaluate(careless, failed.request.access, failed.request.now, count=failed.request.count).permit
    assert failed.request.access.values[CLASS] == (CLASS + ":personal",)
    unknown = prove(QUESTION, {"unclear": unclear, "fine": fine})
    assert (unknown.answer, unknown.policy, unknown.request) == (Answer.UNKNOWN, "unclear", None)
    assert document(unknown)["reasons"]


def test_what_is_certain_about_the_data_counts() -> None:
    careless = policy(permission())
    assert prove(QUESTION, {"open": careless}, known={"open": {CLASS: (CLASS + ":open",)}}).answer is Answer.HOLDS
    assert prove(QUESTION, {"open": careless}, known={"open": {CLASS: (CLASS + ":special",)}}).answer is Answer.FAILS


def test_a_second_opinion_may_dispute_and_settle() -> None:
    fine = {"fine": policy(permission(atom(PURPOSE, O.EQ, DPV + "DataAltruism")), prohibition(COMMERCIAL))}
    unclear = {"unclear": policy(permission(Atomic(PURPOSE, O.EQ, (), reference="https://elsewhere.example/value")))}
    assert prove(QUESTION, fine, opinion=lambda both, how: True).reasons[0].code == "prove.disputed"
    assert prove(QUESTION, fine, opinion=lambda both, how: None).answer is Answer.HOLDS
    assert prove(QUESTION, unclear, opinion=lambda both, how: False).answer is Answer.HOLDS


def test_always_denied_and_vacuous() -> None:
    never = permission(atom(COUNT, O.LT, "2"), atom(COUNT, O.GT, "3"))
    assert always_denies(policy(never)).answer is Answer.HOLDS
    assert always_denies(policy(permission())).request is not None
    wide, narrow = permission(), permission(atom(PURPOSE, O.EQ, DPV + "DataAltruism"))
    assert [place for place, _ in vacuous(policy(wide, narrow, prohibition(COMMERCIAL)))] == [1]
    assert [place for place, _ in vacuous(policy(narrow, prohibition(atom(PURPOSE, O.EQ, "urn:x"))))] == [1]
    assert vacuous(replace(policy(wide, prohibition()), conflict=Strategy.INVALID)) == []


def _inbound(*terms: Atomic, target: Scope | None = None) -> Policy:
    duty = Rule(RuleKind.DUTY, ODRL + "nextPolicy", terms, target=target)
    return policy(Rule(RuleKind.PERMISSION, USE, duties=(duty,)), assignee=OTHER, target=TARGET)


def test_what_is_passed_on_lies_within_the_next_policy() -> None:
    benefit = atom(PURPOSE, O.IS_A, DPV + "PublicBenefit")
    altruism, all_ = policy(permission(atom(PURPOSE, O.EQ, DPV + "DataAltruism"))), policy(permission())
    assert passed_on(_inbound(benefit), altruism, {}).answer is Answer.HOLDS
    failed = passed_on(_inbound(benefit), all_, {})
    assert failed.answer is Answer.FAILS
    assert failed.request is not None
    named = _inbound(target=Scope("urn:next"))
    assert passed_on(named, altruism, {}).answer is Answer.UNKNOWN
    assert passed_on(named, altruism, {"urn:next": policy(permission(benefit))}).answer is Answer.HOLDS
    assert passed_on(named, all_, {"urn:next": policy(permission(benefit))}).answer is Answer.FAILS
    assert passed_on(policy(permission()), all_, {}).answer is Answer.HOLDS


def test_semantics_is_the_askers() -> None:
    owed = Rule(RuleKind.PERMISSION, USE, duties=(Rule(RuleKind.DUTY, ODRL + "inform"),))
    for how in Semantics:
        assert prove(QUESTION, {"owed": policy(owed)}, semantics=how).answer is Answer.FAILS
