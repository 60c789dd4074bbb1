"""Covers policies/canonical.py: one name for what a policy says, however it is written."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields, replace

from catalog.rdf.turtle import read_graph
from policies import forms
from policies.canonical import digest
from policies.forms import Form
from policies.labels import labelled
from policies.model import Atomic, Connective, Logical, Policy, Rule
from tests.policies import wholes
from tests.policies.full import document, one

MEANINGLESS = {
    Policy: {"id", "remarks", "inherits"},
    Rule: {"id", "remarks"},
    Atomic: {"id"},
    Logical: {"id"},
}
"""What the digest leaves out, by the model's own words."""

PURPOSE = {"leftOperand": "purpose", "operator": "isA", "rightOperand": "https://w3id.org/dpv#PublicBenefit"}
COUNT = {"leftOperand": "count", "operator": "lteq", "rightOperand": {"@value": "3", "@type": "xsd:integer"}}
RULE = {"action": ["use", "odrl:print"], "target": "urn:example:t", "constraint": [PURPOSE, COUNT]}
ONE_WAY = document(permission=[RULE], conflict="prohibit")


def _others(value: Any) -> Iterator[Any]:
    """The same value with one thing changed in it that means something."""
    match value:
        case Struct():
            for field in fields(value):
                if field.name not in MEANINGLESS.get(type(value), ()):
                    for other in _others(getattr(value, field.name)):
                        yield replace(value, **{field.name: other})
        case (str() as function, Struct() as scope):
            yield from ((function + "x", scope), *((function, other) for other in _others(scope)))
        case tuple():
            for number, item in enumerate(value):
                yield value[:number] + value[number + 1 :]
                for other in _others(item):
                    yield (*value[:number], other, *value[number + 1 :])
        case Enum():
            yield from (other for other in type(value) if other is not value)
        case str():
            yield value + "x"
        case bool():
            yield not value
        case int():
            yield value + 1


