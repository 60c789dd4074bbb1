"""Covers policies/explain.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import explain, hearing, short
from policies.canonical import digest
from policies.compare import within
from policies.evaluate import evaluate
from policies.model import Access, Connective, Logical, Operator, Policy, Reason
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.sentences import REASONS
from policies.vocabulary import DPV
from tests.policies.samples import ME, MUENSTER, NOW, accesses, atom, permission, policies, policy, prohibition

PROVED = frozenset({"urn:allmende:role"})
"""What the peer of these tests has a credential for."""
O = Operator  # noqa: E741
TERMS = policy(
    permission(
        atom(DATE_TIME, O.LTEQ, "2027-06-30"),
        atom(COUNT, O.LTEQ, "3"),
        Logical(Connective.OR, (atom(PURPOSE, O.IS_A, DPV + "PublicBenefit"), atom(SPATIAL, O.EQ, MUENSTER))),
    ),
    prohibition(),
    assignee=ME,
)


def test_a_policy_in_german() -> None:
    assert explain.policy(TERMS, "de") == [
        f"Nur für {ME} [durchgesetzt].",
        "Erlaubnis 1: Nutzung, wenn alles Folgende zutrifft:",
        "  - bis einschließlich 30.06.2027 (ganzer Tag, Europe/Berlin) [durchgesetzt]",
        "  - Nutzungen: höchstens 3 [durchgesetzt]",
        "  - mindestens eines davon:",
        "    - Zweck: Gemeinwohl (PublicBenefit) oder ein Zweck, der dazu gehört [erklärt]",
        "    - Ort der Nutzung: genau Gemeinde 05515000 [erklärt]",
        "Verbot 1: Nutzung, ohne weitere Bedingung [durchgesetzt].",
    ]


def test_a_policy_in_english() -> None:
    assert explain.policy(TERMS, "en")[:3] == [
        f"Only for {ME} [enforced].",
        "Permission 1: use, if all of the following holds:",
        "  - up to and including 30 June 2027 (whole day, Europe/Berlin) [enforced]",
    ]
    assert explain.policy(policy(permission()), "fr")[0] == "For whoever asks."


GOLDEN = Path(__file__).parent / "explained"


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.toml")))
def test_a_policy_as_a_whole(name: str, lang: str) -> None:
    found = short.read((GOLDEN / f"{name}.toml").read_text())
    said = [explain.shown(clause, lang) for clause in explain.clauses(found, lang, PROVED)]
    assert said == (GOLDEN / f"{name}.{lang}.txt").read_text().splitlines()
    assert digest(hearing.read(said, lang)) == digest(found)


def test_there_are_policies_to_look_at() -> None:
    assert len(list(GOLDEN.glob("*.toml"))) >= 6


def test_a_reason_is_said_with_its_values() -> None:
    reason = Reason("count.exhausted", {"limit": "3", "used": "3"})
    assert explain.sentence(reason, "de-DE") == "Die erlaubten Nutzungen sind aufgebraucht: 3 von 3."
    assert explain.sentence(reason, "en") == "The permitted uses are exhausted: 3 of 3."


def test_a_difference_is_said_with_both_sides() -> None:
    asked = policy(permission(atom(COUNT, O.LTEQ, "10"), atom(DATE_TIME, O.LT, str(NOW))))
    found = within(asked, policy(permission(atom(COUNT, O.LTEQ, "3"), atom(PURPOSE, O.NEQ, DPV + "Purpose"))))
    assert [explain.sentence(difference.reason, "en") for difference in found.differences] == [
        "Number of uses – asked: uses: at most 10; offered: uses: at most 3.",
        "Purpose – asked: nothing stated; offered: purpose: not any purpose (Purpose).",
    ]


@settings(max_examples=25, deadline=None)
@given(policies(), policies(), accesses(), st.sampled_from(("de", "en")))
def test_whatever_is_decided_or_compared_can_be_said(
    found: Policy, other: Policy, stated: tuple[Access, int, int], lang: str
) -> None:
    asked, now, count = stated
    said = [explain.sentence(reason, lang) for reason in evaluate(found, asked, now, count=count).reasons]
    said += [explain.sentence(difference.reason, lang) for difference in within(found, other).differences]
    said += explain.policy(found, lang)
    assert all(text and "?" not in text for text in said)


PAYLOADS = ["{0.__class__}", "{rule.__init__}", "{{7*7}}", "%s%n", "\x00", "a b", "prohibition/x", "1" * 5000, ""]


@pytest.mark.parametrize(
    ("at", "german"),
    [
        ("2027-12-31T23:00:00Z", "31.12.2027 (ganzer Tag, Europe/Berlin)"),
        ("2027-12-31T23:00:01Z", "01.01.2028 00:00:01 Uhr (Europe/Berlin)"),
        ("1830294000000000", "31.12.2027 (ganzer Tag, Europe/Berlin)"),
    ],
)
def test_an_end_at_midnight_is_the_day_before(at: str, german: str) -> None:
    speak = explain.speaker({"over": ("{at:end}", "ends {at:end}")})
    assert speak(Reason("over", {"at": at}), "de") == german


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_a_peer_is_never_a_template_and_never_raises(payload: str) -> None:
    for code, texts in REASONS.items():
        params = {name: payload for text in texts for _, name, _, _ in Formatter().parse(text) if name}
        for lang in ("de", "en"):
            said = explain.sentence(Reason(code, params), lang)
            assert "built-in" not in said, code
            assert "49" not in said, code
            assert len(said) < 2000, code


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_an_unknown_code_is_shown_as_it_is(code: str, params: Mapping[str, str]) -> None:
    assert explain.sentence(Reason("x." + code, params), "de").startswith("x." + code)


def test_other_packages_speak_by_the_same_means() -> None:
    speak = explain.speaker({"token.replayed": ("Schon benutzt: {id}, {at:time}.", "Used before: {id}, {at:time}.")})
    reason = Reason("token.replayed", {"id": "7", "at": "2027-06-30T12:00:00Z"})
    assert speak(reason, "de") == "Schon benutzt: 7, 30.06.2027 14:00:00 Uhr (Europe/Berlin)."
    assert speak(Reason("token.replayed"), "en") == "Used before: ?, ?."
    assert speak(Reason("no_permission"), "en") == "The terms permit nothing."
    with pytest.raises(ValueError):
        explain.speaker({"no_permission": ("a", "b")})
