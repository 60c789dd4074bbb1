"""Covers policies/controlled.py, policies/hearing.py and policies/grammar.py."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from policies import controlled, explain, hearing
from policies.canonical import digest
from policies.grammar import CONNECTIVES, FUNCTIONS, KINDS, REMARKS, SCOPES, SLOTS, STRATEGIES
from policies.model import Connective, Operator, Policy, PolicyError, PolicyKind, Rule, RuleKind, Scope, Strategy
from policies.operands import COUNT, DATE_TIME
from policies.vocabulary import READ, USE
from tests.policies.drawn import whole
from tests.policies.samples import ME, TARGET, atom, permission, policy

LANGS = ("de", "en")
DUTY = Rule(RuleKind.DUTY, "urn:allmende:log", id="urn:x:log")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(whole(), st.sampled_from(LANGS))
def test_what_is_written_reads_back_to_the_same_policy_with_marks_and_without(one: Policy, lang: str) -> None:
    assert hearing.read(controlled.write(one, lang), lang) == one
    assert hearing.read([explain.shown(clause, lang) for clause in explain.clauses(one, lang)], lang) == one


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(whole(), whole(), st.sampled_from(LANGS))
def test_different_policies_are_never_said_alike(one: Policy, other: Policy, lang: str) -> None:
    assert (one == other) == (controlled.write(one, lang) == controlled.write(other, lang))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.sampled_from(LANGS))
def test_any_text_is_read_or_refused_with_its_line(lines: list[str], lang: str) -> None:
    where = "line "
    try:
        hearing.read(lines, lang)
    except PolicyError as error:
        where = error.where
    assert where.startswith("line ")


said_of_terms = controlled.write(policy(permission(atom(COUNT, Operator.LTEQ, "3")), assignee=ME, target=TARGET), "de")


def test_how_a_policy_is_said() -> None:
    assert said_of_terms == [
        "Angebot: urn:uuid:0.",
        f"Gegenstand: {TARGET}.",
        f"Nur für {ME}.",
        "Erlaubnis 1: Nutzung, wenn alles Folgende zutrifft:",
        "  - Nutzungen: höchstens 3",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("Nutzungen: höchstens 3", "Nutzungen: höchstens 03", 5),
        ("Nutzungen: höchstens 3", "Nutzungen: höchstens drei", 5),
        ("Nutzungen: höchstens 3", "Nutzungen: meistens 3", 5),
        ("  - Nutzungen", "   - Nutzungen", 5),
        ("  - Nutzungen", "    - Nutzungen", 5),
        ("  - Nutzungen", "- Nutzungen", 5),
        ("Erlaubnis 1", "Erlaubnis 2", 4),
        ("Erlaubnis 1", "Pflicht 1", 4),
        ("wenn alles Folgende zutrifft:", "ohne weitere Bedingung.", 4),
        ("Nutzung,", "Nutznießung,", 4),
        ("Nur für", "Auch für", 3),
    ],
)
def test_what_is_not_exactly_so_is_refused_with_its_line(old: str, new: str, line: int) -> None:
    with pytest.raises(PolicyError) as refused:
        hearing.read([one.replace(old, new) for one in said_of_terms], "de")
    assert refused.value.where == f"line {line}"
    assert refused.value.reason.code == "sentence.unclear"


def test_empty_lines_and_marks_mean_nothing() -> None:
    marked = [said_of_terms[0], "", *said_of_terms[1:4], "  - Nutzungen: höchstens 3 [durchgesetzt]  "]
    assert hearing.read(marked, "de") == hearing.read(said_of_terms, "de")


def test_a_duty_at_several_places_keeps_its_name() -> None:
    shared = policy(replace(permission(), duties=(DUTY,)), replace(permission(), duties=(DUTY,)))
    said = controlled.write(shared, "de")
    assert "  Pflicht 1.1: protokollieren – Kennung: urn:x:log." in said
    assert "  Pflicht 2.1: dieselbe wie Pflicht 1.1." in said
    assert hearing.read(said, "de") == shared
    alone = policy(replace(permission(), duties=(DUTY,)))
    assert hearing.read(controlled.write(alone, "de"), "de") == policy(
        replace(permission(), duties=(replace(DUTY, id=""),))
    )


def test_a_duty_at_several_places_is_said_once_where_its_name_means_nothing() -> None:
    below = replace(DUTY, id="_:b8")
    duty = replace(DUTY, id="_:b7", constraints=(atom(COUNT, Operator.LTEQ, "3"),), consequences=(below,))
    shared = policy(*(replace(permission(action=act), duties=(duty,)) for act in (USE, DUTY.action, READ)))
    for lang in LANGS:
        said = controlled.write(shared, lang)
        assert not any("_:" in line for line in said)
        again = hearing.read(said, lang)
        assert digest(again) == digest(shared)
        assert controlled.write(again, lang) == said
        assert len({rule.duties for rule in again.rules}) == 1
        assert again.rules[0].duties[0].id


def test_duties_of_one_name_that_differ_are_all_said() -> None:
    one, other = replace(DUTY, id="_:b7"), replace(DUTY, id="_:b7", constraints=(atom(COUNT, Operator.LTEQ, "3"),))
    both = policy(*(replace(permission(), duties=(duty,)) for duty in (one, other)))
    assert hearing.read(controlled.write(both, "de"), "de") == both


def test_a_duty_that_is_said_to_be_another_has_to_be_there() -> None:
    shared = policy(*(replace(permission(action=act), duties=(DUTY,)) for act in (USE, READ)))
    said = [
        line.replace("dieselbe wie Pflicht 1.1", "dieselbe wie Pflicht 3.1") for line in controlled.write(shared, "de")
    ]
    with pytest.raises(PolicyError):
        hearing.read(said, "de")


def test_whom_it_is_for_is_never_said_of_everybody_when_rules_say_it() -> None:
    some = policy(replace(permission(), assignee=Scope(ME)))
    assert "Für wen, steht bei den Regeln." in controlled.write(some, "de")
    assert "Für jeden, der anfragt." in controlled.write(policy(permission()), "de")


@pytest.mark.parametrize("lang", [0, 1])
def test_every_word_is_there_and_none_is_ambiguous(lang: int) -> None:
    assert set(KINDS) == set(PolicyKind)
    assert set(STRATEGIES) == set(Strategy)
    assert set(CONNECTIVES) == set(Connective)
    for table in (KINDS, STRATEGIES, SLOTS, CONNECTIVES, SCOPES, FUNCTIONS):
        said = [both[lang] for both in table.values()]
        assert len(set(said)) == len(said)


def test_a_time_to_the_microsecond_and_in_the_hour_that_comes_twice() -> None:
    first, second = "1792886400000000", "1792890000000000"
    for at in (first, second, "1792890000000001", "-5", "9" * 20):
        one = policy(Rule(RuleKind.PERMISSION, USE, (atom(DATE_TIME, Operator.LT, at),)))
        for lang in LANGS:
            assert hearing.read(controlled.write(one, lang), lang) == one


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("predicate", [*REMARKS, "urn:example:other", "http://purl.org/dc/terms/title@de"])
@pytest.mark.parametrize("text", ["Winter: Dienst", "urn:x:y", "", "Verkehr „innen“\nund außen"])
def test_words_for_people_are_read_back_at_the_top_and_below_a_rule(lang: str, predicate: str, text: str) -> None:
    remarks = ((predicate, text),)
    rule = replace(permission(), remarks=remarks)
    said = replace(policy(rule), remarks=remarks)
    lines = [explain.shown(clause, lang) for clause in explain.clauses(said, lang)]
    heard = hearing.read(lines, lang)
    assert (heard.remarks, heard.rules[0].remarks) == (remarks, remarks)
    known = predicate in REMARKS
    assert any(("Vermerk" in line or "Remark" in line) for line in lines) is not known
