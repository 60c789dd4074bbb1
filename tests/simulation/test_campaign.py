"""Two whole nodes under seeded plans of wishes, crashes, cuts and weather: nothing stuck, nothing divergent.

A seed that fails is shown with the acts that it takes; `scripts/test --long simulation` plays `SIMULATION_SEEDS` seeds
(`FIRST-LAST`, default 0-3000).
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.simulation.invariants import judge
from tests.simulation.play import Plan, plan, run
from tests.simulation.prepared import Prepared

QUICK = 30


def _fails(prepared: Prepared, tried: Plan) -> AssertionError | None:
    try:
        run(prepared, tried, judge)
    except AssertionError as error:
        return error
    return None


def _shrunk(prepared: Prepared, failing: Plan) -> Plan:
    """The plan without acts that it fails without, by halves, quarters and so on."""
    acts, size = list(failing.acts), len(failing.acts) // 2
    while size:
        start = 0
        while start < len(acts):
            fewer = Plan(failing.seed, failing.skews, (*acts[:start], *acts[start + size :]))
            if _fails(prepared, fewer) is None:
                start += size
            else:
                acts = list(fewer.acts)
        size //= 2
    return Plan(failing.seed, failing.skews, tuple(acts))


def _played(prepared: Prepared, seed: int) -> Counter[str]:
    """Where hosts crashed in the run of a seed. Fails with the smallest plan that was found to fail."""
    drawn = plan(seed)
    try:
        play = run(prepared, drawn, judge)
    except AssertionError as error:
        small = _shrunk(prepared, drawn)
        acts = "\n".join(f"  {act}" for act in small.acts)
        told = _fails(prepared, small) or error
        pytest.fail(f"seed {seed}: {told}\nfails with {len(small.acts)} acts, skews {small.skews}:\n{acts}")
    return Counter(point for host in play.hosts for point in host.crashed)


def test_some_seeds(prepared: Prepared) -> None:
    crashed: Counter[str] = Counter()
    for seed in range(QUICK):
        crashed += _played(prepared, seed)
    assert len(crashed) > 10, crashed


@pytest.mark.long("simulation")
def test_many_seeds(prepared: Prepared) -> None:
    first, _, last = os.environ.get("SIMULATION_SEEDS", "0-3000").partition("-")
    crashed: Counter[str] = Counter()
    for seed in range(int(first), int(last)):
        crashed += _played(prepared, seed)
    for kind in ("ContractRequest", "ContractAgreement", "TransferRequest", "TransferStart", "TransferSuspension"):
        for stage in ("before_commit", "after_commit", "after_ack"):
            assert crashed[f"receive.{kind}Message.{stage}"], f"never crashed at receive.{kind}Message.{stage}"
        for stage in ("before_send", "after_send", "after_ack"):
            assert crashed[f"send.{kind}Message.{stage}"], f"never crashed at send.{kind}Message.{stage}"
