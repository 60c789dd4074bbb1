"""Covers policies/forms.py: what is written in a form is read as the same, and forms are told apart."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from catalog.turtle import read_graph
from policies import forms
from policies.canonical import digest
from policies.forms import Form
from policies.labels import bare
from policies.model import Policy, PolicyError
from tests.policies import wholes

FULL = (Form.TOML, Form.JSONLD, Form.TURTLE)


def again(policy: Policy, form: Form) -> Policy:
    (found,) = forms.read(forms.write(policy, form), form, graph=read_graph)
    return found


@pytest.mark.parametrize("form", FULL)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(policy=wholes.policies())
def test_a_policy_with_everything_is_the_same_after_each_form(form: Form, policy: Policy) -> None:
    found = again(policy, form)
    assert bare(found) == policy
    assert digest(found) == digest(policy)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(policy=wholes.wire_policies())
def test_what_the_wire_carries_is_the_same_in_all_four_forms(policy: Policy) -> None:
    for form in Form:
        assert bare(again(policy, form)) == policy


@pytest.mark.parametrize("atom", wholes.vectors(), ids=lambda atom: f"{atom.left.rpartition('/')[2]}-{atom.operator}")
def test_every_operand_with_every_operator_is_carried_by_every_form(atom: wholes.Atomic) -> None:
    policy = wholes.Policy(
        "urn:example:policy",
        wholes.PolicyKind.OFFER,
        (wholes.Rule(wholes.RuleKind.PERMISSION, wholes.USE, (atom,)),),
        profile=(wholes.MUNICIPAL,),
    )
    for form in Form:
        assert bare(again(policy, form)) == policy


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
