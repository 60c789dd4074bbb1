"""Covers policies/answers.py."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import answers
from policies.answers import Kind
from policies.model import PolicyError


@pytest.mark.parametrize(
    ("kind", "answer", "written"),
    [
        (Kind.IRI, "did:web:stadt.example", '"did:web:stadt.example"'),
        (Kind.WORD, "application/json", '"application/json"'),
        (Kind.FIELDS, "name, anschrift,name", '["name", "anschrift"]'),
        (Kind.FIELDS, "zeit", '"zeit"'),
        (Kind.NUMBER, "010", "10"),
        (Kind.DATE, "2028-02-29", "2028-02-29"),
        (Kind.PERIOD, "PT15M", '"PT15M"'),
        (Kind.RATE, "100/PT1H", '"100/PT1H"'),
        (Kind.SEASON, "11-01/03-31", '"11-01/03-31"'),
        (Kind.PURPOSES, "PublicBenefit ScientificResearch", '["PublicBenefit", "ScientificResearch"]'),
        (Kind.PURPOSES, "urn:stadt:zweck:schule", '"urn:stadt:zweck:schule"'),
        (Kind.BASIS, "A9-2-i", '"A9-2-i"'),
    ],
)
def test_an_answer_becomes_a_value(kind: Kind, answer: str, written: str) -> None:
    assert answers.toml(kind, "key", answer) == written


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Kind.IRI, "Stadtwerke"),
        (Kind.IRI, "https://a b"),
        (Kind.WORD, "two words"),
        (Kind.WORD, "a\u202eb"),
        (Kind.FIELDS, ","),
        (Kind.NUMBER, "-1"),
        (Kind.NUMBER, "1.5"),
        (Kind.NUMBER, "²"),
        (Kind.NUMBER, "9" * 13),
        (Kind.DATE, "31.12.2027"),
        (Kind.DATE, "2027-02-29"),
        (Kind.DATE, "2027-12-31T10:00:00Z"),
        (Kind.PERIOD, "drei Tage"),
        (Kind.PERIOD, "PT0S"),
        (Kind.RATE, "viele"),
        (Kind.RATE, "100/P1Y"),
        (Kind.SEASON, "Winter"),
        (Kind.SEASON, "13-01/14-01"),
        (Kind.PURPOSES, "PublicBenefits"),
        (Kind.PURPOSES, "https://w3id.org/dpv#PublicBenefits"),
        (Kind.BASIS, "A6-1-z"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_question(kind: Kind, answer: str) -> None:
    with pytest.raises(PolicyError) as refused:
        answers.toml(kind, "key", answer)
    assert refused.value.where == "/key"
    assert refused.value.reason.params["key"] == "key"


@pytest.mark.parametrize(("answer", "fine"), [("1", False), ("2", True), ("9", True), ("10", False)])
def test_a_number_stays_within_its_bounds(answer: str, fine: bool) -> None:
    if fine:
        assert answers.toml(Kind.NUMBER, "group", answer, 2, 9) == answer
        return
    with pytest.raises(PolicyError) as refused:
        answers.toml(Kind.NUMBER, "group", answer, 2, 9)
    assert refused.value.reason.params == {"key": "group", "value": answer, "least": "2", "most": "9"}


@given(st.sampled_from(Kind), st.text(max_size=40))
def test_whatever_is_answered_is_one_value_or_refused(kind: Kind, answer: str) -> None:
    try:
        written = answers.toml(kind, "key", answer)
    except PolicyError:
        return
    assert set(tomllib.loads(f"key = {written}")) == {"key"}