@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(policy=wholes.policies(), start=st.integers(0, 20))
def test_changing_any_one_value_changes_the_digest(policy: Policy, start: int) -> None:
    others = list(_others(policy))
    for other in others[start % len(others) :: max(1, len(others) // 30)]:
        if _meant(other) != _meant(policy):
            assert digest(other) != digest(policy), (policy, other)


def _meant(value: Any) -> Any:
    """A value without repetition and order where these say nothing, found by another way than the module's own."""
    match value:
        case Logical(connective=Connective.AND_SEQUENCE):
            return ("sequence", tuple(map(_meant, value.members)))
        case Logical(connective=Connective.XONE):
            return ("xone", tuple(sorted(map(repr, map(_meant, value.members)))))
        case Struct():
            told = {f.name: _meant(getattr(value, f.name)) for f in fields(value)}
            if told.get("refinements") and "collection" in told:
                told["collection"] = True
            silent = MEANINGLESS.get(type(value), set[str]())
            return (type(value).__name__, tuple((key, item) for key, item in told.items() if key not in silent))
        case tuple():
            return frozenset(map(_meant, value))
        case _:
            return value


@settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(policy=wholes.policies(), data=st.data())
def test_ids_order_labels_and_form_say_nothing(policy: Policy, data: st.DataObject) -> None:
    rules = [
        replace(rule, id="", remarks=(), constraints=tuple(data.draw(st.permutations(rule.constraints))))
        for rule in data.draw(st.permutations(policy.rules))
    ]
    other = replace(policy, id="urn:example:other", rules=tuple(rules), remarks=(), inherits=())
    assert digest(other) == digest(policy) == digest(labelled(policy))
    for form in (Form.TOML, Form.JSONLD, Form.TURTLE):
        (found,) = forms.read(forms.write(policy, form), form, graph=read_graph)
        assert digest(found) == digest(policy)


@pytest.mark.parametrize(
    "other",
    [
        {**ONE_WAY, "@id": "urn:example:other"},
        {**ONE_WAY, "dct:title": "words"},
        {**ONE_WAY, "permission": [{**RULE, "@id": "_:x", "constraint": [COUNT, PURPOSE, COUNT]}]},
        {**ONE_WAY, "permission": [{**RULE, "action": ["odrl:print", "http://www.w3.org/ns/odrl/2/use"]}]},
        {**ONE_WAY, "permission": [{**RULE, "action": one} for one in ("use", "print")]},
        {**ONE_WAY, "permission": [{**RULE, "target": []}], "target": RULE["target"]},
        {**ONE_WAY, "permission": [{**RULE, "constraint": [PURPOSE, {**COUNT, "rightOperand": 3}]}]},
        {**ONE_WAY, "permission": [{**RULE, "constraint": [PURPOSE, {**COUNT, "rightOperand": "03"}]}]},
        {**ONE_WAY, "permission": [{**RULE, "constraint": [PURPOSE, {**COUNT, "@id": "urn:example:c"}]}]},
        {
            "@context": {"o": "http://www.w3.org/ns/odrl/2/", "id": "@id", "type": "@type"},
            "id": "urn:example:policy",
            "type": "o:Set",
            "o:profile": {"id": "urn:allmende:profile:municipal:1"},
            "o:conflict": {"id": "o:prohibit"},
            "o:permission": {
                "o:action": [{"id": "o:use"}, {"id": "o:print"}],
                "o:target": {"id": "urn:example:t"},
                "o:constraint": [
                    {
                        "o:leftOperand": {"id": f"o:{told['leftOperand']}"},
                        "o:operator": {"id": f"o:{told['operator']}"},
                        "o:rightOperand": told["rightOperand"] if told is PURPOSE else {"@value": 3},
                    }
                    for told in (PURPOSE, COUNT)
                ],
            },
        },
    ],
)  # fmt: skip
def test_spellings_of_one_policy_have_one_digest(other: dict[str, Any]) -> None:
    assert digest(one(other)) == digest(one(ONE_WAY))


@pytest.mark.parametrize(
    "other",
    [
        {**ONE_WAY, "@type": "Offer"},
        {**ONE_WAY, "conflict": "perm"},
        {**ONE_WAY, "profile": "http://www.w3.org/ns/odrl/2/"},
        {**ONE_WAY, "prohibition": [{"action": "distribute"}]},
        {**ONE_WAY, "permission": [{**RULE, "action": "use"}]},
        {**ONE_WAY, "permission": [{**RULE, "target": "urn:example:u"}]},
        {**ONE_WAY, "permission": [{**RULE, "assignee": "urn:example:u"}]},
        {**ONE_WAY, "permission": [{**RULE, "constraint": [{"or": [PURPOSE, COUNT]}]}]},
        {**ONE_WAY, "permission": [{**RULE, "constraint": [PURPOSE, {**COUNT, "operator": "lt"}]}]},
        {**ONE_WAY, "permission": [{**RULE, "constraint": [PURPOSE, {**COUNT, "rightOperand": "4"}]}]},
        {**ONE_WAY, "permission": [{**RULE, "constraint": [PURPOSE, {**COUNT, "unit": "urn:example:unit"}]}]},
        {**ONE_WAY, "permission": [{**RULE, "duty": [{"action": "inform"}]}]},
    ],
)
def test_another_meaning_has_another_digest(other: dict[str, Any]) -> None:
    assert digest(one(other)) != digest(one(ONE_WAY))


def test_the_order_of_a_sequence_counts_and_that_of_alternatives_does_not() -> None:
    def having(connective: str, members: list[Any]) -> str:
        return digest(one(document(permission=[{"action": "use", "constraint": {connective: {"@list": members}}}])))

    for connective in ("and", "or", "xone"):
        assert having(connective, [PURPOSE, COUNT]) == having(connective, [COUNT, PURPOSE])
    assert having("andSequence", [PURPOSE, COUNT]) != having("andSequence", [COUNT, PURPOSE])
    assert having("xone", [PURPOSE, PURPOSE]) != having("xone", [PURPOSE])
