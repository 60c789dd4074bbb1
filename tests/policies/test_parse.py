"""Covers policies/parse.py."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies.model import ODRL, Atomic, Connective, Logical, Operator, PolicyError, PolicyKind, Rule, RuleKind
from policies.operands import COUNT, DATE_TIME, PURPOSE, SPATIAL
from policies.parse import CONSTRAINTS, DEPTH, from_dsp
from policies.vocabulary import DPV, USE
from tests.policies.samples import HAMBURG, MUENSTER, NRW

STANDARDS = Path(os.environ.get("ALLMENDE_STANDARDS", "../shared/standards"))

FULL: dict[str, Any] = {
    "@id": "urn:uuid:1",
    "@type": "Agreement",
    "target": "urn:uuid:2",
    "assigner": "did:web:city.example",
    "assignee": "did:web:town.example",
    "timestamp": "2027-01-15T08:00:00Z",
    "profile": ODRL + "core",
    "permission": [
        {
            "action": "use",
            "constraint": [
                {
                    "leftOperand": "odrl:count",
                    "operator": "lteq",
                    "rightOperand": {"@value": "3", "@type": "xsd:integer"},
                },
                {
                    "or": [
                        {
                            "leftOperand": "odrl:purpose",
                            "operator": "isA",
                            "rightOperand": {"@id": DPV + "PublicBenefit"},
                        },
                        {
                            "xone": [
                                {"leftOperand": "odrl:spatial", "operator": "isAnyOf", "rightOperand": [NRW, HAMBURG]},
                                {"and": [{"leftOperand": "dateTime", "operator": "lt", "rightOperand": "2027-06-30"}]},
                            ]
                        },
                    ]
                },
            ],
        }
    ],
    "prohibition": [
        {
            "action": "odrl:use",
            "constraint": [{"leftOperand": "purpose", "operator": "eq", "rightOperand": DPV + "CommercialPurpose"}],
        }
    ],
}


def offer(*constraints: Any, **more: Any) -> dict[str, Any]:
    return {
        "@id": "urn:o",
        "@type": "Offer",
        "permission": [{"action": "use", "constraint": list(constraints)}],
        **more,
    }


def constraint(left: Any = "odrl:count", operator: Any = "lteq", right: Any = "3") -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def refused(document: Any, kind: PolicyKind = PolicyKind.OFFER, at: str = "") -> tuple[str, str]:
    with pytest.raises(PolicyError) as error:
        from_dsp(document, kind, at)
    return error.value.where, error.value.reason.code


def test_a_full_agreement_is_read() -> None:
    found = from_dsp(FULL, PolicyKind.AGREEMENT)
    assert (found.id, found.assignee, found.timestamp) == ("urn:uuid:1", "did:web:town.example", 1_800_000_000_000_000)
    choice = Logical(
        Connective.XONE,
        (
            Atomic(SPATIAL, Operator.IS_ANY_OF, (HAMBURG, NRW)),
            Logical(Connective.AND, (Atomic(DATE_TIME, Operator.LT, ("2027-06-30",)),)),
        ),
    )
    assert found.rules == (
        Rule(
            RuleKind.PERMISSION,
            USE,
            (
                Atomic(COUNT, Operator.LTEQ, ("3",)),
                Logical(Connective.OR, (Atomic(PURPOSE, Operator.IS_A, (DPV + "PublicBenefit",)), choice)),
            ),
        ),
        Rule(RuleKind.PROHIBITION, USE, (Atomic(PURPOSE, Operator.EQ, (DPV + "CommercialPurpose",)),)),
    )


# --- one unknown term, wherever it is ---------------------------------------------------------------------------------


def objects(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document with its place."""
    if isinstance(value, dict):
        yield place, value
        for key, item in value.items():
            yield from objects(item, f"{place}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from objects(item, f"{place}/{number}")


PLACES = [place for place, _ in objects(FULL)]
TERMS = ["consequence", "refinement", "remedy", "conflict", "hasPolicy", "inheritFrom", "uid", "status", "unit", "x/y"]


def test_there_are_at_least_twelve_places() -> None:
    assert len(PLACES) >= 12


@pytest.mark.parametrize("term", TERMS)
def test_an_unknown_term_refuses_by_name_at_every_place(term: str) -> None:
    for place in PLACES:
        document = copy.deepcopy(FULL)
        dict(objects(document))[place][term] = "anything"
        with pytest.raises(PolicyError) as error:
            from_dsp(document, PolicyKind.AGREEMENT, "/agreement")
        assert error.value.where == f"/agreement{place}/{term.replace('/', '~1')}"
        assert (error.value.reason.code, error.value.reason.params) == ("term.unknown", {"term": term}), place


@pytest.mark.parametrize("depth", range(12))
def test_an_unknown_operand_refuses_by_name_at_twelve_depths(depth: int) -> None:
    found: dict[str, Any] = constraint("odrl:nothing", "eq", "x")
    for level in range(depth):
        found = {("and", "or", "xone")[level % 3]: [constraint(), found]}
    with pytest.raises(PolicyError) as error:
        from_dsp(offer(found))
    assert error.value.reason.code == "operand.unknown"
    assert error.value.reason.params == {"operand": "nothing"}
    assert error.value.where.count("/1/leftOperand") + error.value.where.count("/0/leftOperand") == 1
    assert error.value.where.count("/") == 5 + 2 * depth


# --- terms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", ["count", "odrl:count", ODRL + "count", {"@id": "odrl:count"}])
@pytest.mark.parametrize("operator", ["lteq", "odrl:lteq", ODRL + "lteq", {"@id": "odrl:lteq"}])
def test_spellings_of_operands_and_operators(left: Any, operator: Any) -> None:
    found = from_dsp(offer(constraint(left, operator)))
    assert found.rules[0].constraints == (Atomic(COUNT, Operator.LTEQ, ("3",)),)


@pytest.mark.parametrize(
    "right",
    ["3", "03", {"@value": "3"}, {"@value": 3}, {"@value": "3", "@type": "xsd:integer"}, ["3"], {"@id": "3"}],
)
def test_spellings_of_a_value(right: Any) -> None:
    found = from_dsp(offer(constraint(right=right)))
    assert found.rules[0].constraints == (Atomic(COUNT, Operator.LTEQ, ("3",)),)


@pytest.mark.parametrize(
    ("found", "code", "place"),
    [
        (constraint("http://evil.example/ns#count"), "operand.unknown", "leftOperand"),
        (constraint("Count"), "operand.unknown", "leftOperand"),
        (constraint(7), "operand.unknown", "leftOperand"),
        (constraint(operator="term-lteq"), "operator.unknown", "operator"),
        (constraint(operator=None), "operator.unknown", "operator"),
        (constraint(operator="isA"), "operator.unfit", "operator"),
        (constraint(operator="isAnyOf", right=["3"]), "operator.unfit", "operator"),
        (constraint("purpose", "lteq", DPV + "Purpose"), "operator.unfit", "operator"),
        (constraint("spatial", "gt", NRW), "operator.unfit", "operator"),
        (constraint(right=3), "value.form", "rightOperand"),
        (constraint(right=True), "value.form", "rightOperand"),
        (constraint(right=None), "value.form", "rightOperand"),
        (constraint(right={"@value": 3.5}), "value.form", "rightOperand"),
        (constraint(right={"@value": True}), "value.form", "rightOperand"),
        (constraint(right={"@value": "3", "@type": "xsd:string"}), "value.datatype", "rightOperand/@type"),
        (constraint(right={"@value": "3", "@language": "de"}), "term.unknown", "rightOperand/@language"),
        (constraint(right="-1"), "value.unreadable", "rightOperand"),
        (constraint(right="1e3"), "value.unreadable", "rightOperand"),
        (constraint(right="9" * 5000), "value.unreadable", "rightOperand"),
        (constraint(right=["3", "4"]), "value.several", "rightOperand"),
        (constraint(right=[]), "value.several", "rightOperand"),
        (constraint("purpose", "isAnyOf", []), "value.missing", "rightOperand"),
        (constraint("purpose", "isAnyOf", [DPV + "Purpose", "Forschung"]), "value.unreadable", "rightOperand/1"),
        (constraint("dateTime", "lt", "2027-06-30T12:00:00"), "value.unreadable", "rightOperand"),
        (constraint("spatial", "eq", "http://example.org/EU"), "value.unreadable", "rightOperand"),
        ({"and": []}, "constraint.empty", "and"),
        ({"andSequence": [constraint()]}, "term.unknown", "andSequence"),
        ({"and": [constraint()], "or": [constraint()]}, "term.unknown", "or"),
        ({"and": [constraint()], **constraint()}, "term.unknown", "leftOperand"),
        ({"leftOperand": "count", "operator": "lteq"}, "term.missing", "rightOperand"),
        ({}, "term.missing", "leftOperand"),
        ({"@type": "Duty", **constraint()}, "constraint.type", "@type"),
        ("count lteq 3", "form.object", ""),
    ],
)
def test_what_is_not_understood_in_a_constraint_refuses(found: Any, code: str, place: str) -> None:
    assert refused(offer(found)) == (f"/permission/0/constraint/0{'/' + place if place else ''}", code)


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"@type": "Agreement"}, "/@type", "policy.type"),
        ({"@type": "Set"}, "/@type", "policy.type"),
        ({"@type": None}, "/@type", "policy.type"),
        ({"@id": ""}, "/@id", "form.identifier"),
        ({"@id": "a b"}, "/@id", "form.identifier"),
        ({"target": 7}, "/target", "form.identifier"),
        ({"assignee": {"@id": "x", "@type": "PartyCollection"}}, "/assignee", "form.identifier"),
        ({"timestamp": "2027-01-01T00:00:00Z"}, "/timestamp", "term.unknown"),
        ({"profile": "https://test.com/profile"}, "/profile", "profile.unknown"),
        ({"profile": [ODRL + "core", 7]}, "/profile", "profile.unknown"),
        ({"@context": "https://evil.example/context"}, "/@context", "context.unknown"),
        ({"@context": [{"use": "x"}]}, "/@context", "context.unknown"),
        ({"permission": []}, "", "rules.missing"),
        ({"permission": "use"}, "/permission/0", "form.object"),
        ({"permission": [{}]}, "/permission/0/action", "term.missing"),
        ({"permission": [{"action": "frobnicate"}]}, "/permission/0/action", "action.unknown"),
        ({"permission": [{"action": {"@id": "use", "refinement": []}}]}, "/permission/0/action", "action.unknown"),
        ({"permission": [{"action": "use", "target": "x"}]}, "/permission/0/target", "term.unknown"),
        ({"permission": [{"action": "use", "@type": "Duty"}]}, "/permission/0/@type", "rule.type"),
        ({"prohibition": [{"action": "use", "remedy": {}}]}, "/prohibition/0/remedy", "term.unknown"),
        ({"permission": [{"action": "use"}] * (CONSTRAINTS + 1)}, "/permission", "rules.many"),
    ],
)
def test_what_is_not_understood_in_a_policy_refuses(change: dict[str, Any], place: str, code: str) -> None:
    assert refused({**offer(), **change}) == (place, code)
    assert refused({**offer(), **change}, at="/offer") == ("/offer" + place, code)


