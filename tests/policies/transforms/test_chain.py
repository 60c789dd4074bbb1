"""policies/transforms/chain.py: which steps a policy demands, and what refuses the whole of them."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest

from policies.model import ODRL, Atomic, Connective, Logical, Operator, PolicyError, Rule, RuleKind
from policies.transforms import chain, provenance
from policies.transforms.steps import (
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Pseudonymise,
    Sign,
    Suppress,
    Threshold,
)
from tests.policies.transforms.duties import ANY, EQ, OWN, at_least, duty, hourly, policy, summed, suppress


def code(*duties: Rule) -> str:
    with pytest.raises(PolicyError) as caught:
        chain(policy(*duties))
    return caught.value.reason.code


def test_a_policy_without_such_duties_has_no_chain() -> None:
    assert chain(policy()) is None
    assert chain(policy(duty(ODRL + "inform"), duty("log"))) is None


def test_the_order_is_fixed_whatever_the_order_of_the_duties() -> None:
    duties = [
        duty("sign"),
        at_least(5),
        summed("district", "time"),
        hourly(),
        duty("pseudonymise", field="id"),
        suppress("name"),
        duty("delay", ("odrl:delayPeriod".replace("odrl:", ODRL), EQ, "P1D"), timeField="time"),
        duty("filterRows", ("fieldValue", EQ, "public"), field="class"),
    ]
    wanted = [Keep, Delay, Suppress, Pseudonymise, CoarsenTime, Aggregate, Threshold, Sign]
    made, back = chain(policy(*duties)), chain(policy(*reversed(duties)))
    assert made is not None
    assert [type(step) for step in made.steps] == wanted
    assert made == back


def test_obligations_count_as_duties_do_and_all_permissions_together() -> None:
    other = Rule(RuleKind.PERMISSION, ODRL + "use", duties=(suppress("phone"),))
    obligation = msgspec.structs.replace(duty("sign"), kind=RuleKind.OBLIGATION)
    made = chain(policy(suppress("name"), rules=(other, obligation)))
    assert made is not None
    assert made.steps == (Suppress(("name", "phone")), Sign())


def test_parameters_may_be_refinements_of_the_action() -> None:
    refined = Rule(RuleKind.DUTY, OWN + "suppress", refinements=(Atomic(OWN + "field", EQ, ("name",)),))
    assert chain(policy(refined)) == chain(policy(suppress("name")))


def test_the_stricter_one_of_two_counts() -> None:
    made = chain(policy(at_least(5, "a"), at_least(9, "a"), suppress("b"), suppress("b", "c")))
    assert made is not None
    assert made.steps == (Suppress(("b", "c")), Threshold(9, ("a",)))


def test_the_finer_window_comes_first_and_the_coarser_place_last() -> None:
    places = [duty("coarsen", spatialResolution=level, placeField="key") for level in ("state", "district")]
    made = chain(policy(hourly(resolution="P1D"), hourly(), *places))
    assert made is not None
    assert [one.resolution for one in made.steps if isinstance(one, CoarsenTime)] == ["PT1H", "P1D"]
    assert [one.resolution for one in made.steps if isinstance(one, CoarsenPlace)] == ["district", "state"]


def test_what_is_suppressed_need_not_be_masked_too() -> None:
    made = chain(policy(suppress("id"), duty("pseudonymise", ("field", ANY, ["id", "meter"]))))
    assert made is not None
    assert made.steps == (Suppress(("id",)), Pseudonymise(("meter",)))


@pytest.mark.parametrize(
    ("duties", "wanted"),
    [
        ([duty("suppress")], "transform.parameter"),
        ([duty("suppress", field="name", colour="red")], "transform.unfit"),
        ([duty("suppress", (ODRL + "dateTime", Operator.LT, "0"), field="name")], "transform.unfit"),
        ([duty("suppress", ("field", Operator.IS_NONE_OF, ["name"]))], "transform.unfit"),
        ([duty("suppress", field=" ")], "transform.unfit"),
        ([duty("suppress", field="name", dutyTiming=OWN + "after")], "transform.unfit"),
        ([duty("replace", field="name")], "transform.parameter"),
        ([hourly(resolution="PT7M")], "transform.unfit"),
        ([hourly(resolution="P2D")], "transform.unfit"),
        ([duty("coarsen", timeField="t")], "transform.parameter"),
        ([duty("coarsen", spatialResolution="h3:8", placeField="p")], "transform.unfit"),
        ([duty("coarsen", spatialResolution="0", placeField="p")], "transform.unfit"),
        ([duty("coarsen", temporalResolution="PT1H", timeField="t", timeZone="Bonn/Rhein")], "transform.unfit"),
        ([duty("aggregate", ("statistic", EQ, "median"), groupBy="g", field="x")], "transform.statistic"),
        ([duty("aggregate", ("statistic", EQ, "sum"), groupBy="g")], "transform.parameter"),
        ([duty(ODRL + "anonymize")], "transform.parameter"),
        ([at_least(5)], "transform.parameter"),
        ([at_least(0, "g")], "transform.unfit"),
        ([at_least(5, "g"), at_least(5, "h")], "transform.twice"),
        ([summed("g"), at_least(5, "h")], "transform.contradiction"),
        ([summed("g"), summed("h")], "transform.twice"),
        ([summed("g", statistics=("count", "max")), at_least(5)], "transform.statistic"),
        ([duty("delay")], "transform.parameter"),
        ([duty("delay", (ODRL + "delayPeriod", EQ, "-P1D"))], "transform.unfit"),
        ([duty("perturb", epsilon="0.5")], "transform.parameter"),
        ([duty("perturb", epsilon="0", epsilonBudget="1")], "transform.unfit"),
        ([duty("perturb", epsilon="1", epsilonBudget="1")], "transform.parameter"),
        ([duty("perturb", epsilon="1", epsilonBudget="1"), summed("g")], "transform.parameter"),
        (
            [duty("perturb", epsilon="1", epsilonBudget="1", lowerBound="0", upperBound="9"), summed("g"),
             at_least(5, unitField="id")],
            "transform.unit",
        ),
        ([duty("pseudonymise", field="a"), duty("pseudonymise", field="a", pseudonymPeriod="P1M")],
         "transform.contradiction"),
        ([duty("replace", field="a", replaceWith="x"), duty("replace", field="a", replaceWith="y")],
         "transform.contradiction"),
        ([duty("filterRows", ("fieldValue", Operator.LT, "many"), field="n")], "transform.unfit"),
        ([duty("sign", field="a")], "transform.unfit"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_as_it_is_asked_refuses_the_chain(duties: list[Rule], wanted: str) -> None:
    assert code(*duties) == wanted


def test_a_parameter_is_never_a_choice() -> None:
    either = Logical(Connective.OR, (Atomic(OWN + "field", EQ, ("a",)), Atomic(OWN + "field", EQ, ("b",))))
    assert code(Rule(RuleKind.DUTY, OWN + "suppress", (either,))) == "transform.parameters"
    twice = (Atomic(OWN + "field", EQ, ("a",)), Atomic(OWN + "field", EQ, ("b",)))
    assert code(Rule(RuleKind.DUTY, OWN + "suppress", twice)) == "transform.parameters"


def test_when_the_data_are_gone_nothing_can_be_done_to_them() -> None:
    late = msgspec.structs.replace(duty(ODRL + "inform"), consequences=(suppress("name"),))
    assert code(late) == "transform.place"
    deep = msgspec.structs.replace(duty(ODRL + "inform"), consequences=(late,))
    assert code(deep) == "transform.place"
    prohibition = Rule(RuleKind.PROHIBITION, ODRL + "distribute", remedies=(suppress("name"),))
    with pytest.raises(PolicyError):
        chain(policy(rules=(prohibition,)))


def test_the_digest_is_of_the_steps_and_their_parameters() -> None:
    made = chain(policy(suppress("name"), duty("sign")))
    assert made is not None
    steps: list[dict[str, object]] = [{"fields": ["name"], "type": "suppress"}, {"type": "sign"}]
    plain = [{("step" if key == "type" else key): value for key, value in one.items()} for one in steps]
    text = json.dumps(plain, separators=(",", ":"), sort_keys=True)
    assert made.digest == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(msgspec.json.encode(provenance(made))) == {"digest": f"sha-256={made.digest}", "steps": plain}
    other = chain(policy(suppress("names"), duty("sign")))
    assert other is not None
    assert other.digest != made.digest
