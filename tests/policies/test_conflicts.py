"""Conflicts: permission and duty against prohibition, rules that never apply, terms of two parties."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from policies.conflicts import Conflicts, Verdict, conflicts
from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
    Scope,
    Strategy,
)
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.places import GEOCODING
from policies.vocabulary import DPV, READ, TRANSFER, USE

CONFLICT, COMPATIBLE, UNKNOWN = Verdict.CONFLICT, Verdict.COMPATIBLE, Verdict.UNKNOWN
LANGUAGE = ODRL + "language"
PRINT, DISTRIBUTE, DELETE = ODRL + "print", ODRL + "distribute", ODRL + "delete"
XSD = "http://www.w3.org/2001/XMLSchema#"
DATA, OTHER = "https://stadt.example/daten/verkehr", "https://stadt.example/daten/laerm"
ANNA, BERT = "did:web:anna.example", "did:web:bert.example"
DISTRICT, TOWN, ELSEWHERE = (
    GEOCODING + key for key in ("districtKey/05515", "regionalKey/055150000000", "stateKey/02")
)


def atom(left: str, operator: str, *right: str, datatype: str = "", unit: str = "") -> Atomic:
    return Atomic(left, Operator(operator), right, datatype=datatype, unit=unit)


def may(*constraints: Constraint, action: str = USE, **more: object) -> Rule:
    return Rule(RuleKind.PERMISSION, action, constraints, id="may", **more)  # type: ignore[arg-type]


def must_not(*constraints: Constraint, action: str = USE, **more: object) -> Rule:
    return Rule(RuleKind.PROHIBITION, action, constraints, id="not", **more)  # type: ignore[arg-type]


def policy(*rules: Rule, kind: PolicyKind = PolicyKind.SET, name: str = "a", **more: object) -> Policy:
    told = {"conflict": Strategy.INVALID, **more}
    return Policy(f"urn:example:{name}", kind, rules, **told)  # type: ignore[arg-type]


def verdict(*policies: Policy) -> Verdict:
    return conflicts(policies).verdict


def terms(a: tuple[Constraint, ...], b: tuple[Constraint, ...]) -> Verdict:
    """Two Sets, each a permission to use under these constraints."""
    both = [verdict(policy(may(*one)), policy(may(*two), name="b")) for one, two in ((a, b), (b, a))]
    assert both[0] is both[1]
    return both[0]


def codes(found: Conflicts) -> list[str]:
    return [pair.reason.code for pair in found.pairs]


# --- permission against prohibition -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permitted", "prohibited", "expected"),
    [
        (READ, READ, CONFLICT),
        (READ, USE, CONFLICT),
        (USE, PRINT, CONFLICT),
        (ODRL + "write", ODRL + "modify", CONFLICT),
        (READ, PRINT, COMPATIBLE),
        (USE, TRANSFER, COMPATIBLE),
        ("urn:example:lease", "urn:example:lend", UNKNOWN),
        ("urn:example:lease", "urn:example:lease", CONFLICT),
    ],
)
def test_a_permission_and_a_prohibition_meet_by_the_hierarchy_of_actions(
    permitted: str, prohibited: str, expected: Verdict
) -> None:
    both = policy(may(action=permitted), must_not(action=prohibited))
    assert verdict(both) is expected
    apart = (policy(may(action=permitted)), policy(must_not(action=prohibited), name="b"))
    assert verdict(*apart) is expected


def test_the_pair_says_who_where_and_why() -> None:
    pair = conflicts((policy(may(action=READ)), policy(must_not(), name="b"))).pairs[0]
    assert (pair.a.policy, pair.a.rule) == ("urn:example:a", "may")
    assert (pair.b.policy, pair.b.rule) == ("urn:example:b", "not")
    assert pair.reason.params["action"] == READ
    assert pair.reason.params["prohibited"] == USE


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ({"target": Scope(DATA)}, {"target": Scope(OTHER)}, COMPATIBLE),
        ({"target": Scope(DATA)}, {"target": Scope(DATA)}, CONFLICT),
        ({"target": Scope(DATA)}, {}, CONFLICT),
        ({"assignee": Scope(ANNA)}, {"assignee": Scope(BERT)}, COMPATIBLE),
        ({"assignee": Scope(ANNA)}, {}, CONFLICT),
        ({"target": Scope(DATA)}, {"target": Scope(OTHER, True)}, UNKNOWN),
        ({"assignee": Scope(ANNA, True, (atom(COUNT, "lt", "3"),))}, {"assignee": Scope(ANNA, True)}, UNKNOWN),
    ],
)
def test_parties_and_assets_have_to_be_the_same(
    one: dict[str, Scope], two: dict[str, Scope], expected: Verdict
) -> None:
    assert verdict(policy(may(**one), must_not(**two))) is expected


def test_what_belongs_to_both_collections_is_permitted_and_prohibited() -> None:
    pair = (policy(may(target=Scope("urn:c1", True))), policy(must_not(target=Scope("urn:c2", True)), name="b"))
    assert verdict(*pair) is UNKNOWN
    assert conflicts(pair, {"urn:d": ("urn:c1", "urn:c2")}).verdict is CONFLICT
    inner = (policy(may(target=Scope("urn:d"))), pair[1])
    assert conflicts(inner, {"urn:d": ("urn:c3",), "urn:c3": ("urn:c2",)}).verdict is CONFLICT


@pytest.mark.parametrize(
    ("permitted", "prohibited", "expected"),
    [
        (atom(COUNT, "lteq", "3"), atom(COUNT, "gt", "3"), COMPATIBLE),
        (atom(COUNT, "lteq", "3"), atom(COUNT, "gteq", "3"), CONFLICT),
        (atom(DATE_TIME, "lt", "2027-01-01"), atom(DATE_TIME, "gteq", "2027-01-01"), COMPATIBLE),
        (atom(SPATIAL, "isPartOf", DISTRICT), atom(SPATIAL, "eq", TOWN), CONFLICT),
        (atom(SPATIAL, "isPartOf", DISTRICT), atom(SPATIAL, "isPartOf", ELSEWHERE), COMPATIBLE),
        (atom(PURPOSE, "isA", DPV + "Marketing"), atom(PURPOSE, "isA", DPV + "ScientificResearch"), UNKNOWN),
        (atom(COUNT, "lteq", "3"), atom(DATE_TIME, "lt", "2027-01-01"), CONFLICT),
    ],
)
def test_they_conflict_where_both_can_apply(permitted: Atomic, prohibited: Atomic, expected: Verdict) -> None:
    assert verdict(policy(may(permitted), must_not(prohibited))) is expected


def test_a_strategy_settles_what_meets_within_a_policy_but_not_between_two() -> None:
    for how in (Strategy.PERM, Strategy.PROHIBIT):
        assert verdict(policy(may(), must_not(action=PRINT), conflict=how)) is COMPATIBLE
        assert verdict(policy(may(), conflict=how), policy(must_not(action=PRINT), name="b", conflict=how)) is CONFLICT
    assert verdict(policy(may(), must_not(action=PRINT))) is CONFLICT


# --- duties -----------------------------------------------------------------------------------------------------------


def duty(action: str, **more: object) -> Rule:
    return Rule(RuleKind.DUTY, action, id="must", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", [DELETE, USE])
def test_a_duty_that_is_prohibited_is_a_conflict_under_any_strategy(action: str) -> None:
    owed = policy(may(action=TRANSFER, duties=(duty(DELETE),)), must_not(action=action), conflict=Strategy.PROHIBIT)
    assert codes(conflicts((owed,))) == ["conflict.duty"]


def test_a_duty_takes_its_party_and_asset_from_the_rule_around_it() -> None:
    owed = may(action=TRANSFER, target=Scope(DATA), duties=(duty(DELETE),))
    assert verdict(policy(owed, must_not(action=DELETE, target=Scope(OTHER)))) is COMPATIBLE
    own = may(action=TRANSFER, target=Scope(DATA), duties=(duty(DELETE, target=Scope(OTHER)),))
    assert verdict(policy(own, must_not(action=DELETE, target=Scope(OTHER)))) is CONFLICT


def test_remedies_consequences_and_obligations_are_owed_as_well() -> None:
    remedied = must_not(action=TRANSFER, remedies=(duty(DELETE),))
    after = Rule(RuleKind.OBLIGATION, ODRL + "inform", id="must", consequences=(duty(DELETE),))
    obliged = Rule(RuleKind.OBLIGATION, DELETE, id="must")
    for rule in (remedied, after, obliged):
        assert verdict(policy(rule), policy(must_not(action=DELETE), name="b")) is CONFLICT


def test_a_narrower_prohibition_leaves_other_ways_to_do_what_is_owed() -> None:
    owed = Rule(RuleKind.OBLIGATION, USE, id="must")
    assert verdict(policy(owed, must_not(action=PRINT))) is COMPATIBLE


# --- rules that never apply -------------------------------------------------------------------------------------------


def test_a_rule_that_contradicts_itself_is_a_conflict() -> None:
    never = policy(may(atom(COUNT, "lt", "3"), atom(COUNT, "gt", "5")))
    assert codes(conflicts((never,))) == ["conflict.never"]
    assert verdict(policy(may(atom(COUNT, "lt", "5"), atom(COUNT, "gt", "3")))) is COMPATIBLE


def test_a_value_that_is_elsewhere_leaves_it_open() -> None:
    assert verdict(policy(may(Atomic(COUNT, Operator.LT, (), reference="urn:example:n")))) is UNKNOWN


def test_delays_one_after_another_have_to_fit_into_the_time_that_elapses() -> None:
    waits = Logical(Connective.AND_SEQUENCE, (period("delayPeriod", "gteq", "P5D"), period("delayPeriod", "eq", "P2D")))
    assert verdict(policy(may(waits, period("elapsedTime", "lteq", "P6D")))) is CONFLICT
    assert verdict(policy(may(waits, period("elapsedTime", "lteq", "P7D")))) is COMPATIBLE
    assert verdict(policy(may(waits, period("elapsedTime", "lt", "P7D")))) is CONFLICT


def period(name: str, operator: str, value: str) -> Atomic:
    return atom(ODRL + name, operator, value)


# --- the terms of two parties -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (atom(COUNT, "lteq", "3"), atom(COUNT, "gteq", "3"), COMPATIBLE),
        (atom(COUNT, "lt", "3"), atom(COUNT, "gteq", "3"), CONFLICT),
        (atom(LANGUAGE, "eq", "urn:tags#de"), atom(LANGUAGE, "eq", "urn:tags#fr"), CONFLICT),
        (atom(LANGUAGE, "eq", "urn:tags#de"), atom(LANGUAGE, "neq", "urn:tags#fr"), COMPATIBLE),
        (atom(LANGUAGE, "isA", "urn:tags#de"), atom(LANGUAGE, "eq", "urn:tags#de-AT"), COMPATIBLE),
        (atom(LANGUAGE, "isAnyOf", "de", "fr"), atom(LANGUAGE, "isNoneOf", "de", "fr", "it"), CONFLICT),
        (atom(PURPOSE, "eq", DPV + "Marketing"), atom(PURPOSE, "eq", DPV + "Marketing"), COMPATIBLE),
        (atom(PURPOSE, "eq", DPV + "Marketing"), atom(PURPOSE, "neq", DPV + "Marketing"), CONFLICT),
        (atom(PURPOSE, "eq", DPV + "Marketing"), atom(PURPOSE, "eq", DPV + "ScientificResearch"), UNKNOWN),
        (atom(PURPOSE, "isA", DPV + "Marketing"), atom(PURPOSE, "eq", DPV + "Advertising"), COMPATIBLE),
    ],
)
def test_terms_fit_where_one_use_meets_both(a: Atomic, b: Atomic, expected: Verdict) -> None:
    assert terms((a,), (b,)) is expected


def test_a_side_that_is_silent_leaves_it_open_and_a_conflict_outweighs_that() -> None:
    few, late = atom(COUNT, "lteq", "3"), atom(DATE_TIME, "gteq", "2027-01-01")
    assert terms((few, late), (few,)) is UNKNOWN
    assert terms((few,), ()) is UNKNOWN
    assert terms((), ()) is UNKNOWN
    assert terms((few, late), (atom(COUNT, "gt", "3"),)) is CONFLICT
    assert "conflict.silent" in codes(conflicts((policy(may(few, late)), policy(may(few), name="b"))))


def test_alternatives_fit_where_one_of_them_does() -> None:
    few, many = atom(COUNT, "lt", "3"), atom(COUNT, "gt", "9")
    either = Logical(Connective.OR, (few, atom(DATE_TIME, "lt", "2027-01-01")))
    assert terms((either,), (many, atom(DATE_TIME, "lt", "2026-01-01"))) is COMPATIBLE
    assert terms((either,), (many, atom(DATE_TIME, "gt", "2028-01-01"))) is CONFLICT
    assert verdict(policy(may(few), may(many)), policy(may(atom(COUNT, "eq", "12")), name="b")) is COMPATIBLE


def test_of_exactly_one_not_both_may_hold() -> None:
    one = Logical(Connective.XONE, (atom(COUNT, "gteq", "3"), atom(COUNT, "gteq", "8")))
    assert terms((one,), (atom(COUNT, "eq", "9"),)) is CONFLICT
    assert terms((one,), (atom(COUNT, "eq", "5"),)) is COMPATIBLE
    none = Logical(Connective.XONE, (one, one))
    assert verdict(policy(may(none))) is CONFLICT


def test_metered_use_lies_within_the_time_that_elapses() -> None:
    metered, elapsed = period("meteredTime", "eq", "P20D"), period("elapsedTime", "lteq", "P10D")
    assert terms((metered,), (elapsed,)) is CONFLICT
    assert terms((period("meteredTime", "eq", "P5D"),), (elapsed,)) is COMPATIBLE
    assert terms((period("delayPeriod", "gteq", "P5D"),), (elapsed,)) is UNKNOWN


def test_recurring_intervals_meet_by_when_they_begin_which_nobody_says() -> None:
    for other in ("P30D", "P45D"):
        assert terms((period("timeInterval", "eq", "P30D"),), (period("timeInterval", "eq", other),)) is UNKNOWN


def test_recurring_intervals_that_say_when_they_begin_meet_or_never_do() -> None:
    def sweeping(begin: str, interval: str = "P14D") -> Atomic:
        return replace(period("timeInterval", "eq", interval), reference=f"urn:allmende:anchor {begin}")

    assert terms((sweeping("2027-01-04"),), (sweeping("2027-02-01"),)) is COMPATIBLE
    assert terms((sweeping("2027-01-04"),), (sweeping("2027-01-11"),)) is CONFLICT
    assert terms((sweeping("2027-01-04"),), (sweeping("2027-01-11", "P21D"),)) is COMPATIBLE
    assert terms((sweeping("2027-01-04"),), (sweeping("2027-01-12", "P21D"),)) is CONFLICT
    assert terms((sweeping("2027-01-04"),), (sweeping("2027-01-04", "P1M"),)) is UNKNOWN
    assert terms((sweeping("2027-01-04"),), (period("timeInterval", "eq", "P14D"),)) is UNKNOWN


def test_recurring_intervals_have_to_meet_within_the_time_that_both_allow() -> None:
    def crew(first: str, last: str, *more: Constraint) -> tuple[Constraint, ...]:
        sweeping = replace(period("timeInterval", "eq", "P14D"), reference="urn:allmende:anchor 2027-01-04")
        return (atom(DATE_TIME, "gteq", first), atom(DATE_TIME, "lteq", last), sweeping, *more)

    january = crew("2027-01-01", "2027-01-15")
    assert terms(january, crew("2027-01-03", "2027-02-15")) is COMPATIBLE
    assert terms(january, crew("2027-01-05", "2027-02-15")) is CONFLICT
    assert terms(january, crew("2027-01-03", "2027-02-15", atom(DATE_TIME, "neq", "2027-01-04"))) is UNKNOWN


def test_another_unit_is_another_measure() -> None:
    assert terms((atom(COUNT, "lt", "3", unit="urn:u:m"),), (atom(COUNT, "gt", "9", unit="urn:u:km"),)) is UNKNOWN


def test_places_of_states_have_no_ground_in_common_and_others_are_unknown() -> None:
    names = XSD + "anyURI"
    germany, france, strasbourg = (f"https://sws.geonames.org/{n}/" for n in (2921044, 3017382, 2973783))

    def of(operator: str, place: str) -> tuple[Atomic]:
        return (atom(SPATIAL, operator, place, datatype=names),)

    assert terms(of("isPartOf", germany), of("isPartOf", france)) is CONFLICT
    assert terms(of("isPartOf", germany), of("eq", strasbourg)) is UNKNOWN
    assert terms(of("isPartOf", "https://sws.geonames.org/6255148/"), of("eq", france)) is COMPATIBLE
    alsace, tyrol = (f"https://sws.geonames.org/{n}/" for n in (11071622, 2763586))
    assert terms(of("isPartOf", alsace), of("isPartOf", germany)) is CONFLICT
    assert terms(of("isPartOf", alsace), of("isPartOf", france)) is COMPATIBLE
    assert terms(of("isPartOf", alsace), of("eq", tyrol)) is CONFLICT
    assert terms(of("isPartOf", alsace), of("eq", strasbourg)) is UNKNOWN
    assert terms(of("hasPart", france), of("eq", "https://sws.geonames.org/6255148/")) is COMPATIBLE


def test_offers_of_one_provider_are_alternatives() -> None:
    inside = policy(may(atom(COUNT, "lt", "3")), kind=PolicyKind.OFFER, assigner=ANNA)
    public = policy(may(atom(COUNT, "gt", "9")), kind=PolicyKind.OFFER, assigner=ANNA, name="b")
    assert verdict(inside, public) is COMPATIBLE
    asked = policy(may(atom(COUNT, "gt", "9")), kind=PolicyKind.REQUEST, name="c")
    assert verdict(inside, asked) is CONFLICT


def test_agreements_stand_side_by_side_but_must_not_prohibit_each_other() -> None:
    one = policy(may(atom(COUNT, "lt", "3")), kind=PolicyKind.AGREEMENT, assigner=ANNA, assignee=BERT)
    two = policy(may(atom(COUNT, "gt", "9")), kind=PolicyKind.AGREEMENT, assigner=BERT, assignee=ANNA, name="b")
    assert verdict(one, two) is COMPATIBLE
    three = policy(must_not(), kind=PolicyKind.AGREEMENT, assigner=ANNA, assignee=BERT, name="c")
    assert verdict(one, three) is CONFLICT


def test_what_is_too_large_is_unknown() -> None:
    choice = Logical(Connective.OR, tuple(atom(COUNT, "eq", str(n)) for n in range(40)))
    assert verdict(policy(may(choice, choice, choice))) is UNKNOWN


# --- obligation against permission ------------------------------------------------------------------------------------


def must(*constraints: Constraint, action: str = USE, **more: object) -> Rule:
    return Rule(RuleKind.OBLIGATION, action, constraints, id="must", **more)  # type: ignore[arg-type]


def test_what_has_to_be_done_is_permitted_as_it_has_to_be_done() -> None:
    """Where the very action is permitted, but never so: in conflict. Where nothing permits it, nobody has spoken."""
    few, many = atom(COUNT, "lt", "5"), atom(COUNT, "gteq", "5")
    owed = policy(must(few, action=PRINT, target=Scope(DATA)))
    for permissions, expected in (
        ((may(many, action=PRINT, target=Scope(DATA)),), CONFLICT),
        ((may(many, action=PRINT, target=Scope(DATA)), may(few, action=PRINT, target=Scope(DATA))), COMPATIBLE),
        ((may(action=PRINT, target=Scope(DATA)),), COMPATIBLE),
        ((may(many, action=DELETE, target=Scope(DATA)),), COMPATIBLE),
        ((may(many, action=PRINT, target=Scope(OTHER)),), COMPATIBLE),
    ):
        assert verdict(owed, policy(*permissions, name="b")) is expected
        assert verdict(policy(*permissions, name="b"), owed) is expected
        assert verdict(policy(*permissions, *owed.rules)) is expected
    narrowed = (atom(COUNT, "lt", "5"),), (atom(COUNT, "gt", "5"),)
    for refined, expected in ((narrowed, CONFLICT), ((narrowed[0], narrowed[0]), COMPATIBLE)):
        one, other = must(action=PRINT, refinements=refined[0]), may(action=PRINT, refinements=refined[1])
        assert verdict(policy(one), policy(other, name="b")) is expected
    assert codes(conflicts((owed, policy(may(many, action=PRINT, target=Scope(DATA)), name="b")))) == [
        "conflict.unpermitted"
    ]
