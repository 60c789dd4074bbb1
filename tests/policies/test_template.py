"""Covers policies/template.py and policies/templates: each explains itself, does what it says, and nothing more."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from policies import controlled, explain, forms, hearing, short, template
from policies.canonical import digest
from policies.evaluate import evaluate
from policies.forms import Form
from policies.lint import lint
from policies.model import Decision, Policy, PolicyError
from policies.nearest import nearest
from policies.operands import PURPOSE
from policies.parse import from_dsp
from policies.render import to_dsp
from policies.requests import Request
from policies.template import Case
from policies.transforms import chain
from policies.vocabulary import DPV

LANGS = ("de", "en")
NAMES = template.names()
WANTED = {
    *(f"ml-{clause}" for clause in ("1-1", "1-2", "1-3", "2-1", "2-2", "2-3", "2-4", "2-5", "2-6", "2-7")),
    *(f"charta-3-2-{one}" for one in ("control", "privacy", "handover", "decisions")),
    *("charta-3-3-reversible", "charta-3-3-faults", "charta-g-open", "charta-j-standards"),
    *("bbsr-rights", "bbsr-consent"),
    *("berlin-sewers", "bonn-ambulance-fridges", "cottbus-energy", "darmstadt-sensors", "dortmund-parking"),
    *("emden-social-planning", "hamburg-cockpit-internal", "hamburg-cockpit-public", "heidelberg-winter-service"),
    *("koeln-roadworks-rescue", "koeln-roadworks-delivery", "leipzig-crisis-dashboard", "muenchen-roadworks"),
    *("nuernberg-geodata", "ulm-geofences", "ulm-trips", "wolfsburg-water"),
}
SOMEBODY_ELSE = ("did:web:dritter.example", "https://daten.stadt.example/gruppen/andere", "")
OTHER_PURPOSES: tuple[tuple[str, ...], ...] = (
    (DPV + "CommercialPurpose",),
    (DPV + "Advertising",),
    (DPV + "Purpose",),
    ("urn:example:another-purpose",),
    (),
)


def judged(policy: Policy, request: Request) -> Decision:
    return evaluate(policy, request.access, request.now, count=request.count)


def permits() -> Iterator[tuple[str, Policy, Case]]:
    for name in NAMES:
        policy = template.make(name, {}).policy
        yield from ((name, policy, case) for case in template.cases(name) if case.permit)


def test_every_clause_principle_and_city_has_its_template() -> None:
    assert set(NAMES) == WANTED


@pytest.mark.parametrize("name", NAMES)
def test_a_template_does_what_its_requests_say(name: str) -> None:
    policy, cases = template.make(name, {}).policy, template.cases(name)
    assert len(cases) >= 3
    assert {case.permit for case in cases} == {True, False}
    assert len({case.shows for case in cases}) == len(cases)
    for case in cases:
        assert judged(policy, case.request).permit is case.permit, case.shows


def test_another_assignee_or_another_purpose_turns_every_permit_into_a_refusal() -> None:
    assert {name for name, _, _ in permits()} == WANTED
    for name, policy, case in permits():
        request = case.request
        for who in SOMEBODY_ELSE:
            access = replace(request.access, assignee=who)
            assert not judged(policy, replace(request, access=access)).permit, (name, case.shows, who)
        for purpose in OTHER_PURPOSES:
            access = replace(request.access, values={**request.access.values, PURPOSE: purpose})
            assert not judged(policy, replace(request, access=access)).permit, (name, case.shows, purpose)


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_is_said_and_the_nearest_change_permits(name: str) -> None:
    policy = template.make(name, {}).policy
    for case in template.cases(name):
        request = case.request
        found = nearest(policy, request.access, request.now, count=request.count)
        if case.permit:
            assert found == ()
        for lang in LANGS:
            said = [explain.sentence(reason, lang) for reason in judged(policy, request).reasons]
            said += [explain.nearest(change, lang) for change in found]
            assert case.permit or said
            assert not any("?" in one for one in said), said


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_small_readable_and_says_where_it_is_from(name: str, lang: str) -> None:
    made = template.make(name, {}, lang)
    text = made.text
    says = {"de": ("# Vorlage: ", "# Quelle: ", "# Achtung: "), "en": ("# Template: ", "# Source: ", "# Caution: ")}
    assert all(any(line.startswith(lead) for line in text.splitlines()) for lead in says[lang])
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 120
    assert "{{" not in text
    assert " / " not in "".join(line for line in text.splitlines() if line.startswith("[["))
    assert short.read(text) == made.policy
    assert template.origin(made.policy) == (name, made.version) == (name, "1")


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_make_the_same_policy(name: str) -> None:
    german, english = (template.make(name, {}, lang) for lang in LANGS)
    assert digest(german.policy) == digest(english.policy)
    assert german.text != english.text


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_agreed_on_the_wire_and_carried_out(name: str) -> None:
    policy = template.make(name, {}).policy
    chain(policy)
    again = from_dsp(to_dsp(policy))
    assert {(rule.kind, rule.action) for rule in again.rules} == {(rule.kind, rule.action) for rule in policy.rules}
    for case in template.cases(name):
        assert judged(again, case.request).permit is case.permit, case.shows


@pytest.mark.parametrize("form", [Form.TOML, Form.JSONLD])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_in_every_form(name: str, form: Form) -> None:
    policy = template.make(name, {}).policy
    (again,) = forms.read(forms.write(policy, form), form)
    assert digest(again) == digest(policy)


@pytest.mark.parametrize("name", NAMES)
def test_lint_finds_no_error(name: str) -> None:
    made = template.make(name, {})
    found = lint(made.text.encode(), Form.TOML, (made.policy,))
    assert found.valid
    assert [one.rule for one in found.findings if one.severity != "hint"] == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_it_explains_itself_and_reads_back(name: str, lang: str) -> None:
    policy = template.make(name, {}, lang).policy
    lines = controlled.write(policy, lang)
    assert digest(hearing.read(lines, lang)) == digest(policy)
    assert not any(lead in line for line in lines for lead in ("Angabe ", "Property ", "_:"))
    about = template.about(name, lang)
    assert len(about) == 3
    assert all(text.endswith((".", ")", "]")) or ":" in text for text in about)


@pytest.mark.parametrize("name", NAMES)
def test_model_terms_say_that_a_lawyer_found_them_wanting(name: str) -> None:
    german, english = (" ".join(template.about(name, lang)) for lang in LANGS)
    if name.startswith("ml-"):
        assert "Nordrhein-Westfalen" in german
        assert "North Rhine-Westphalia" in english
        assert "juristische Durchsicht" in german
        assert f"Ziffer {name[3:].replace('-', '.')}" in german
    assert "Quelle" in german
    assert "Source" in english


@pytest.mark.parametrize("name", NAMES)
def test_every_question_is_asked_in_both_languages_and_its_default_counts(name: str) -> None:
    german, english = (template.questions(name, lang) for lang in LANGS)
    assert [one.key for one in german] == [one.key for one in english]
    assert len({one.key for one in german}) == len(german)
    for one, other in zip(german, english, strict=True):
        assert one.text.endswith("?")
        assert other.text.endswith("?")
        assert one.text != other.text
        assert one.help.endswith(".")
        assert other.help.endswith(".")
        assert template.make(name, {one.key: one.default}).policy == template.make(name, {}).policy


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_to_a_question_is_ever_more_than_a_value(name: str) -> None:
    plain = template.make(name, {}).policy
    for one in template.questions(name, "de"):
        for answer in ('"]\n[[permission]]\naction = "use"', "{{policy}}", "x\ny", '"', "'''", "\\", "a" * 600):
            where = f"/{one.key}"
            try:
                made = template.make(name, {one.key: answer})
            except PolicyError as error:
                where = error.where
            else:
                assert len(made.policy.rules) == len(plain.rules)
                assert tomllib.loads(made.text).keys() == tomllib.loads(template.make(name, {}).text).keys()
            assert where == f"/{one.key}"


@pytest.mark.parametrize(
    ("name", "answers", "code"),
    [
        ("no-such-thing", {}, "template.unknown"),
        ("ml-1-3", {"colour": "red"}, "template.answer"),
        ("ml-1-3", {"until": "2027-02-30"}, "template.date"),
        ("ml-1-3", {"consumer": "die Stadtwerke"}, "template.iri"),
        ("ml-1-3", {"purposes": "Verkehr"}, "template.purpose"),
        ("berlin-sewers", {"metres": "0"}, "template.range"),
        ("leipzig-crisis-dashboard", {"level": "10"}, "template.range"),
        ("emden-social-planning", {"erase_by": "2027-12-30"}, "template.early"),
        ("emden-social-planning", {"until": "2029-01-01"}, "template.early"),
        ("heidelberg-winter-service", {"season": "Winter"}, "template.season"),
    ],
)
def test_a_wrong_answer_is_refused_in_plain_words(name: str, answers: dict[str, str], code: str) -> None:
    with pytest.raises(PolicyError) as refused:
        template.make(name, answers)
    assert refused.value.reason.code == code
    for lang in LANGS:
        assert "?" not in explain.sentence(refused.value.reason, lang)


def test_an_answer_changes_the_policy_and_its_requests() -> None:
    answers = {"consumer": "did:web:andere.example", "season": "10-15/04-15"}
    made = template.make("heidelberg-winter-service", answers)
    assert made.policy.assignee == "did:web:andere.example"
    assert "15. Oktober bis 15. April" in " ".join(explain.policy(made.policy, "de"))
    for case in template.cases("heidelberg-winter-service", answers):
        assert judged(made.policy, case.request).permit is case.permit


def test_an_empty_answer_is_the_default() -> None:
    assert template.make("ml-1-3", {"until": "  "}) == template.make("ml-1-3", {})


def test_a_policy_of_no_template_has_no_origin() -> None:
    assert template.origin(replace(template.make("ml-1-3", {}).policy, remarks=())) is None