@pytest.mark.parametrize("document", [None, [], "x", 7, {1: 2}])
def test_what_is_no_object_refuses(document: Any) -> None:
    assert refused(document) == ("", "form.object")


@pytest.mark.parametrize("part", ["@id", "target", "assigner", "assignee"])
def test_an_agreement_names_its_parties_and_target(part: str) -> None:
    document = {key: value for key, value in FULL.items() if key != part}
    assert refused(document, PolicyKind.AGREEMENT) == (f"/{part}", "term.missing")


def test_a_timestamp_has_an_offset() -> None:
    assert refused({**FULL, "timestamp": "2027-01-15T08:00:00"}, PolicyKind.AGREEMENT) == (
        "/timestamp",
        "value.unreadable",
    )
    without = {key: value for key, value in FULL.items() if key != "timestamp"}
    assert from_dsp(without, PolicyKind.AGREEMENT).timestamp is None


def test_single_values_and_empty_arrays_of_constraints_are_read() -> None:
    document = {**offer(), "permission": {"action": "use", "constraint": constraint()}}
    assert len(from_dsp(document).rules[0].constraints) == 1
    assert from_dsp(offer()).rules[0].constraints == ()
    assert from_dsp({**offer(), "@context": "https://w3id.org/dspace/2025/1/context.jsonld"}) == from_dsp(offer())


