"""The 25 classes of usage control of the International Data Spaces: each is carried, judged, explained and labelled.

The cases stand in `ids.toml`. A label never says more than is so: what the provider can hold before data leave is
enforced; everything else is declared, and attested only where the peer can prove it.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from policies import explain, forms, hearing, requests, short
from policies.evaluate import evaluate
from policies.forms import Form
from policies.labels import bare
from policies.model import Policy
from policies.operands import Assurance
from policies.vocabulary import ACTIONS
from tests.policies.samples import named_action, named_value

DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("ids.toml").read_text(encoding="utf-8"))
CLASSES: list[dict[str, Any]] = DATA["class"]
BASE = {
    "action": "read",
    "assignee": "did:web:stadtwerke.example",
    "target": "urn:example:daten",
    "now": "2027-06-15T10:00:00Z",
}


def name(case: dict[str, Any]) -> str:
    return f"{case['number']}-{case['name']['en']}"


every_class = pytest.mark.parametrize("case", CLASSES, ids=name)


def policy_of(case: dict[str, Any]) -> Policy:
    head = DATA["head"] if case.get("assignee", True) else DATA["head_without_assignee"]
    return short.read(head + case["policy"])


def request_of(told: dict[str, Any]) -> requests.Request:
    """A request of the file, in which actions and operands go by their short names."""
    found: dict[str, Any] = {**BASE, **told}
    found.pop("expect")
    found["action"] = named_action(found["action"])
    found["values"] = dict(named_value(left, value) for left, value in told.get("values", {}).items())
    for deeds in ("performed", "violated"):
        found[deeds] = [{**deed, "action": named_action(deed["action"])} for deed in told.get(deeds, ())]
    return requests.read(json.dumps(found).encode())


def said(policy: Policy, lang: str, *proves: str) -> list[tuple[str, Assurance | None]]:
    return [(clause.text, clause.mark) for clause in explain.clauses(policy, lang, frozenset(proves))]


def test_all_classes_are_there_once() -> None:
    assert [case["number"] for case in CLASSES] == list(range(1, 26))
    for lang in ("de", "en"):
        assert len({case["name"][lang] for case in CLASSES}) == 25


@every_class
def test_the_class_is_decided(case: dict[str, Any]) -> None:
    policy = policy_of(case)
    for told in case["requests"]:
        asked = request_of(told)
        found = evaluate(policy, asked.access, asked.now, count=asked.count)
        assert found.permit is (told["expect"] == "permit"), (told, found.reasons)
        assert found.permit or found.reasons
    assert {told["expect"] for told in case["requests"]} == {"permit", "deny"}


@every_class
def test_the_class_is_explained_in_both_languages(case: dict[str, Any]) -> None:
    policy = policy_of(case)
    for lang in ("de", "en"):
        lines = [text for text, _ in said(policy, lang)]
        assert {line[lang] for line in case["says"]} <= set(lines)
        shown = [explain.shown(clause, lang) for clause in explain.clauses(policy, lang)]
        assert bare(hearing.read(shown, lang)) == bare(policy)


@every_class
def test_its_labels_say_what_is_so_and_no_more(case: dict[str, Any]) -> None:
    policy = policy_of(case)
    bound, proved = dict(said(policy, "en")), dict(said(policy, "en", *case["proves"]))
    for line in case["says"]:
        assert (bound[line["en"]], proved[line["en"]]) == (line["mark"], line["proved"]), line
    # INVARIANT: nothing is attested that nobody proves, and a proof makes nothing enforced.
    assert Assurance.ATTESTED not in bound.values()
    assert {text for text, mark in bound.items() if mark is Assurance.ENFORCED} == {
        text for text, mark in proved.items() if mark is Assurance.ENFORCED
    }


@every_class
def test_a_proof_of_something_else_attests_nothing(case: dict[str, Any]) -> None:
    policy = policy_of(case)
    others = {one for other in CLASSES for one in other["proves"]} - set(case["proves"])
    unrelated = said(policy, "en", *others)
    assert unrelated == said(policy, "en")


@every_class
def test_the_class_goes_by_every_form_that_can_carry_it(case: dict[str, Any]) -> None:
    policy = policy_of(case)
    for form in (Form.TOML, Form.JSONLD):
        (again,) = forms.read(forms.write(policy, form), form)
        assert bare(again) == bare(policy), form


def test_the_sides_are_honest() -> None:
    for case in CLASSES:
        marks = {line["mark"] for line in case["says"]}
        if case["side"] == "C":
            assert marks == {Assurance.DECLARED}, name(case)
        if "P" not in case["side"]:
            assert Assurance.ENFORCED not in marks, name(case)


def test_every_action_of_the_classes_is_known() -> None:
    used = {deed["action"] for case in CLASSES for told in case["requests"] for deed in told.get("performed", ())}
    assert {named_action(action) for action in used} <= set(ACTIONS)
