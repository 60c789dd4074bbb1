"""What was done is read back from the text that tells it, or not at all."""

from __future__ import annotations

import pytest

from policies.model import Operator
from policies.transforms.chain import of_steps
from policies.transforms.said import chain_of
from policies.transforms.steps import (
    Aggregate,
    CoarsenPlace,
    CoarsenTime,
    Delay,
    Keep,
    Noise,
    Pseudonymise,
    Replace,
    Sign,
    Step,
    Suppress,
    Threshold,
)

STEPS: list[list[Step]] = [
    [Keep("a", Operator.EQ, ("x y",))],
    [Keep("a b", Operator.IS_ANY_OF, ("x", "y"))],
    [Delay("P1D", "at", "Europe/Berlin"), Suppress(("a", 'ü"b'))],
    [Delay("P1D")],
    [Replace(("a",), 'x\\y "z" \t%')],
    [Replace(("a",), 'plain "quoted" \\')],
    [Pseudonymise(("a",)), Pseudonymise(("b", "c"), "P1D")],
    [CoarsenTime(("at",), "PT1H", "Europe/Berlin"), Aggregate(("at", "thing"), ("a", "b"), ("count", "mean"))],
    [Aggregate(("at",), (), ("count",)), Threshold(5), Sign()],
    [Threshold(5, ("a",), "u"), Noise("1", "2", "0", "5")],
    [CoarsenPlace(("lat", "lon"), "500")],
]


@pytest.mark.parametrize("steps", STEPS)
def test_read_back(steps: list[Step]) -> None:
    made = of_steps(steps)
    assert chain_of(made.text) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        of_steps([Suppress((f"field {n}" * 10,)) for n in range(100)]).text,
        of_steps([Suppress(("a",))]).text.replace('"a"', '"b"'),
        of_steps([Suppress(("a",))]).text + ", ",
        of_steps([Suppress(("a",))]).text.replace("suppress", "sweep"),
        of_steps([Keep("a", Operator.IS_ANY_OF, ("x y", "z"))]).text,
    ],
)
def test_nothing_is_guessed(text: str) -> None:
    assert chain_of(text) is None
