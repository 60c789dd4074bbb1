"""Duties as a clerk writes them and as a peer sends them make the same chain: nothing is lost between the two."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from policies import forms
from policies.forms import Form
from policies.model import ODRL, Atomic, Operator, Policy, PolicyError, Rule, RuleKind
from policies.operands import OPERANDS
from policies.transforms import EGRESS, chain
from policies.transforms.chain import STATISTICS
from policies.transforms.steps import CoarsenPlace
from policies.vocabulary import own
from tests.policies.transforms.duties import policy

MUNICIPAL = "urn:allmende:profile:municipal:1"
DUTIES: dict[str, list[tuple[str, str, Any]]] = {
    "urn:allmende:filterRows": [("field", "eq", "class"), ("fieldValue", "isAnyOf", ["open", "public"])],
    "urn:allmende:filterRows#": [("field", "eq", "kwh"), ("fieldNumber", "lteq", "100")],
    "urn:allmende:suppress": [("field", "isAnyOf", ["name", "/person/Straße"])],
    "urn:allmende:replace": [("field", "eq", "note"), ("replaceWith", "eq", "-")],
    "urn:allmende:pseudonymise": [("field", "eq", "meter"), ("pseudonymPeriod", "eq", "P1M")],
    "urn:allmende:coarsen": [
        ("timeField", "eq", "time"),
        ("temporalResolution", "gteq", "PT15M"),
        ("placeField", "isAnyOf", ["lat", "lon"]),
        ("spatialResolution", "gteq", "250"),
        ("timeZone", "eq", "Europe/Berlin"),
    ],
    "urn:allmende:aggregate": [
        ("groupBy", "isAnyOf", ["district", "time"]),
        ("field", "eq", "kwh"),
        ("statistic", "isAnyOf", ["count", "sum"]),
    ],
    ODRL + "anonymize": [("minGroupSize", "gteq", "10")],
    "urn:allmende:perturb": [
        ("epsilon", "lteq", "0.5"),
        ("epsilonBudget", "lteq", "2"),
        ("lowerBound", "eq", "-1"),
        ("upperBound", "eq", "50"),
    ],
    "urn:allmende:delay": [(ODRL + "delayPeriod", "gteq", "P1D"), ("timeField", "eq", "time")],
    "urn:allmende:sign": [],
}


def document(actions: dict[str, list[tuple[str, str, Any]]]) -> dict[str, Any]:
    duties = []
    for action, parameters in actions.items():
        constraints = []
        for name, operator, value in parameters:
            left = name if ":" in name else "urn:allmende:" + name
            _, datatype = OPERANDS[left].write(OPERANDS[left].read(value if isinstance(value, str) else value[0]))
            right = value if datatype is None else {"@value": value, "@type": datatype}
            constraints.append({"leftOperand": left, "operator": operator, "rightOperand": right})
        duties.append({"action": action.removesuffix("#"), **({"constraint": constraints} if constraints else {})})
    return {
        "@id": "urn:uuid:00000000-0000-7000-8000-0000000000a1",
        "@type": "Offer",
        "profile": MUNICIPAL,
        "assigner": "did:web:city.example",
        "permission": [{"action": "use", "duty": duties}],
    }


def parsed(actions: dict[str, list[tuple[str, str, Any]]]) -> Policy:
    (found,) = forms.read(msgspec.json.encode(document(actions)), Form.DSP)
    return found


def test_every_egress_duty_with_every_parameter_can_come_over_the_wire() -> None:
    assert {action.removesuffix("#") for action in DUTIES} == EGRESS
    made = chain(parsed(DUTIES))
    assert made is not None
    assert [type(step).__name__ for step in made.steps] == [
        *("Keep", "Keep", "Delay", "Suppress", "Replace", "Pseudonymise", "CoarsenTime", "CoarsenPlace"),
        *("Aggregate", "Threshold", "Noise", "Sign"),
    ]  # fmt: skip


@pytest.mark.parametrize("form", [Form.TOML, Form.JSONLD, Form.DSP])
def test_the_chain_is_the_same_in_every_form(form: Form) -> None:
    written = parsed(DUTIES)
    (again,) = forms.read(forms.write(written, form), form)
    first, second = chain(written), chain(again)
    assert first is not None
    assert second is not None
    assert second.digest == first.digest


@pytest.mark.parametrize("action", sorted(DUTIES))
def test_each_duty_alone_is_understood_or_refused_by_its_reason(action: str) -> None:
    alone = {action: DUTIES[action]}
    if action == "urn:allmende:perturb":
        alone = {"urn:allmende:aggregate": DUTIES["urn:allmende:aggregate"], **alone}
    if action == ODRL + "anonymize":
        alone = {action: [*DUTIES[action], ("groupField", "eq", "district"), ("unitField", "eq", "vehicle")]}
    assert chain(parsed(alone)) is not None


def test_a_distance_may_be_told_in_kilometres() -> None:
    place = Atomic("urn:allmende:placeField", Operator.EQ, ("point",))
    far = Atomic("urn:allmende:spatialResolution", Operator.GTEQ, ("2",), unit="http://qudt.org/vocab/unit/KiloM")
    made = chain(policy(Rule(RuleKind.DUTY, "urn:allmende:coarsen", (place, far))))
    assert made is not None
    assert made.steps == (CoarsenPlace(("point",), "2000"),)
    odd = msgspec.structs.replace(far, unit="http://qudt.org/vocab/unit/MI")
    with pytest.raises(PolicyError):
        chain(policy(Rule(RuleKind.DUTY, "urn:allmende:coarsen", (place, odd))))


def test_statistics_that_are_known_are_those_that_can_be_made_but_for_the_median() -> None:
    assert {name.rpartition(":")[2] for name in own("statistic")} - {"median"} == set(STATISTICS)
