"""Every rule of lint finds what it is there for, on its line, and leaves alone what is right."""

from __future__ import annotations

import pytest

from catalog.turtle import read_graph
from policies import forms
from policies.forms import Form
from policies.lint import RULES, Findings, Severity, lint
from policies.model import Policy, PolicyError
from tests.policies.lint.cases import CASES, MARK, PLAIN


def look(text: str, form: Form) -> Findings:
    data = text.encode()
    found: tuple[Policy, ...] | PolicyError
    try:
        found = forms.read(data, form, graph=read_graph, lenient=form in (Form.TURTLE, Form.JSONLD))
    except PolicyError as refusal:
        found = refusal
    return lint(data, form, found, graph=read_graph)


def test_there_are_at_least_forty_rules_and_each_has_a_case() -> None:
    assert len(RULES) >= 40
    assert set(CASES) == set(RULES)


def _opens(line: str) -> bool:
    """Of a node that begins at the end of a line, the first that is said of it stands on the next."""
    return line.removesuffix(MARK).endswith("[")


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_rule_finds_what_it_is_there_for_on_its_line(name: str) -> None:
    case = CASES[name]
    lines = [number + _opens(line) for number, line in enumerate(case.bad.splitlines(), 1) if line.endswith(MARK)]
    found = look(case.bad.replace(MARK, ""), case.form)
    mine = [one for one in found.findings if one.rule == name]
    assert mine, sorted({one.rule for one in found.findings})
    if lines:
        assert [one.line for one in mine] == lines
    assert all(one.line is not None for one in mine)
    assert all("?" not in text for one in mine for text in (*one.what, *one.mend)), "a parameter is missing"
    assert found.valid is all(one.severity is not Severity.ERROR for one in found.findings)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_rule_leaves_alone_what_is_right(name: str) -> None:
    case = CASES[name]
    found = look(case.good.replace(MARK, ""), case.form)
    assert name not in {one.rule for one in found.findings}
    assert found.valid, [(one.rule, one.line, one.what[1]) for one in found.findings if one.severity is Severity.ERROR]


def test_a_plain_policy_has_nothing_but_a_hint() -> None:
    assert {one.rule for one in look(PLAIN, Form.TURTLE).findings} == {"sense.unlimited"}


SHORT = """# Verkehr
policy = "https://stadt.example/regel"
target = "https://stadt.example/verkehr"

[[permission]]
action = "use"
count.lteq = 3

[[permission]]
action = "read"
purpose.eq = "PublicBenefit"

[[permission.duty]]
action = "coarsen"
"""
LINKED = """{
  "@context": "http://www.w3.org/ns/odrl.jsonld",
  "@type": "Offer",
  "uid": "https://stadt.example/regel",
  "profile": "http://www.w3.org/ns/odrl/2/",
  "permission": [
    {"target": "https://stadt.example/verkehr", "action": "use"},
    {
      "target": "https://stadt.example/verkehr",
      "action": "write",
      "constraint": [
        {"leftOperand": "count", "operator": "lteq", "rightOperand": 3},
        {
          "leftOperand": "dateTime",
          "operator": "lt",
          "rightOperand": {"@value": "2027-01-01T00:00:00", "@type": "xsd:dateTime"}
        }
      ]
    }
  ]
}
"""


@pytest.mark.parametrize(
    ("text", "form", "rule", "line"),
    [
        (SHORT, Form.TOML, "purpose.exact", 11),
        (SHORT, Form.TOML, "duty.parameter", 13),
        (LINKED, Form.JSONLD, "offer.assigner", 7),
        (LINKED, Form.JSONLD, "action.deprecated", 10),
        (LINKED, Form.JSONLD, "time.naive", 16),
    ],
)
def test_lines_are_those_of_the_text_as_it_is_written(text: str, form: Form, rule: str, line: int) -> None:
    assert [one.line for one in look(text, form).findings if one.rule == rule] == [line]