# --- limits -----------------------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    found = constraint()
    for _ in range(depth):
        found = {"and": [found]}
    return found


def test_depth_is_bounded() -> None:
    from_dsp(offer(nested(DEPTH)))
    assert refused(offer(nested(DEPTH + 1)))[1] == "constraint.depth"
    assert refused(offer(nested(300)))[1] == "constraint.depth"


def test_the_number_of_constraints_and_values_is_bounded() -> None:
    from_dsp(offer(*[constraint()] * CONSTRAINTS))
    assert refused(offer(*[constraint()] * (CONSTRAINTS + 1)))[1] == "constraint.many"
    purposes = [f"urn:p:{number}" for number in range(2 * CONSTRAINTS)]
    assert refused(offer(constraint("purpose", "isAnyOf", purposes)))[1] == "constraint.many"


def test_a_reason_repeats_no_more_than_a_little_of_what_was_sent() -> None:
    with pytest.raises(PolicyError) as error:
        from_dsp(offer(constraint("x" * 100_000)))
    assert max(map(len, error.value.reason.params.values())) <= 200
    with pytest.raises(PolicyError) as error:
        from_dsp({**offer(), "y" * 100_000: 1})
    assert len(error.value.where) <= 201


# --- official examples ------------------------------------------------------------------------------------------------

