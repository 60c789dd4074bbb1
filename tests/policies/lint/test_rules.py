"""Every rule of lint finds what it is there for, on its line, and leaves alone what is right."""

from __future__ import annotations

import pytest

from catalog.rdf.turtle import read_graph
from policies import forms
from policies.forms import Form
from policies.lint import RULES, Findings, Severity, lint
from policies.model import Policy, PolicyError
from tests.policies.lint.cases import CASES, COMMON, MARK, MUNICIPAL, PLAIN, permission, turtle, under


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


@pytest.mark.parametrize(
    ("head", "valid"),
    [("", False), (COMMON, False), (MUNICIPAL, False), ("odrl:profile ex:profil ;", True)],
)
@pytest.mark.parametrize(
    "inner",
    [
        "odrl:constraints [ odrl:leftOperand odrl:count ; odrl:operator odrl:lteq ; odrl:rightOperand 3 ] ;",
        "odrl:constraint [ odrl:leftOperand odrl:count ; odrl:operator odrl:leq ; odrl:rightOperand 3 ] ;",
        "odrl:constraint [ odrl:leftOperand odrl:counter ; odrl:operator odrl:lteq ; odrl:rightOperand 3 ] ;",
        "odrl:action ex:fliegen ;",
    ],
)
def test_only_a_profile_that_is_unknown_here_may_explain_what_else_is(head: str, inner: str, valid: bool) -> None:
    assert look(turtle(permission(inner), head=head), Form.TURTLE).valid is valid


@pytest.mark.parametrize(
    ("value", "datatype", "valid"),
    [
        ("3", "integer", True),
        ("+03", "integer", True),
        ("3.0", "integer", False),
        ("drei", "integer", False),
        ("0", "positiveInteger", False),
        ("-1", "nonNegativeInteger", False),
        ("1,5", "decimal", False),
        ("1e3", "decimal", False),
        ("1e3", "double", True),
        ("ja", "boolean", False),
        ("2027-02-28", "date", True),
        ("2027-02-30", "date", False),
        ("28.02.2027", "date", False),
        ("2027-02-28", "dateTime", False),
        ("2027-02-28T08:00:00+01:00", "dateTime", True),
        ("2027-02-28T25:00:00Z", "dateTime", False),
        ("08:00:00", "time", True),
        ("8 Uhr", "time", False),
        ("P1M", "duration", True),
        ("PT", "duration", False),
        ("30 Tage", "duration", False),
        ("beliebig", "string", True),
    ],
)
def test_a_value_is_written_as_its_datatype_is(value: str, datatype: str, valid: bool) -> None:
    text = under("ex:eigenschaft", "eq", f'"{value}"^^xsd:{datatype}', head="odrl:profile ex:profil ;", mark="")
    found = look(text, Form.TURTLE)
    assert ("value.lexical" not in {one.rule for one in found.findings}) is valid
    assert found.valid is valid


def test_a_refined_collection_is_named_by_its_source_and_not_by_its_uid() -> None:
    limit = "odrl:refinement [ odrl:leftOperand odrl:count ; odrl:operator odrl:lteq ; odrl:rightOperand 3 ]"
    for name, valid in (("odrl:uid ex:alle", False), ("odrl:source ex:alle", True)):
        text = turtle(permission(f"odrl:assignee [ a odrl:PartyCollection ; {name} ; {limit} ] ;"))
        assert look(text, Form.TURTLE).valid is valid


def test_a_refined_action_says_which_it_is() -> None:
    limit = "odrl:refinement [ odrl:leftOperand odrl:count ; odrl:operator odrl:lteq ; odrl:rightOperand 3 ]"
    for name, valid in (("", False), ("rdf:value odrl:print ;", True)):
        assert look(turtle(permission(action=f"[ {name} {limit} ]")), Form.TURTLE).valid is valid


def test_what_is_said_of_a_value_stands_once() -> None:
    amount = "odrl:leftOperand odrl:payAmount ; odrl:operator odrl:eq ; odrl:rightOperand 5.00 ; odrl:unit ex:eur"
    for more, valid in (("", True), (", ex:chf", False)):
        assert look(turtle(permission(f"odrl:constraint [ {amount} {more} ] ;")), Form.TURTLE).valid is valid
