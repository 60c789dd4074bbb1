"""Covers policies/render.py."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from policies.claims import ACTION, ASSIGNEE, Claim
from policies.model import Operator, Policy, PolicyKind
from policies.operands import COUNT, DATE_TIME, PURPOSE
from policies.parse import from_dsp
from policies.render import notation, read_notation, to_dsp
from policies.vocabulary import DPV, PROFILES, READ
from tests.policies.samples import ME, NOW, TARGET, atom, permission, policies, policy

STANDARDS = Path(os.environ.get("ALLMENDE_STANDARDS", "../shared/standards"))
SCHEMA = STANDARDS / "dsp" / "negotiation" / "contract-schema.json"


@st.composite
def agreements(draw: st.DrawFn) -> Policy:
    profile = tuple(sorted(draw(st.sets(st.sampled_from(sorted(PROFILES))))))
    at = draw(st.none() | st.integers(0, 10**16))
    found = draw(policies())
    return replace(
        found, kind=PolicyKind.AGREEMENT, target=TARGET, assigner="a", assignee=ME, profile=profile, timestamp=at
    )


@settings(max_examples=80)
@given(policies() | agreements())
def test_what_is_written_is_read_as_the_same(found: Policy) -> None:
    document = json.loads(json.dumps(to_dsp(found)))
    assert from_dsp(document, found.kind) == found


def bare(value: Any) -> bool:
    if isinstance(value, dict):
        return any(bare(item) for item in value.values())
    if isinstance(value, list):
        return not value or any(bare(item) for item in value)
    return not isinstance(value, str)


@settings(max_examples=50)
@given(policies() | agreements())
def test_what_is_written_is_strict(found: Policy) -> None:
    """Nothing but strings, no empty arrays, and valid under the official schema."""
    document = to_dsp(found)
    assert not bare(document)
    if SCHEMA.exists():
        jsonschema_rs = pytest.importorskip("jsonschema_rs")
        definition = "Agreement" if found.kind is PolicyKind.AGREEMENT else "MessageOffer"
        schema = {**json.loads(SCHEMA.read_bytes())}
        schema["allOf"] = [{"$ref": f"#/definitions/{definition}"}]
        schema.pop("$id")
        assert jsonschema_rs.is_valid(schema, document)


def test_forms_on_the_wire() -> None:
    found = policy(
        permission(atom(DATE_TIME, Operator.LTEQ, str(NOW)), atom(COUNT, Operator.LTEQ, "3")), permission(action=READ)
    )
    assert to_dsp(found)["permission"] == [
        {
            "action": "use",
            "constraint": [
                {
                    "leftOperand": "odrl:dateTime",
                    "operator": "lteq",
                    "rightOperand": {"@value": "2027-01-15T08:00:00Z", "@type": "xsd:dateTime"},
                },
                {
                    "leftOperand": "odrl:count",
                    "operator": "lteq",
                    "rightOperand": {"@value": "3", "@type": "xsd:integer"},
                },
            ],
        },
        {"action": "odrl:read"},
    ]


def test_the_notation_is_read_back() -> None:
    claims = [
        Claim(PURPOSE, Operator.IS_A, DPV + "PublicBenefit"),
        Claim(COUNT, Operator.LTEQ, "3", False),
        Claim(DATE_TIME, Operator.LT, str(NOW)),
        Claim(ASSIGNEE, Operator.EQ, ME),
        Claim(ACTION, Operator.IS_A, READ),
    ]
    text = notation(claims)
    assert text.startswith(f"purpose isA {DPV}PublicBenefit & not count lteq 3 & dateTime lt 2027-01-15T08:00:00Z")
    assert read_notation(text) == claims


@pytest.mark.parametrize("text", ["", "count lteq", "colour eq red", "count near 3", "count lteq x"])
def test_what_is_no_notation_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_notation(text)