EXAMPLES = {
    "contract-offer-message.json": None,
    "contract-offer-message_initial.json": None,
    "contract-request-message.json": None,
    "contract-request-message_initial.json": None,
    "contract-agreement-message.json": None,
    "contract-agreement-message-full.json": ("/profile", "profile.unknown"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_official_examples_are_read_or_refused_by_name(name: str) -> None:
    path = STANDARDS / "dsp" / "negotiation" / "example" / name
    if not path.exists():
        pytest.skip(f"no standards at {STANDARDS}")
    message = json.loads(path.read_bytes())
    kind = PolicyKind.AGREEMENT if "agreement" in message else PolicyKind.OFFER
    document = message[kind.value.lower()]
    if (expected := EXAMPLES[name]) is None:
        assert from_dsp(document, kind).id == document["@id"]
        return
    assert refused(document, kind) == expected
    del document["profile"]
    assert refused(document, kind) == ("/permission/1/constraint/0/and/0/leftOperand", "operand.unknown")


@pytest.mark.parametrize("name", ["catalog.json", "dataset.json"])
def test_official_places_that_are_no_keys_are_refused_by_name(name: str) -> None:
    path = STANDARDS / "dsp" / "catalog" / "example" / name
    if not path.exists():
        pytest.skip(f"no standards at {STANDARDS}")
    found = json.loads(path.read_bytes())
    document = (found["dataset"][0] if "dataset" in found else found)["hasPolicy"][0]
    assert refused(document) == ("/permission/0/constraint/0/rightOperand", "value.unreadable")


def test_place_of_a_municipality_is_read() -> None:
    assert from_dsp(offer(constraint("spatial", "eq", MUENSTER))).rules[0].constraints[0] == Atomic(
        SPATIAL, Operator.EQ, (MUENSTER,)
    )
