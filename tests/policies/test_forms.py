"""Covers policies/forms.py: what is written in a form is read as the same, and forms are told apart."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from msgspec.structs import replace

from catalog.rdf.turtle import read_graph
from policies import forms
from policies.canonical import digest
from policies.forms import Form
from policies.labels import bare
from policies.model import (
    ODRL,
    Atomic,
    Connective,
    Constraint,
    Logical,
    Operator,
    Policy,
    PolicyError,
    PolicyKind,
    Rule,
    RuleKind,
    Strategy,
)
from policies.operands import OPERANDS
from policies.vocabulary import ACTIONS, MUNICIPAL, USE
from tests.policies import drawn, wholes

FULL = (Form.TOML, Form.JSONLD, Form.TURTLE)
PERMISSION, PROHIBITION = RuleKind.PERMISSION, RuleKind.PROHIBITION
COUNT = Atomic(ODRL + "count", Operator.LTEQ, ("3",))
SEQUENCE = Logical(Connective.AND_SEQUENCE, (COUNT,))


def permitting(action: str, *constraints: Constraint) -> Policy:
    rule = Rule(PERMISSION, action, constraints)
    return Policy("urn:example:policy", PolicyKind.OFFER, (rule,), profile=(MUNICIPAL,))


PLAIN = permitting(USE)


def again(policy: Policy, form: Form) -> Policy:
    (found,) = forms.read(forms.write(policy, form), form, graph=read_graph)
    return found


@pytest.mark.parametrize("form", FULL)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policy=wholes.policies())
def test_a_policy_with_everything_is_the_same_after_each_form(form: Form, policy: Policy) -> None:
    found = again(policy, form)
    assert bare(found) == policy
    assert digest(found) == digest(policy)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policy=wholes.wire_policies())
def test_what_the_wire_carries_is_the_same_in_all_four_forms(policy: Policy) -> None:
    for form in Form:
        assert bare(again(policy, form)) == policy


@pytest.mark.parametrize("left", sorted(OPERANDS))
def test_every_operand_with_every_operator_is_carried_by_every_form(left: str) -> None:
    atoms = tuple(atom for atom in wholes.vectors() if atom.left == left)
    assert {atom.operator for atom in atoms} == set(OPERANDS[left].operators)
    policy = permitting(USE, *atoms)
    for form in Form:
        assert bare(again(policy, form)) == policy


def test_every_action_is_carried_by_every_form() -> None:
    rules = tuple(Rule(kind, action) for kind in (PERMISSION, PROHIBITION) for action in sorted(ACTIONS))
    policy = Policy("urn:example:policy", PolicyKind.OFFER, rules, profile=(MUNICIPAL,))
    for form in Form:
        assert bare(again(policy, form)) == policy


@pytest.mark.parametrize(
    ("policy", "form", "term", "place"),
    [
        (replace(PLAIN, target="just a name"), Form.TOML, "target", "/target"),
        (replace(PLAIN, target="just a name"), Form.JSONLD, "just a name", "/target"),
        (replace(PLAIN, target="urn:x:\u202ey"), Form.TURTLE, "urn:x:\u202ey", "/target"),
        (permitting("urn:x,it holds"), Form.JSONLD, "urn:x,it holds", "/permission/0"),
        (permitting("urn:example:unknown"), Form.DSP, "urn:example:unknown", "/permission/0/action"),
        (permitting(USE, replace(COUNT, unit="urn:example:unit")), Form.DSP, "unit", "/permission/0/constraint/0/unit"),
        (permitting(USE, SEQUENCE), Form.DSP, "andSequence", "/permission/0/constraint/0"),
        (permitting(USE, Logical(Connective.OR, (COUNT,), "urn:x:y")), Form.TOML, "urn:x:y", "/permission/0"),
        (replace(PLAIN, kind=PolicyKind.TICKET), Form.DSP, "Ticket", "/@type"),
        (replace(PLAIN, conflict=Strategy.PERM), Form.DSP, "perm", "/conflict"),
        (replace(PLAIN, timestamp=1), Form.DSP, "timestamp", "/timestamp"),
        (replace(PLAIN, profile=("urn:example:profile",)), Form.DSP, "urn:example:profile", "/profile"),
    ],
)  # fmt: skip
def test_what_a_form_cannot_carry_is_refused_by_name_and_place(
    policy: Policy, form: Form, term: str, place: str
) -> None:
    with pytest.raises(PolicyError) as error:
        forms.write(policy, form)
    assert (error.value.reason.code, error.value.reason.params["term"]) == ("form.carry", term)
    assert error.value.where == place


@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(policy=drawn.whole())
def test_whatever_the_model_holds_is_written_so_that_it_reads_back_or_it_is_refused(policy: Policy) -> None:
    for form in Form:
        try:
            data = forms.write(policy, form)
        except PolicyError:
            continue
        (found,) = forms.read(data, form, graph=read_graph, lenient=True)
        assert digest(found) == digest(policy)


def test_a_document_beyond_the_limit_is_neither_read_nor_written() -> None:
    many = replace(PLAIN, remarks=tuple((f"http://purl.org/dc/terms/title@x{n}", "x" * 900) for n in range(1200)))
    for form in (Form.TOML, Form.JSONLD, Form.TURTLE):
        with pytest.raises(PolicyError) as error:
            forms.write(many, form)
        assert error.value.reason.code == "form.large"


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("x.toml", b"", Form.TOML),
        ("X.TTL", b"", Form.TURTLE),
        ("x.jsonld", b"{}", Form.JSONLD),
        ("x.json", b'{"@id": "urn:x", "@type": "Offer", "permission": []}', Form.DSP),
        ("-", b'{"@context": "https://w3id.org/dspace/2025/1/context.jsonld"}', Form.DSP),
        ("-", b'{"@context": "http://www.w3.org/ns/odrl.jsonld"}', Form.JSONLD),
        ("-", b'{"uid": "urn:x"}', Form.JSONLD),
        ("-", b'{"odrl:permission": []}', Form.JSONLD),
        ("-", b'[{"@id": "urn:x"}]', Form.JSONLD),
        ("-", b"\xef\xbb\xbf# hallo\n@prefix o: <urn:x> .", Form.TURTLE),
        ("-", b"PREFIX o: <urn:x>\n", Form.TURTLE),
        ("-", b"<urn:a> <urn:b> <urn:c> .", Form.TURTLE),
        ("-", b'policy = "urn:x"\n', Form.TOML),
        ("-", b"[[permission]]\naction = 'use'", Form.TOML),
    ],
)
def test_a_form_is_guessed_by_name_and_then_by_how_it_begins(name: str, data: bytes, form: Form) -> None:
    assert forms.guess(name, data) is form


@pytest.mark.parametrize(
    ("data", "form", "code", "place"),
    [
        (b'{"a": 1,\n"b" 2}', Form.JSONLD, "form.json", "line 2"),
        (b'{"a": 1,\n"b": \n\n', Form.JSONLD, "form.json", "line 2"),
        (b"[1,", Form.DSP, "form.json", "line 1"),
        (b"a = 1\n\xff", Form.TOML, "form.utf8", "line 2"),
        (b"a = 1\nb =", Form.TOML, "form.toml", "line 2"),
        (b"[1]", Form.DSP, "form.object", "/0"),
        (b"@prefix o: <urn:x> .\n o:a o:b [ .", Form.TURTLE, "turtle.unreadable", "line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(data: bytes, form: Form, code: str, place: str) -> None:
    with pytest.raises(PolicyError) as error:
        forms.read(data, form, graph=read_graph)
    assert (error.value.reason.code, error.value.where) == (code, place)


def test_nothing_is_no_form_and_turtle_needs_a_reader() -> None:
    with pytest.raises(PolicyError) as error:
        forms.guess("-", b"  \n")
    assert error.value.reason.code == "form.unknown"
    with pytest.raises(PolicyError) as error:
        forms.read(b"", Form.TURTLE)
    assert error.value.reason.code == "form.graph"
