"""policies/transforms/steps.py: every step has its place in the order, every action of it is one of egress."""

from __future__ import annotations

from typing import get_args

from policies.transforms.chain import _MADE
from policies.transforms.steps import EGRESS, ORDER, Step


def test_every_step_has_one_place_in_the_order() -> None:
    assert set(ORDER) == set(get_args(Step))
    assert len(ORDER) == len(set(ORDER))


def test_every_action_makes_steps() -> None:
    assert set(_MADE) == set(EGRESS)
