"""Covers the places of refusals (policies/nodes.py, `spot`; policies/lint/lines.py): the line that a place is on holds
the very term that is refused, in each form."""

from __future__ import annotations

import re

import pytest

from catalog.rdf.turtle import read_graph
from policies import forms
from policies.forms import Form
from policies.lint.lines import lines
from policies.model import PolicyError

WHOLE = """policy = "urn:example:traffic"
profile = ["municipal", "odrl"]
title = "Verkehrszählung"
conflict = "prohibit"
notice = "P30D"
timestamp = "2027-01-01T09:00:00Z"

[[permission]]
id = "urn:example:may"
action = ["read", "print"]
target = { collection = "urn:example:all", refinement = { resolution.lteq = 300 } }
assignee = ["did:web:stadtwerke.example", "did:web:werke.example"]
purpose.isA = "PublicBenefit"
spatial.isPartOf = "05515"
dateTime = { gteq = "2027-01-01", lteq = "2027-12-31" }

[[permission.duty]]
action = "coarsen"
temporalResolution = "PT1H"

[[permission.any]]
purpose.isA = "ScientificResearch"
[[permission.any]]
legalBasis = "A6-1-e"
count.lteq = 7

[[prohibition]]
action = "distribute"
[[prohibition.remedy]]
action = "anonymize"

[[obligation]]
action = "delete"
dateTime.lt = "2028-01-01"
[[obligation.consequence]]
action = "compensate"
parties = { compensatedParty = "urn:example:treasury" }
"""
"""A policy of which every line says something else."""

TERM = {
    Form.TOML: r'"[^"\n]*"',
    Form.JSONLD: r'"(?:[^"\\\n]|\\.)*"',
    Form.TURTLE: r'\b(?:odrl|xsd|dpv):\w[\w-]*|(?<!: )<[^>\n]*>|"[^"\n]*"',
}


def _spoilt(term: str) -> str:
    """A term of the same kind that nobody knows."""
    if term.startswith("<"):
        return "<urn:spoilt\\u202E:x>"
    return '"spoilt"' if term.startswith('"') else f"{term.partition(':')[0]}:spoilt"


def _refused(text: str, form: Form) -> str | None:
    """Where the text is refused; None where it is read."""
    try:
        forms.read(text.encode(), form, graph=read_graph)
    except PolicyError as error:
        return error.where
    return None


@pytest.mark.parametrize(("form", "least"), [(Form.TOML, 20), (Form.JSONLD, 130), (Form.TURTLE, 90)])
def test_the_line_of_a_refusal_holds_the_term_that_is_refused(form: Form, least: int) -> None:
    (policy,) = forms.read(WHOLE.encode(), Form.TOML)
    text = WHOLE if form is Form.TOML else forms.write(policy, form).decode()
    refused = 0
    for found in re.finditer(TERM[form], text):
        spoilt = text[: found.start()] + _spoilt(found[0]) + text[found.end() :]
        where = _refused(spoilt, form)
        if where is not None:
            at = text.count("\n", 0, found.start()) + 1
            assert lines([where], spoilt, form) == {where: at}, (found[0], where)
            refused += 1
    assert refused >= least, "names and words for people may be anything; the rest is refused"
